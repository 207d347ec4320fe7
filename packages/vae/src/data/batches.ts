import { ArgumentError } from '@varigrad/core';
import { checkOptions, checkWhole } from '@varigrad/core/checks';
import { checkDataset, checkValues } from '../checks.js';
import type { Batch } from './batch.js';
import { type Dataset, pixelsOf } from './dataset.js';

/** Options of `batches`. */
export interface BatchOptions {
  batchSize: number;
  /** The images to take, in this order. Default: all, in the order of the data set. `generator.permutation(count)` shuffles. */
  order?: Uint32Array;
}

/**
 * Cuts a data set into batches. The last batch is smaller if `batchSize` does not divide the number of images.
 * @throws ArgumentError if the batch size is not a whole number above 0, or `order` names an image outside the data set
 */
export function batches(data: Dataset, options: BatchOptions): Iterable<Batch> {
  checkDataset('batches', data);
  checkOptions('batches', options, { batchSize: true, order: true }, 'data, ');
  const { batchSize, order } = options;
  checkWhole('batches', 'batchSize', batchSize);
  if (order !== undefined) checkValues('batches', 'order', order);
  const absent = order?.find((image) => !(Number.isInteger(image) && image >= 0 && image < data.count));
  if (absent !== undefined)
    throw new ArgumentError(
      'batches',
      `image ${absent} is not among ${data.count} images, 0 to ${data.count - 1}`,
    );
  return cut(data, batchSize, order);
}

function* cut(data: Dataset, batchSize: number, order: Uint32Array | undefined): Iterable<Batch> {
  const total = order?.length ?? data.count;
  for (let start = 0; start < total; start += batchSize) {
    const size = Math.min(batchSize, total - start);
    yield takeImages(data, size, (i) => order?.[start + i] ?? start + i);
  }
}

/** Copies images to a batch. @param imageAt - the index of the i-th image of the batch */
export function takeImages(data: Dataset, size: number, imageAt: (i: number) => number): Batch {
  const pixels = pixelsOf(data);
  const images = new Float32Array(size * pixels);
  const labels = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const image = imageAt(i);
    images.set(data.images.subarray(image * pixels, (image + 1) * pixels), i * pixels);
    labels[i] = data.labels[image]!;
  }
  return { images, labels, size };
}
