import { type Generator, noGrad, scope, type Tensor, tensor } from '@varigrad/core';
import { batches } from '../data/batches.js';
import { type Binarization, binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { labelsOf } from '../evaluate.js';
import { inEvaluationMode } from '../evaluation-mode.js';
import type { GenerativeModel } from '../models/model.js';

/** Options of every function that looks at a data set batch by batch. */
export interface BatchwiseOptions {
  /** Images at a time; the result does not depend on it. Default 500. */
  batchSize?: number | undefined;
  /** How grey values become the images. Default 'none'. */
  binarization?: Binarization | undefined;
  /** Seed of all noise and of dynamic binarization. Default 0. */
  seed?: number | undefined;
}

/** A batch of images as tensors. */
export interface ImageBatch {
  /** `[size, pixels]` */
  readonly x: Tensor;
  /** One-hot, `[size, classes]`; of a conditional model only. */
  readonly labels: Tensor | undefined;
  /** Place of the first image in the data set. */
  readonly start: number;
  readonly size: number;
}

/**
 * Computes some tensors for every batch, in evaluation mode and without a tape.
 * @param generator - of dynamic binarization; @param compute - what is wanted of a batch; @param use - is given the values
 * @throws ArgumentError if the batch size is no whole number above 0
 */
export async function overBatches(
  model: GenerativeModel,
  data: Dataset,
  { batchSize = 500, binarization = 'none' }: BatchwiseOptions,
  generator: Generator,
  compute: (batch: ImageBatch) => readonly Tensor[],
  use: (values: readonly ArrayLike<number>[], batch: { start: number; size: number }) => void,
): Promise<void> {
  const targets = binarizeDataset(data, binarization, generator);
  await inEvaluationMode(model, async () => {
    let start = 0;
    for (const { images, labels, size } of batches(targets, { batchSize })) {
      const found = noGrad(() =>
        scope(() => {
          const x = tensor(images, [size, pixelsOf(data)]);
          return [...compute({ x, labels: labelsOf(model, labels).labels, start, size })];
        }),
      );
      use(await Promise.all(found.map((t) => t.data())), { start, size });
      for (const t of found) t.dispose();
      start += size;
    }
  });
}
