/** `varigrad evaluate`. */
import { firstOf } from '../data/dataset.js';
import { measurementText, measureRun } from '../run/measure.js';
import { wrapped } from '../run/progress.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { COMPILE_OPTIONS, MACHINE_OPTIONS, readCompile } from './machine.js';
import { openNamedRun, TRAINED_OPTIONS } from './trained.js';

const OPTIONS = {
  images: {
    group: 'The evaluation:',
    type: 'integer',
    minimum: 0,
    maximum: 10_000_000,
    default: 0,
    help: 'use only the first N test images; 0 means all',
  },
  batch: {
    group: 'The evaluation:',
    type: 'integer',
    minimum: 1,
    maximum: 60_000,
    default: null,
    defaultText: '500, or fewer for many outputs',
    help: 'images per batch; does not change the result',
    aliases: ['batch-size'],
  },
  importanceSamples: {
    group: 'The evaluation:',
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    default: 0,
    help: 'also estimate −log p(x) with N importance samples per image; 0 means no',
  },
  seed: {
    group: 'The evaluation:',
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    default: 0,
    help: 'seed of the noise',
  },
} as const;

async function run(line: CommandLine, { out }: Terminal): Promise<object> {
  const { images, batch, importanceSamples, seed } = complete(OPTIONS, fromFlags(OPTIONS, line.flags));
  const opened = await openNamedRun(line);
  const data = await opened.data();
  const test = images === 0 ? data.test : firstOf(data.test, images);
  const measured = await measureRun(opened, test, {
    batchSize: batch ?? undefined,
    importanceSamples,
    seed,
    compile: readCompile(line),
  });
  out.write(`${wrapped(measurementText(measured), out)}\n`);
  return measured;
}

export const evaluateCommand: Command = {
  summary: 'print the losses of a trained model on the test images',
  usage: '<run>',
  options: { ...OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS, ...COMPILE_OPTIONS },
  notes: 'Losses are in nats per image. Losses of runs with a different --binarization cannot be compared.',
  run,
};
