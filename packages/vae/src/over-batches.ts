/** Passes over a data set, batch by batch, in evaluation mode. */
import { noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import type { OptionNames } from '@varigrad/core/checks';
import type { Group } from '@varigrad/core/mpi';
import type { Module } from '@varigrad/nn';
import { compileStep, type NamedTensors } from './compiled.js';
import type { Batch } from './data/batch.js';
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
  /** Whether batches after the first ones replay the kernels of those, which changes no bit of the result; see `compile`. Default true. */
  compile?: boolean | undefined;
}

/** The options of `BatchwiseOptions`. */
export const BATCHWISE_OPTIONS: OptionNames<BatchwiseOptions> = {
  batchSize: true,
  binarization: true,
  seed: true,
  compile: true,
};

/** The position of a batch in its data set: the index of its first image, and its number of images. */
export interface Span {
  readonly start: number;
  readonly size: number;
}

/** A batch of images as tensors. */
export interface ImageTensors {
  /** `[size, pixels]` */
  readonly x: Tensor;
  /** One-hot, `[size, classes]`; only for a conditional model. */
  readonly labels: Tensor | undefined;
}

/** One pass over batches of type B, with inputs of type I. */
export interface Pass<B, I> {
  /** The tensors of a batch. */
  inputs(batch: B): I;
  /** Computes the results of a batch. They depend on these tensors and on the model only. */
  compute(inputs: I): readonly Tensor[];
  /** Receives the values of the results before the next batch begins. */
  use(values: readonly ArrayLike<number>[], batch: B): void;
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

/** Computes tensors in evaluation mode and without a tape. Other tensors that `compute` creates are freed. */
export function evaluated<T>(model: Module, compute: () => T): T {
  return inEvaluationMode(model, () => noGrad(() => scope(compute)));
}

/**
 * Computes tensors for one batch after another, in evaluation mode and without a tape, on the backend that is current at the call.
 * Other tensors that a pass creates are freed. Between two batches, the model is in its previous mode.
 * @param batches - passed to `inputs` one at a time; an iterator that is asked for the next batch must not compute tensors
 */
export function overBatches<B, I extends NamedTensors>(
  model: Module,
  batches: Iterable<B>,
  { inputs, compute, use }: Pass<B, I>,
  compile = true,
): Promise<void> {
  return onOneBackend(async (on) => {
    const step = compileStep(compute, compile ? null : 'turned off');
    try {
      for (const batch of batches) {
        const found = on(() => evaluated(model, () => [...step.run(inputs(batch))]));
        use(await Promise.all(found.map((t) => t.data())), batch);
        for (const t of found) t.dispose();
      }
    } finally {
      step.dispose();
    }
  });
}

/** Decoder outputs of one batch: 32 MiB, of which a model holds several at a time. */
const MOST_OUTPUTS = 2 ** 23;

/** At most `most` rows of a batch, or fewer if the decoder's outputs are many, as those of a categorical likelihood. */
export function rowsThatFit({ inputSize, likelihood }: GenerativeModel, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(MOST_OUTPUTS / (inputSize * likelihood.outputsPerPixel))));
}

/** A pass over images. */
export interface ImagePass<R extends NamedTensors> {
  /** Tensors with one row, or one block, per image of the data set, such as its noise. A batch has those of its images. */
  rows: R;
  /** As in a `Pass`. */
  compute(inputs: ImageTensors & R): readonly Tensor[];
  use(values: readonly ArrayLike<number>[], batch: Span): void;
}

/**
 * `overBatches` for the images of a data set. Processes of a group take its batches in turn.
 * @throws ArgumentError if the batch size is not a whole number above 0
 */
export function overImages<R extends NamedTensors>(
  model: GenerativeModel,
  data: Dataset,
  { batchSize, compile, group }: BatchwiseOptions & { group?: Group | undefined },
  { rows, compute, use }: ImagePass<R>,
): Promise<void> {
  const all = batches(data, { batchSize: batchSize ?? rowsThatFit(model, 500) });
  const inputs = ({ images, labels, start, size }: Batch & Span): ImageTensors & R => {
    const own = Object.entries(rows).map(([name, t]) => [name, t?.slice(start, start + size)]);
    return {
      x: tensor(images, { shape: [size, pixelsOf(data)] }),
      labels: labelsOf(model, labels),
      ...(Object.fromEntries(own) as R),
    };
  };
  return overBatches(model, withStart(all, group), { inputs, compute, use }, compile);
}

function* withStart(
  all: Iterable<Batch>,
  { rank, size }: Pick<Group, 'rank' | 'size'> = { rank: 0, size: 1 },
): Iterable<Batch & Span> {
  let start = 0;
  let index = 0;
  for (const batch of all) {
    if (index++ % size === rank) yield { ...batch, start };
    start += batch.size;
  }
}

/** The labels in the form that the model expects: one-hot for a conditional model, otherwise undefined. */
export function labelsOf(model: GenerativeModel, labels: ArrayLike<number>): Tensor | undefined {
  if (model.classes === 0) return undefined;
  const rows = model.acceptsUnknownLabels === true ? oneHotOrZero : oneHot;
  return rows(labels, model.classes);
}
