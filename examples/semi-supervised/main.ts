/**
 * `npm run semi-supervised`: MNIST with ten labels per class. M2, which also learns from the unlabelled images, is compared with a
 * classifier of the labelled images alone. M2 works on the codes of M1, a plain VAE of all images ("M1+M2").
 * See Kingma, Rezende, Mohamed & Welling 2014, arXiv:1406.5298.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator, init } from '@varigrad/core';
import {
  classifierAccuracy,
  type Dataset,
  firstOf,
  type ImageClassifier,
  labelledSubset,
  partlyLabelled,
  trainClassifier,
  type VAE,
} from '@varigrad/vae';
import { mnist, writeFileAtomic, writeSheet } from '@varigrad/vae/node';
import { fail, wholeNumber } from '../arguments.js';
import { codesAsImages, digitsOfClasses, type Settings, type Split, trainM1, trainM2 } from './models.js';

const HELP = `npm run semi-supervised -- [options]

Learns MNIST from 100 labelled and 60,000 unlabelled images, and compares the test accuracies of three
models: a classifier of the labelled pixels; a classifier of their codes by a VAE (M1); and M2 on those
codes. It takes a few minutes.

  --labels N      labelled images per class (default 10)
  --m1-epochs N   epochs of M1; 0 trains no M1, and M2 uses the pixels (default 5)
  --epochs N      epochs of M2 (default 20)
  --repeat N      copies of each labelled image per epoch of M2 (default 60)
  --alpha X       weight of the classification loss (default 10)
  --train-limit N use only the first N training images (default 0, all images)
  --seed N        seed of the labelled images, the weights and the noise (default 1)
  --threads N     threads of the wasm backend (default: all cores)
  --out FOLDER    folder for result.json, classes.svg and classes.png (default runs/semi-supervised)
  --help          print this text`;

const OPTIONS = {
  labels: { type: 'string', default: '10' },
  'm1-epochs': { type: 'string', default: '5' },
  epochs: { type: 'string', default: '20' },
  repeat: { type: 'string', default: '60' },
  alpha: { type: 'string', default: '10' },
  'train-limit': { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  threads: { type: 'string' },
  out: { type: 'string', default: join('runs', 'semi-supervised') },
  help: { type: 'boolean', default: false },
} as const;

/** Results: accuracy on the test images in percent. */
interface Result {
  classifierOnPixels: number;
  classifierOnCodes?: number;
  m2: number;
  seconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const settings: Settings = {
    labels: wholeNumber('labels', values.labels, 1),
    m1Epochs: wholeNumber('m1-epochs', values['m1-epochs'], 0),
    epochs: wholeNumber('epochs', values.epochs, 1),
    repeat: wholeNumber('repeat', values.repeat, 1),
    alpha: amount('alpha', values.alpha),
    seed: wholeNumber('seed', values.seed, 0),
  };
  const limit = wholeNumber('train-limit', values['train-limit'], 0);
  const { description } = await init({
    threads: values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1),
  });
  console.log(
    `${settings.labels} labelled images per class, seed ${settings.seed}, on ${description}. Losses in nats per image.\n`,
  );
  const { train, test } = await mnist();
  const data = { train: limit === 0 ? train : firstOf(train, limit), test };
  const result = await compare(data, settings, values.out);
  await writeFileAtomic(
    join(values.out, 'result.json'),
    `${JSON.stringify({ settings, result }, null, 2)}\n`,
  );
  console.log(`\n${report(result, settings)}`);
  console.log(`\n${result.seconds.toFixed(0)} s in all; result.json and classes.svg are in ${values.out}/`);
}

function report(
  { classifierOnPixels, classifierOnCodes, m2 }: Result,
  { labels, m1Epochs }: Settings,
): string {
  const line = (name: string, value: number): string => `  ${name.padEnd(28)}${percent(value)}`;
  const gain = m2 - classifierOnPixels;
  const sign = gain < 0 ? '−' : '+';
  return [
    `Test accuracy with ${10 * labels} labels:`,
    line('classifier of the pixels', classifierOnPixels),
    ...(classifierOnCodes === undefined ? [] : [line('classifier of M1’s codes', classifierOnCodes)]),
    `${line(m1Epochs === 0 ? 'M2' : 'M1+M2', m2)}   (${sign}${Math.abs(gain).toFixed(1)} points compared with the classifier of the pixels)`,
  ].join('\n');
}

async function compare(all: Split, settings: Settings, folder: string): Promise<Result> {
  const started = performance.now();
  const labelled = labelledSubset(all.train, { perClass: settings.labels, seed: settings.seed });
  const classifierOnPixels = await rightOf(await classifierOf(labelled, 400, settings.seed), all.test);
  console.log(
    `Classifier of the labelled pixels, 784-400-10: ${percent(classifierOnPixels)} of the test images\n`,
  );
  const m1 = settings.m1Epochs === 0 ? undefined : await trainM1(all, settings);
  const partly = partlyLabelled(all.train, labelled, settings.repeat);
  const draws = new Generator(settings.seed);
  const data =
    m1 === undefined
      ? { train: partly, test: all.test }
      : { train: await codesAsImages(m1, partly, draws), test: await codesAsImages(m1, all.test) };
  const m2 = await trainM2(data, settings, m1 === undefined);
  const sheet = await digitsOfClasses(m1, m2, settings.seed);
  await writeSheet(join(folder, 'classes'), sheet);
  return {
    classifierOnPixels,
    ...(m1 && { classifierOnCodes: await onCodes(m1, labelled, data.test, settings.seed) }),
    m2: await rightOf(m2, data.test),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The baseline for M2: a network with one hidden layer, trained on the labelled images (all of them in each step). */
function classifierOf(labelled: Dataset, hidden: number, seed: number): Promise<ImageClassifier> {
  return trainClassifier(labelled, { hidden: [hidden], epochs: 300, batchSize: labelled.count, seed });
}

/** The same classifier on the codes of the labelled images, which measures M1 alone. @param test - codes */
async function onCodes(m1: VAE, labelled: Dataset, test: Dataset, seed: number): Promise<number> {
  return rightOf(await classifierOf(await codesAsImages(m1, labelled), 200, seed), test);
}

/** Percentage of the images that are assigned their class. */
async function rightOf(classifier: ImageClassifier, data: Dataset): Promise<number> {
  return 100 * (await classifierAccuracy(classifier, data));
}

const percent = (value: number): string => `${value.toFixed(2)}%`;

function amount(name: string, text: string): number {
  if (Number(text) >= 0 && text !== '') return Number(text);
  throw new Error(`--${name} ${text}: expected a number of at least 0`);
}

main().catch(fail);
