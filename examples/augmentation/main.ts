/**
 * `npm run augmentation`: does a classifier of digits become better if samples of a conditional VAE are added to its training images?
 * The conditional VAE learns from the same labelled images as the classifier, and from no others.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator, init, noGrad, oneHot, scope } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  ConditionalVAE,
  classifierAccuracy,
  type Dataset,
  fit,
  gridSheet,
  labelledSubset,
  pixelsOf,
  type Sheet,
  trainClassifier,
} from '@varigrad/vae';
import { mnist, writeFileAtomic, writeSheet } from '@varigrad/vae/node';
import { fail, wholeNumber, wholeNumbers } from '../arguments.js';

const HELP = `npm run augmentation -- [options]

Trains a classifier of MNIST digits on N labelled images per class, with and without samples of a
conditional VAE that was trained on the same images, and prints the accuracies on the test digits.

  --labels LIST     labelled images per class (default 10,30,100,300,1000)
  --samples N       samples of the conditional VAE per class (default 1000)
  --steps N         steps of each training, of 128 images (default 1500)
  --latent N        dimensions of z (default 2)
  --seeds LIST      seeds of the choice of images, the weights and the noise (default 1,2,3)
  --threads N       threads of the wasm backend (default: all cores)
  --out FOLDER      folder for result.json and a sheet of samples (default runs/augmentation)
  --help            print this text`;

const OPTIONS = {
  labels: { type: 'string', default: '10,30,100,300,1000' },
  samples: { type: 'string', default: '1000' },
  steps: { type: 'string', default: '1500' },
  latent: { type: 'string', default: '2' },
  seeds: { type: 'string', default: '1,2,3' },
  threads: { type: 'string' },
  out: { type: 'string', default: join('runs', 'augmentation') },
  help: { type: 'boolean', default: false },
} as const;

interface Settings {
  samples: number;
  steps: number;
  latent: number;
}

/** Shares of the test digits that are assigned their class, from 0 to 1. */
interface Result {
  labels: number;
  seed: number;
  plain: number;
  augmented: number;
  /** By a classifier that sees samples only. */
  samplesOnly: number;
}

const BATCH = 128;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const labels = wholeNumbers('labels', values.labels, 1);
  const seeds = wholeNumbers('seeds', values.seeds, 0);
  const settings: Settings = {
    samples: wholeNumber('samples', values.samples, 1),
    steps: wholeNumber('steps', values.steps, 1),
    latent: wholeNumber('latent', values.latent, 1),
  };
  const { description } = await init({
    threads: values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1),
  });
  console.log(`${settings.samples} samples per class, ${settings.steps} steps, on ${description}\n`);
  const { train, test } = await mnist();
  const results: Result[] = [];
  const shown: Dataset[] = [];
  for (const count of labels) {
    for (const seed of seeds) {
      const { result, generated } = await compare(train, test, { ...settings, labels: count, seed });
      results.push(result);
      if (seed === seeds[0]) shown.push(generated);
      const { plain, augmented, samplesOnly } = result;
      console.log(
        `${count} per class, seed ${seed}: ${percent(plain)}, with samples ${percent(augmented)}, samples alone ${percent(samplesOnly)}`,
      );
    }
  }
  await writeFileAtomic(
    join(values.out, 'result.json'),
    `${JSON.stringify({ settings, results }, null, 2)}\n`,
  );
  await writeSheet(join(values.out, 'samples'), samplesSheet(shown, labels));
  console.log(`\n${report(results, labels)}\n\nresult.json and samples.svg are in ${values.out}/`);
}

/** The accuracies of classifiers of some labelled images, of these and samples, and of samples alone. */
async function compare(
  train: Dataset,
  test: Dataset,
  { labels, seed, steps, samples, latent }: Settings & { labels: number; seed: number },
): Promise<{ result: Result; generated: Dataset }> {
  const real = labelledSubset(train, { perClass: labels, seed });
  const generated = await samplesOf(await trainModel(real, { steps, latent, seed }), real, samples, seed);
  const accuracy = async (data: Dataset): Promise<number> =>
    classifierAccuracy(await trainClassifier(data, { epochs: epochsOf(steps, data), seed }), test);
  return {
    generated,
    result: {
      labels,
      seed,
      plain: await accuracy(real),
      augmented: await accuracy(joined(real, generated)),
      samplesOnly: await accuracy(generated),
    },
  };
}

/** The epochs that take about this many steps. */
function epochsOf(steps: number, { count }: Dataset): number {
  return Math.max(1, Math.round(steps / Math.ceil(count / BATCH)));
}

async function trainModel(
  real: Dataset,
  { steps, latent, seed }: { steps: number; latent: number; seed: number },
): Promise<ConditionalVAE> {
  const model = new ConditionalVAE({ latent, classes: real.classes, generator: new Generator(seed) });
  await fit(
    model,
    { train: real, test: real },
    {
      optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }),
      epochs: epochsOf(steps, real),
      batchSize: BATCH,
      seed,
    },
  );
  return model;
}

/** Mean images of z ~ p(z), the same number of each class; the classes take turns. */
async function samplesOf(
  model: ConditionalVAE,
  { imageShape, classes }: Dataset,
  perClass: number,
  seed: number,
): Promise<Dataset> {
  const count = perClass * classes;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const images = noGrad(() =>
    scope(() => model.sample(oneHot(labels, classes), { generator: new Generator(seed) })),
  );
  const values = Float32Array.from(await images.data());
  images.dispose();
  return { images: values, labels, count, imageShape, classes };
}

/** The samples, and the labelled images, repeated until they are about as many. */
function joined(real: Dataset, generated: Dataset): Dataset {
  const copies = Math.max(1, Math.round(generated.count / real.count));
  const sets = [generated, ...Array.from({ length: copies }, () => real)];
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const images = new Float32Array(count * pixelsOf(real));
  const labels = new Uint8Array(count);
  let start = 0;
  for (const set of sets) {
    images.set(set.images, start * pixelsOf(real));
    labels.set(set.labels, start);
    start += set.count;
  }
  return { ...real, images, labels, count };
}

/** One row of samples for each number of labelled images. */
function samplesSheet(sets: readonly Dataset[], labels: readonly number[]): Sheet {
  const columns = 2 * sets[0]!.classes;
  const rows = sets.flatMap((set) => Array.from(set.images.subarray(0, columns * pixelsOf(set))));
  return gridSheet(Float32Array.from(rows), {
    columns,
    imageShape: sets[0]!.imageShape,
    title: 'Samples of conditional VAEs, by the number of labelled images per class',
    rowLabels: labels.map(String),
    columnLabels: Array.from({ length: columns }, (_, i) => String(i % sets[0]!.classes)),
  });
}

function report(results: readonly Result[], labels: readonly number[]): string {
  const spread = (values: readonly number[]): string => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / Math.max(1, values.length - 1));
    return `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`;
  };
  const row = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(16)).join('');
  return [
    'Test digits classified correctly in percent, mean ± standard deviation over the seeds:',
    row(['per class', 'labelled', 'with samples', 'samples alone']),
    ...labels.map((count) => {
      const own = results.filter((result) => result.labels === count);
      return row([
        String(count),
        spread(own.map(({ plain }) => plain)),
        spread(own.map(({ augmented }) => augmented)),
        spread(own.map(({ samplesOnly }) => samplesOnly)),
      ]);
    }),
  ].join('\n');
}

const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

main().catch(fail);
