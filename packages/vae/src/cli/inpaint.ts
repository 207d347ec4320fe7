/** `varigrad inpaint`: completes images of which some pixels are left out. */
import { join } from 'node:path';
import { Generator } from '@varigrad/core';
import { binarizeDataset } from '../data/binarize.js';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import { withChannels } from '../data/image-shape.js';
import { stackedSheet } from '../figures/reconstructions.js';
import { Made } from '../models/made.js';
import { counted } from '../run/progress.js';
import { complete } from '../run/schema/complete.js';
import { fromFlags } from '../run/schema/values.js';
import { UsageError } from '../run/usage-error.js';
import { fillBlanks } from '../uses/fill-blanks.js';
import { columnMeans } from '../uses/rows.js';
import type { Command, CommandLine, Terminal } from './command.js';
import { COMPILE_OPTIONS, MACHINE_OPTIONS, readCompile } from './machine.js';
import { SHEET_OPTIONS, stemOf, writeFiles } from './sheets.js';
import { openImageRun, TRAINED_OPTIONS } from './trained.js';

const MASKS = ['top', 'bottom', 'left', 'right', 'center', 'random'] as const;

const OPTIONS = {
  blanks: {
    group: 'The blanks:',
    enum: MASKS,
    default: 'bottom',
    help: 'the part of the images that is left out; random: single pixels, other ones in each image',
  },
  share: {
    group: 'The blanks:',
    type: 'number',
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.5,
    example: 0.5,
    help: 'share of the pixels that are left out',
  },
  steps: {
    group: 'The blanks:',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    default: 100,
    help: 'times that an image is encoded and decoded',
  },
  images: {
    group: 'The blanks:',
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 500,
    help: 'number of test images to complete and to measure; the sheet shows the first ones',
  },
  rows: {
    group: 'The sheet:',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 1,
    help: 'rows of images',
  },
  ...SHEET_OPTIONS,
} as const;

/** How far the blanks are from the original, over the pixels that are left out. */
interface Distance {
  /** Mean of (x − x̂)². */
  squaredError: number;
  /** Share of pixels on the other side of ½, from 0 to 1. */
  wrongPixels: number;
}

async function run(line: CommandLine, { out }: Terminal): Promise<object> {
  const options = complete(OPTIONS, fromFlags(OPTIONS, line.flags));
  const { blanks, share, steps, seed, rows, columns } = options;
  const stem = options.out === null ? null : stemOf(options.out);
  const { path: folder, model, config, data } = await openImageRun(line);
  if (model instanceof Made)
    throw new UsageError('model made has no z, so there is nothing to encode — use a run of another model');
  const { train, test } = await data();
  const shown = binarizeDataset(firstOf(test, options.images), config.binarization, new Generator(seed));
  const known = knownPixels(shown, { blanks, share, seed });
  if (known.every((value) => value === 1))
    throw new UsageError(
      `--share ${share} leaves out no pixel of ${counted(shown.count, 'image')} — choose a larger share, or other --blanks`,
    );
  const filled = await fillBlanks(model, shown, known, {
    steps,
    seed,
    blanks: config.binarization === 'none' ? 'mean' : 'sample',
    compile: readCompile(line),
  });
  const [channels] = withChannels(shown.imageShape);
  const count = known.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0) / shown.count / channels;
  const means = columnMeans(train);
  const distances = {
    one: distance(shown, filled.images, known),
    mean: distance(shown, filled.mean, known),
    trainingMean: distance(
      shown,
      shown.images.map((_, i) => means[i % means.length]!),
      known,
    ),
  };
  const given = shown.images.map((value, i) => (known[i] === 0 ? BLANK : value));
  const first = (images: Float32Array): Float32Array => images.subarray(0, rows * columns * pixelsOf(shown));
  const sheet = stackedSheet(
    [
      { label: 'given', images: first(given) },
      { label: 'filled', images: first(filled.images) },
      { label: 'original', images: first(shown.images) },
    ],
    shown,
    columns,
    `Filled by ${counted(steps, 'step')} of encoding and decoding`,
  );
  const text = ([name, { squaredError, wrongPixels }]: [string, Distance]): string =>
    `  ${name.padEnd(26)}squared error ${squaredError.toFixed(4)}   wrong ${(100 * wrongPixels).toFixed(1)} %\n`;
  out.write(
    `${counted(shown.count, 'test image')}, targets ${config.binarization}, ${count.toFixed(0)} of ${pixelsOf(shown) / channels} pixels left out; per ${channels === 1 ? 'blank pixel' : 'channel of a blank pixel'}:\n`,
  );
  out.write(text(['one completion', distances.one]));
  out.write(text(['mean of the completions', distances.mean]));
  out.write(text(['mean training image', distances.trainingMean]));
  const written = await writeFiles(stem ?? join(folder, 'inpainted'), sheet, out);
  return { run: folder, images: shown.count, blanks, blankPixels: count, steps, ...distances, ...written };
}

/** The grey of the pixels that are left out. */
const BLANK = 0.4;

/** 1 for each value of a given pixel and 0 for each of a blank one, in the order of the images. */
function knownPixels(
  { imageShape, count }: Dataset,
  { blanks, share, seed }: { blanks: (typeof MASKS)[number]; share: number; seed: number },
): Uint8Array {
  const [channels, height, width] = withChannels(imageShape);
  const pixels = height * width;
  const isBlank = ((): ((y: number, x: number, image: number) => boolean) => {
    switch (blanks) {
      case 'top':
        return (y) => y < share * height;
      case 'bottom':
        return (y) => y >= (1 - share) * height;
      case 'left':
        return (_, x) => x < share * width;
      case 'right':
        return (_, x) => x >= (1 - share) * width;
      case 'center': {
        const side = Math.sqrt(share) / 2;
        const inside = (at: number, length: number): boolean => Math.abs((at + 0.5) / length - 0.5) < side;
        return (y, x) => inside(y, height) && inside(x, width);
      }
      case 'random': {
        const draws = new Generator(seed).uniform(count * pixels);
        return (y, x, image) => draws[image * pixels + y * width + x]! < share;
      }
    }
  })();
  return Uint8Array.from({ length: count * channels * pixels }, (_, at) => {
    const pixel = at % pixels;
    const image = Math.floor(at / (channels * pixels));
    return isBlank(Math.floor(pixel / width), pixel % width, image) ? 0 : 1;
  });
}

function distance({ images }: Dataset, filled: Float32Array, known: Uint8Array): Distance {
  let [blanks, squares, wrong] = [0, 0, 0];
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== 0) continue;
    blanks++;
    squares += (images[i]! - filled[i]!) ** 2;
    if (images[i]! > 0.5 !== filled[i]! > 0.5) wrong++;
  }
  return { squaredError: squares / blanks, wrongPixels: wrong / blanks };
}

export const inpaint: Command = {
  summary: 'fill in parts of test images by repeated encoding and decoding',
  usage: '<run>',
  options: { ...OPTIONS, ...TRAINED_OPTIONS, ...MACHINE_OPTIONS, ...COMPILE_OPTIONS },
  notes: [
    'Each step draws z from q(z|x) and the missing pixels from p(x|z); the given pixels stay. A model of',
    'grey values gets the mean of p(x|z) in place of a sample. The sheet has three rows for each row of',
    'images: given, filled and original. The filled pixels are the mean of p(x|z) for the last z.',
  ].join('\n'),
  run,
};
