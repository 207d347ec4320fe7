/** The images of training steps. A step may need only some rows of its batch. */
import type { Batch } from './batch.js';
import { takeImages } from './batches.js';
import type { Dataset } from './dataset.js';

/** The images of one step. */
export interface StepImages {
  /** Number of images. */
  readonly size: number;
  /** Copies of `count` images from `start` on. */
  rows(start: number, count: number): Batch;
}

/** The steps of a data set in an order of its images. */
export function* stepsInOrder(data: Dataset, order: Uint32Array, batchSize: number): Iterable<StepImages> {
  for (let first = 0; first < order.length; first += batchSize) {
    const size = Math.min(batchSize, order.length - first);
    yield { size, rows: (start, count) => takeImages(data, count, (i) => order[first + start + i]!) };
  }
}

/** The steps of batches that are read one after another. */
export async function* stepsOfStream(batches: AsyncIterable<Batch>): AsyncIterable<StepImages> {
  for await (const { images, labels, size } of batches) {
    const pixels = images.length / size;
    yield {
      size,
      rows: (start, count) => ({
        images: images.slice(start * pixels, (start + count) * pixels),
        labels: labels.slice(start, start + count),
        size: count,
      }),
    };
  }
}
