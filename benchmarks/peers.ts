/**
 * `npm run bench:peers`: the same training step and the same matrix products in varigrad and in other libraries. Each runs in
 * its own process, and they alternate. Only this command installs the other libraries, into benchmarks/peers/.
 *
 *   npm run bench:peers -- --rounds 5 --seconds 2 --batch 1024
 *   npm run bench:peers -- --network convolutional --only 'native|PyTorch'
 *   npm run bench:peers -- --only '1 thread' --clock processor    processor time, which other load on the machine disturbs least
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createWasm, Generator, rand, randn, setBackend, type Tensor } from '@varigrad/core';
import { encodeSafetensors, type StateDict } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import { formatTiming, machine, summarize, table } from './measure.js';
import { type Contender, contenders } from './peers/contenders.js';
import { type Answer, BATCHES, LAYERS, MATMULS, type Network } from './peers/work.js';
import { convolutionalVae } from './training-step.js';

/** Maximum difference of a peer's losses from varigrad's, relative. Float32 sums over 128·784 terms are accurate to about 1e-6. */
const TOLERANCE = 1e-4;
/** The test images are cut into `BATCHES` batches. */
const MOST_IN_BATCH = 10_000 / BATCHES;
const PROCESS_LIMIT_MS = 300_000;

/** The results of a contender over all rounds. */
interface Result {
  contender: Contender;
  answers: Answer[];
  reason?: string;
}

/** Weights, batches of MNIST digits, noise and matrices: the same for every peer. */
async function makeWork(batch: number, network: Network): Promise<StateDict> {
  setBackend(createWasm({ threads: 1 }));
  const generator = new Generator(1);
  const { test } = await mnist();
  const pixels = batch * 784;
  const model = network === 'dense' ? new VAE({ generator }) : convolutionalVae();
  const work: StateDict = await model.stateDict();
  const add = async (name: string, t: Tensor): Promise<void> => {
    work[name] = { shape: [...t.shape], data: await t.data() };
  };
  for (let i = 0; i < BATCHES; i++) {
    work[`batch.${i}`] = { shape: [batch, 784], data: test.images.subarray(i * pixels, (i + 1) * pixels) };
    await add(`noise.${i}`, randn([batch, 20], { generator }));
  }
  const shapes = { x: [128, 784], w: [784, 400], g: [128, 400], s: [512, 512], t: [512, 512] };
  for (const [name, shape] of Object.entries(shapes)) await add(name, rand(shape, { generator }));
  return work;
}

/** Runs one peer once. @throws Error with the last line it printed */
function ask({ command, args, env }: NonNullable<Contender['start']>, clock: string): Promise<Answer> {
  return new Promise((resolve, fail) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env, CLOCK: clock },
      timeout: PROCESS_LIMIT_MS,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', fail);
    child.on('close', (code, signal) => {
      const line = stdout.trimEnd().split('\n').at(-1);
      if (code === 0 && line) return resolve(JSON.parse(line) as Answer);
      const complaint = stderr.split('\n').find((l) => /error/i.test(l)) ?? stderr.trim().split('\n').at(-1);
      fail(new Error(`${complaint || 'it printed nothing'} (${signal ?? `exit code ${code}`})`));
    });
  });
}

/** Measures all contenders alternately in rounds. One that fails is left out of later rounds. */
async function measure(all: readonly Contender[], rounds: number, clock: string): Promise<Result[]> {
  const results: Result[] = all.map((contender) => ({
    contender,
    answers: [],
    ...(contender.reason !== undefined && { reason: contender.reason }),
  }));
  for (let round = 1; round <= rounds; round++) {
    for (const result of results) {
      const { name, start } = result.contender;
      if (start === undefined || result.reason !== undefined) continue;
      process.stderr.write(`round ${round} of ${rounds}: ${name}\n`);
      try {
        result.answers.push(await ask(start, clock));
      } catch (error) {
        result.reason = (error as Error).message;
      }
    }
  }
  return results;
}

/** The largest relative difference of any round's losses from varigrad's. */
function disagreement({ answers }: Result, expected: readonly number[]): number {
  const differences = answers.flatMap(({ losses }) =>
    expected.map((loss, i) => Math.abs((losses[i] ?? Number.NaN) - loss) / Math.abs(loss)),
  );
  return differences.some(Number.isNaN) ? Number.NaN : Math.max(...differences);
}

/** `×3.1`: how many times as long as varigrad takes. */
const ratio = (median: number, base: number | undefined): string =>
  base === undefined ? '' : `×${(median / base).toFixed(2)}`;

