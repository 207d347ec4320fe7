/** `varigrad features`: the codes of a trained model as a file, and how well they tell the classes. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { encodeNpz } from '@varigrad/nn/numpy';
import { type Dataset, firstOf } from '../data/dataset.js';
import { writeFileAtomic } from '../files/atomic.js';
import type { LoadedRun } from '../run/load-run.js';
import { counted, wrapped } from '../run/progress.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import { UsageError } from '../run/usage-error.js';
import { encodeDataset } from '../uses/encode-dataset.js';
import { linearProbe } from '../uses/linear-probe.js';
import { nearestNeighbours } from '../uses/nearest-neighbours.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { MACHINE_OPTIONS } from './machine.js';
import { openNamedRuns, TRAINED_OPTIONS } from './trained.js';

const OPTIONS = {
  out: {
    group: 'The features:',
    type: 'string',
    default: null,
    help: 'file for the codes of one run; it ends in .csv, or in .npz for NumPy',
    defaultText: 'features.csv in the folder of each run',
  },
  set: {
    group: 'The features:',
    enum: ['test', 'train'],
    default: 'test',
    help: 'the images whose codes are written',
  },
  images: {
    group: 'The features:',
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    help: 'use only the first N test images; 0 means all',
  },
  trainImages: {
    group: 'The features:',
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    help: 'use only the first N training images; 0 means all',
  },
  codesOnly: {
    group: 'The features:',
    type: 'boolean',
    default: false,
    help: 'write the codes, and measure nothing',
  },
  neighbours: {
    group: 'The features:',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 5,
    help: 'number of nearest training images that vote',
  },
  seed: {
    group: 'The features:',
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    default: 0,
    help: 'seed of a dynamic binarization and of the logistic regression',
  },
} as const;

/** Accuracies on the test images, from 0 to 1. */
interface Scores {
  of: string;
  model: string;
  /** Length of a row. */
  columns: number;
  linearProbe: number;
  nearestNeighbours: number;
}

async function run(line: CommandLine, { out }: Terminal): Promise<object> {
  const options = complete(OPTIONS, fromFlags(OPTIONS, line.flags));
  const { out: path, set, codesOnly, neighbours, seed } = options;
  if (path !== null && !/\.(csv|npz)$/i.test(path))
    throw new UsageError(`--out ${path}: expected a name that ends in .csv or .npz`);
  if (path !== null && line.words.length > 1)
    throw new UsageError('--out is the file of one run — leave it out to write one into the folder of each');
  const runs = await openNamedRuns(line);
  const sources = runs.map(({ config }) => config.data);
  if (!line.flags.has('data') && new Set(sources).size > 1)
    throw new UsageError(
      `the runs have different images, ${sources.join(' and ')} — compare runs of the same images, or name some with --data`,
    );
  checkAlike(runs);
  const { train, test } = await limited(runs[0]!, options);
  if (!codesOnly && train.classes > 0 && neighbours > train.count)
    throw new UsageError(
      `--neighbours ${neighbours}: there ${train.count === 1 ? 'is' : 'are'} only ${counted(train.count, 'training image')}`,
    );
  const scores: Scores[] = [];
  const files: string[] = [];
  const measure = async (
    of: string,
    model: string,
    rows: Record<'train' | 'test', Dataset>,
  ): Promise<void> => {
    if (codesOnly || train.classes === 0) return;
    const linear = await linearProbe(rows.train, rows.test, { seed });
    const near = await nearestNeighbours(rows.train, rows.test, { neighbours });
    const columns = rows.test.images.length / rows.test.count;
    scores.push({ of, model, columns, linearProbe: linear.accuracy, nearestNeighbours: near.accuracy });
  };
  for (const { path: folder, model, config } of runs) {
    const options = { binarization: config.binarization, seed };
    const rows = {
      train: await encodeDataset(model, train, options),
      test: await encodeDataset(model, test, options),
    };
    const file = path ?? join(folder, 'features.csv');
    await writeFileAtomic(file, /\.npz$/i.test(file) ? await npzOf(rows[set]) : csvOf(rows[set]));
    files.push(file);
    out.write(`${file}: ${counted(rows[set].count, 'row')} of ${model.latent} columns and the class\n`);
    await measure(folder, config.model, rows);
  }
  await measure('pixels', 'none', { train, test });
  if (scores.length > 0) out.write(`\n${wrapped(scoresText(scores, options), out)}\n`);
  const facts = { set, trainImages: train.count, testImages: test.count };
  return { files, ...facts, ...(scores.length > 0 && { neighbours, scores }) };
}

/** The runs must prepare images in the same way, since all get those of the first run. @throws UsageError */
function checkAlike(runs: readonly LoadedRun[]): void {
  const preparationOf = ({ config, imageShape, standardization }: LoadedRun): object => {
    const { grey, crop, size, filter } = config;
    return { grey, crop, size, filter, imageShape, standardization };
  };
  const [first, ...rest] = runs as [LoadedRun, ...LoadedRun[]];
  const other = rest.find((run) => !isDeepStrictEqual(preparationOf(run), preparationOf(first)));
  if (other === undefined) return;
  throw new UsageError(
    `${first.path} and ${other.path} have images of other sizes, or prepared by other options — measure them one by one`,
  );
}

/** The images of a run, as many as the options ask for. */
async function limited(
  opened: LoadedRun,
  { images, trainImages }: { images: number; trainImages: number },
): Promise<Record<'train' | 'test', Dataset>> {
  const { train, test } = await opened.data();
  return {
    train: trainImages === 0 ? train : firstOf(train, trainImages),
    test: images === 0 ? test : firstOf(test, images),
  };
}

/** The arrays `codes`, float32 `[count, latent]`, and `labels`, uint8 `[count]`, if there are classes. */
function npzOf({ images, labels, count, classes }: Dataset): Promise<Uint8Array> {
  const codes = { shape: [count, images.length / count], data: images };
  return encodeNpz(classes === 0 ? { codes } : { codes, labels: { shape: [count], data: labels } });
}

/** A line of names, then one line per row: its class, if there are classes, and its numbers with the nine digits of a float32. */
function csvOf({ images, labels, count, classes }: Dataset): string {
  const columns = images.length / count;
  const names = Array.from({ length: columns }, (_, i) => `z${i}`);
  const lines = Array.from({ length: count }, (_, row) => {
    const numbers = Array.from(images.subarray(row * columns, (row + 1) * columns), (value) =>
      String(Number(value.toPrecision(9))),
    );
    return (classes === 0 ? numbers : [String(labels[row]), ...numbers]).join(',');
  });
  return `${[(classes === 0 ? names : ['label', ...names]).join(','), ...lines].join('\n')}\n`;
}

function scoresText(scores: readonly Scores[], { neighbours }: { neighbours: number }): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const rows = [
    ['features', 'model', 'columns', 'linear probe', `${counted(neighbours, 'neighbour')}`],
    ...scores.map((score) => [
      score.of,
      score.model,
      String(score.columns),
      percent(score.linearProbe),
      percent(score.nearestNeighbours),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}

export const features: Command = {
  summary: 'write codes to a file, and measure how well they tell the classes',
  usage: '<run> [run …]',
  options: { ...OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS },
  notes: [
    'The code of an image is the mean of q(z|x). A conditional model encodes an image with its class.',
    'Both measurements learn from the training images and report the share of test images that are',
    'assigned their class: logistic regression, and a vote of the nearest training images.',
  ].join('\n'),
  run,
};
