/** `varigrad evaluate`. */
import { firstOf } from '../data/dataset.js';
import { complete, type Fields, fromFlags, onOff, wholeNumber } from '../run/fields.js';
import { measurementText, measureRun } from '../run/measure.js';
import { wrapped } from '../run/progress.js';
import { type Command, type CommandLine, flagsOf, type Terminal } from './command.js';
import { MACHINE_FIELDS } from './machine.js';
import { openNamedRun, TRAINED_FIELDS } from './trained.js';

interface EvaluateFields {
  images: number;
  batch: number;
  importanceSamples: number;
  json: boolean;
  seed: number;
}

const GROUP = 'The evaluation:';

const FIELDS: Fields<EvaluateFields> = {
  images: {
    group: GROUP,
    kind: wholeNumber(0, 10_000_000),
    standard: 0,
    help: 'use only the first N test images; 0 means all',
  },
  batch: {
    group: GROUP,
    kind: wholeNumber(1, 60_000),
    standard: 500,
    help: 'images per batch; does not change the result',
  },
  importanceSamples: {
    group: GROUP,
    kind: wholeNumber(0, 1_000_000),
    standard: 0,
    help: 'also estimate −log p(x) with N importance samples per image; 0 means no',
  },
  json: { group: GROUP, kind: onOff, standard: false, help: 'print one JSON object' },
  seed: { group: GROUP, kind: wholeNumber(0, 2 ** 31 - 1), standard: 0, help: 'seed of the noise' },
};

async function run(line: CommandLine, { out }: Terminal): Promise<void> {
  const { json, images, batch, importanceSamples, seed } = complete(FIELDS, fromFlags(FIELDS, line.flags));
  const opened = await openNamedRun(line);
  const test = images === 0 ? opened.data.test : firstOf(opened.data.test, images);
  const measured = await measureRun(opened, test, { batchSize: batch, importanceSamples, seed });
  out.write(json ? `${JSON.stringify(measured)}\n` : `${wrapped(measurementText(measured), out)}\n`);
}

export const evaluateCommand: Command = {
  summary: 'print the losses of a trained model on the test images',
  usage: '<run>',
  flags: { ...flagsOf(FIELDS), ...flagsOf(TRAINED_FIELDS), ...flagsOf(MACHINE_FIELDS) },
  notes: 'Losses are in nats per image. Losses of runs with a different --binarization cannot be compared.',
  run,
};