function stepTable(measured: readonly Result[], expected: readonly number[]): string {
  const timing = (r: Result) => summarize(r.answers.flatMap(({ steps }) => steps));
  const base = (name: string): number | undefined => {
    const found = measured.find(({ contender }) => contender.name === name);
    return found && timing(found).median;
  };
  const [all, one] = [base('varigrad'), base('varigrad, 1 thread')];
  const rows = measured.map((r) => {
    const { library = '', threads = 0 } = r.answers[0] ?? {};
    const apart = disagreement(r, expected);
    const losses =
      apart <= TOLERANCE ? `agree (${apart.toExponential(0)})` : `DIFFER: ${apart.toExponential(1)}`;
    const t = timing(r);
    const ratios = [ratio(t.median, all), ratio(t.median, one)];
    return [r.contender.name, library, String(threads), formatTiming(t), ...ratios, losses];
  });
  return table([
    ['', 'library', 'threads', 'step', 'of varigrad', 'of 1 thread', 'first three losses'],
    ...rows,
  ]);
}

function matmulTable(measured: readonly Result[]): string {
  const timing = (r: Result, i: number) => summarize(r.answers.flatMap(({ matmuls }) => matmuls[i] ?? []));
  const [base] = measured;
  const rows = measured.map((r) => [
    r.contender.name,
    String(r.answers[0]?.threads ?? ''),
    ...MATMULS.map(({ flops }, i) => {
      const t = timing(r, i);
      const speed = `${(flops / t.median / 1e6).toFixed(1)} GFLOP/s`;
      return `${formatTiming(t)} ${speed} ${ratio(t.median, base && timing(base, i).median)}`;
    }),
  ]);
  return table([['', 'threads', ...MATMULS.map(({ name }) => name)], ...rows]);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { rounds: text, seconds: text, batch: text, network: text, only: text, clock: text },
  });
  const rounds = Number(values.rounds ?? 3);
  const seconds = Number(values.seconds ?? 2);
  const batch = Number(values.batch ?? 128);
  const clock = values.clock ?? 'wall';
  if (clock !== 'wall' && clock !== 'processor')
    throw new Error(`bench:peers: --clock must be wall or processor, found ${clock}`);
  const network = (values.network ?? 'dense') as Network;
  if (!Object.hasOwn(LAYERS, network))
    throw new Error(
      `bench:peers: --network must be ${Object.keys(LAYERS).join(' or ')}, found ${values.network}`,
    );
  if (!(rounds >= 1 && seconds > 0))
    throw new Error('bench:peers: --rounds and --seconds must be numbers above 0');
  if (!(Number.isInteger(batch) && batch >= 1 && batch <= MOST_IN_BATCH))
    throw new Error(
      `bench:peers: --batch must be a whole number from 1 to ${MOST_IN_BATCH}, found ${values.batch}`,
    );

  const folder = mkdtempSync(join(tmpdir(), 'varigrad-peers-'));
  try {
    const file = join(folder, 'work.safetensors');
    writeFileSync(file, encodeSafetensors(await makeWork(batch, network)));
    const busyBefore = loadavg()[0] ?? 0;
    const results = await measure(
      contenders(file, seconds, network, new RegExp(values.only ?? '')),
      rounds,
      clock,
    );
    const measured = results.filter(({ answers, reason }) => answers.length > 0 && reason === undefined);
    const expected = measured[0]?.answers[0]?.losses;
    if (expected === undefined || measured[0]?.contender.name !== 'varigrad') {
      throw new Error(`bench:peers: varigrad did not run: ${results[0]?.reason}`);
    }
    const load = `load average ${busyBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
    console.log(`${machine()}; ${load}`);
    console.log(
      `${rounds} rounds with a new process per library and round; median (quartiles) of all calls, ${clock} time.\n`,
    );
    console.log(
      `Training step, ${network === 'dense' ? 'VAE 784-400-20' : 'convolutional VAE, 32-64-20'}, batch ${batch}, Adam 1e-3, Bernoulli; upload of the batch and loss read back`,
    );
    console.log(stepTable(measured, expected));
    console.log('\nMatrix products, float32');
    console.log(matmulTable(measured));
    for (const { contender, reason } of results) {
      if (reason !== undefined) console.log(`\n${contender.name}: not available here — ${reason}`);
    }
    if (measured.some(({ answers }) => answers[0]?.library.includes('reference BLAS'))) {
      console.log(
        '\nPyTorch ran on the reference BLAS, which is slow — apt-get install libopenblas0-openmp, and measure again',
      );
    }
    const differ = measured.filter((r) => !(disagreement(r, expected) <= TOLERANCE));
    if (differ.length > 0) {
      const names = differ.map(({ contender }) => contender.name).join(', ');
      console.log(`\nLOSSES DIFFER by more than ${TOLERANCE}: ${names} — they did not do the same work`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
