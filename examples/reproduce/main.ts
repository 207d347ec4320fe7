/** `npm run reproduce`: trains the models of rows.ts on MNIST and compares the results with an independent implementation. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator, init } from '@varigrad/core';
import { Adam, decodeSafetensors, encodeSafetensors } from '@varigrad/nn';
import { evaluate, fit, type GenerativeModel } from '@varigrad/vae';
import { createReporter } from '@varigrad/vae/cli';
import { mnist, writeFileAtomic } from '@varigrad/vae/node';
import { pictureChecks } from './checks.js';
import { measure, type Outcome } from './outcome.js';
import { ROWS, type Row } from './rows.js';
import { checkTable, outcomeTable } from './table.js';

const HELP = `npm run reproduce -- [options]

Trains every model of the table for 10 epochs on all 60,000 images and compares it with its reference: about half an hour on
two cores. Finished models are kept, so an interrupted run continues where it stopped.

  --only TEXT     the row with this id, or all rows whose ids contain it (may be given several times)
  --out FOLDER    folder of results and weights (default runs/reproduce)
  --seed N        seed of weights, shuffling and noise (default 1)
  --threads N     threads of the wasm backend (default: all cores)
  --list          print the ids and exit
  --help          print this text`;

const EPOCHS = 10;

type Mnist = Awaited<ReturnType<typeof mnist>>;

/** Data and settings that all rows share. */
interface Run {
  data: Mnist;
  /** Folder of results and weights. */
  folder: string;
  seed: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      out: { type: 'string', default: join('runs', 'reproduce') },
      seed: { type: 'string', default: '1' },
      threads: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  if (values.list) return console.log(ROWS.map(({ id }) => id).join('\n'));
  const rows = ROWS.filter(({ id }) => values.only?.some((text) => isMeant(text, id)) ?? true);
  if (rows.length === 0)
    throw new Error(`--only ${values.only?.join(' or ')}: no row has such an id — see --list`);
  const { description } = await init({
    threads: values.threads === undefined ? undefined : Number(values.threads),
  });
  console.log(`${rows.length} models, ${EPOCHS} epochs each, on ${description}; results in ${values.out}\n`);
  const run: Run = { data: await mnist(), folder: values.out, seed: Number(values.seed) };
  const outcomes: [Row, Outcome][] = [];
  for (const row of rows) outcomes.push([row, await outcomeOf(row, run)]);
  const tables = [outcomeTable(outcomes)];
  if (rows.length === ROWS.length) {
    const modelOf = async (id: string) => (await trained(rowOf(id), run)).model;
    tables.push(checkTable(await pictureChecks(modelOf, run.data)));
  }
  await writeFileAtomic(join(values.out, 'table.md'), tables.join('\n'));
  console.log(`\n${tables.join('\n')}`);
}

/** The rows that match `--only`; a complete id selects that row only. */
function isMeant(text: string, id: string): boolean {
  return ROWS.some((row) => row.id === text) ? id === text : id.includes(text);
}

function rowOf(id: string): Row {
  return ROWS.find((row) => row.id === id) as Row;
}

/** The model of a row, and its training time. A model that was trained before is read from its file. */
async function trained(
  row: Row,
  { data, folder, seed }: Run,
): Promise<{ model: GenerativeModel; seconds: number }> {
  const file = join(folder, `${row.trainedAs ?? row.id}-seed${seed}.safetensors`);
  const model = row.build(new Generator(seed), data.train);
  if (existsSync(file)) {
    const { tensors, metadata } = decodeSafetensors(await readFile(file), file);
    model.loadStateDict(tensors);
    return { model, seconds: Number(metadata.seconds) };
  }
  const started = performance.now();
  await trainRow(row, model, data, seed);
  const seconds = (performance.now() - started) / 1000;
  await writeFileAtomic(file, encodeSafetensors(model.stateDict(), { seconds: String(seconds) }));
  return { model, seconds };
}

async function outcomeOf(row: Row, run: Run): Promise<Outcome> {
  const { model, seconds } = await trained(row, run);
  const { test } = run.data;
  const losses = await evaluate(model, test, {
    binarization: row.targets,
    corruption: row.corruption,
  });
  return { seconds, ...losses, ...(await measure(row, model, test)) };
}

async function trainRow(row: Row, model: GenerativeModel, data: Mnist, seed: number): Promise<void> {
  console.log(`${row.id}: ${row.title}, ${row.targets}`);
  const reporter = createReporter(process.stdout);
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }),
    epochs: EPOCHS,
    binarization: row.targets,
    seed,
    batchSize: row.batchSize,
    beta: row.beta,
    onProgress: reporter.step,
    onEpoch: (result) => reporter.epoch(result, EPOCHS),
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
