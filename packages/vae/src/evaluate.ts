import { Generator, noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import type { Corruption } from './corruptions.js';
import { batches } from './data/batches.js';
import { type Binarization, binarizeDataset } from './data/binarize.js';
import { type Dataset, pixelsOf } from './data/dataset.js';
import { oneHotOrZero } from './data/partly-labelled.js';
import { inEvaluationMode } from './evaluation-mode.js';
import { type Losses, Meter, packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Images at a time; the result does not depend on it. Default 500. */
  batchSize?: number | undefined;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization | undefined;
  /** Noise on what the encoder sees; the loss is against the clean image. Default: none. */
  corruption?: Corruption | undefined;
  /** Seed of all noise and of dynamic binarization. Default 0. */
  seed?: number | undefined;
}

/**
 * The loss of a whole data set (of a VAE: −ELBO) with one noise draw per image, nats per image.
 * The noise belongs to the image and not to its batch, so any batch size gives the same number.
 */
export async function evaluate(
  model: GenerativeModel,
  data: Dataset,
  options: EvaluateOptions = {},
): Promise<Losses> {
  const meter = new Meter();
  return inEvaluationMode(model, () => {
    for (const { losses, size } of evaluationSteps(model, data, options)) meter.add(losses(), size);
    return meter.mean();
  });
}

/** One batch of an evaluation. */
export interface EvaluationStep {
  /** Images. */
  readonly size: number;
  /** Computes the batch's losses as they are packed, `[3]`, without a tape. To be called before the next step is asked for. */
  losses(): Tensor;
}

/** The steps of `evaluate`. The model is expected in evaluation mode. */
export function* evaluationSteps(
  model: GenerativeModel,
  data: Dataset,
  options: EvaluateOptions = {},
): Iterable<EvaluationStep> {
  const { batchSize = 500, binarization = 'none', corruption, seed = 0 } = options;
  const generator = new Generator(seed);
  const eps = model.noise(data.count, generator);
  const images = binarizeDataset(data, binarization, generator);
  const spoiling = corruption?.noise([data.count, pixelsOf(data)], { generator }) ?? null;
  let start = 0;
  for (const batch of batches(images, { batchSize })) {
    const rows = (t: Tensor): Tensor => t.slice(0, start, start + batch.size);
    const losses = (): Tensor => {
      const x = tensor(batch.images, [batch.size, pixelsOf(data)]);
      return packElbo(
        model.elbo(x, {
          ...(eps && { eps: rows(eps) }),
          ...(corruption && spoiling && { input: corruption.apply(x, rows(spoiling)) }),
          ...labelsOf(model, batch.labels),
        }),
      );
    };
    yield { size: batch.size, losses: () => noGrad(() => scope(losses)) };
    start += batch.size;
  }
  eps?.dispose();
  spoiling?.dispose();
}

/** The labels as a model takes them: one-hot if it is conditional, absent otherwise. */
export function labelsOf(model: GenerativeModel, labels: ArrayLike<number>): { labels?: Tensor } {
  if (model.classes === 0) return {};
  const rows = model.acceptsUnknownLabels === true ? oneHotOrZero : oneHot;
  return { labels: rows(labels, model.classes) };
}
