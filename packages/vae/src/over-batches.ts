/** Passes over a data set, batch by batch, in evaluation mode. */
import { noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import type { OptionNames } from '@varigrad/core/checks';
import type { Module } from '@varigrad/nn';
import { batches } from './data/batches.js';
import type { Binarization } from './data/binarize.js';
import { type Dataset, pixelsOf } from './data/dataset.js';
import { oneHotOrZero } from './data/partly-labelled.js';
import type { GenerativeModel } from './models/model.js';
import { onOneBackend } from './one-backend.js';

/** Options of every function that processes a data set batch by batch. */
export interface BatchwiseOptions {
  /** Images per batch; the result does not depend on it. Default 500, or fewer if the decoder's outputs are many. */
  batchSize?: number | undefined;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization | undefined;
  /** Seed of all noise and of dynamic binarization. Default 0. */
  seed?: number | undefined;
}

/** The options of `BatchwiseOptions`. */
export const BATCHWISE_OPTIONS: OptionNames<BatchwiseOptions> = {
  batchSize: true,
  binarization: true,
  seed: true,
};

/** The position of a batch in its data set: the index of its first image, and its number of images. */
export interface Span {
  readonly start: number;
  readonly size: number;
}

/** A batch of images as tensors. */
export interface ImageBatch extends Span {
  /** `[size, pixels]` */
  readonly x: Tensor;
  /** One-hot, `[size, classes]`; only for a conditional model. */
  readonly labels: Tensor | undefined;
}

/** Runs `f` with the model in evaluation mode, then restores the mode of each module, even after an error. */
export function inEvaluationMode<T>(model: Module, f: () => T): T {
  const modules = Array.from(model.namedModules(), ([, module]) => module);
  const training = modules.filter((module) => module.training);
  model.eval();
  try {
    return f();
  } finally {
    for (const module of training) module.training = true;
  }
}

/**
 * Computes tensors for one batch after another, in evaluation mode and without a tape, on the backend that is current at the call.
 * Other tensors that `compute` creates are freed. Between two batches, the model is in its previous mode.
 * @param batches - passed to `compute` one at a time; an iterator that is asked for the next batch must not compute tensors
 * @param use - receives the values of the tensors before the next batch begins
 */
export function overBatches<B>(
  model: Module,
  batches: Iterable<B>,
  compute: (batch: B) => readonly Tensor[],
  use: (values: readonly ArrayLike<number>[], batch: B) => void,
): Promise<void> {
  return onOneBackend(async (on) => {
    for (const batch of batches) {
      const found = on(() => inEvaluationMode(model, () => noGrad(() => scope(() => [...compute(batch)]))));
      use(await Promise.all(found.map((t) => t.data())), batch);
      for (const t of found) t.dispose();
    }
  });
}

/** Decoder outputs of one batch: 32 MiB, of which a model holds several at a time. */
const MOST_OUTPUTS = 2 ** 23;

/** At most `most` rows of a batch, or fewer if the decoder's outputs are many, as those of a categorical likelihood. */
export function rowsThatFit({ inputSize, likelihood }: GenerativeModel, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(MOST_OUTPUTS / (inputSize * likelihood.outputsPerPixel))));
}

/**
 * `overBatches` for the images of a data set.
 * @throws ArgumentError if the batch size is not a whole number above 0
 */
export function overImages(
  model: GenerativeModel,
  data: Dataset,
  batchSize: number | undefined,
  compute: (batch: ImageBatch) => readonly Tensor[],
  use: (values: readonly ArrayLike<number>[], batch: Span) => void,
): Promise<void> {
  let start = 0;
  return overBatches(
    model,
    batches(data, { batchSize: batchSize ?? rowsThatFit(model, 500) }),
    ({ images, labels, size }) => {
      const x = tensor(images, { shape: [size, pixelsOf(data)] });
      return compute({ x, labels: labelsOf(model, labels), start, size });
    },
    (values, { size }) => {
      use(values, { start, size });
      start += size;
    },
  );
}

/** The rows of a batch in a tensor with one row, or one block, per image of the data set. */
export function rowsOf(t: Tensor, { start, size }: Span): Tensor {
  return t.slice(start, start + size);
}

/** The labels in the form that the model expects: one-hot for a conditional model, otherwise undefined. */
export function labelsOf(model: GenerativeModel, labels: ArrayLike<number>): Tensor | undefined {
  if (model.classes === 0) return undefined;
  const rows = model.acceptsUnknownLabels === true ? oneHotOrZero : oneHot;
  return rows(labels, model.classes);
}
