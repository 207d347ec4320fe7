import { Generator, noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import { batches } from './data/batches.js';
import { type Binarization, binarizeDataset } from './data/binarize.js';
import { type Dataset, pixelsOf } from './data/dataset.js';
import { type Losses, Meter, packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Images at a time; the result does not depend on it. Default 500. */
  batchSize?: number;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization;
  /** Seed of the noise and of dynamic binarization. Default 0. */
  seed?: number;
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
  const { batchSize = 500, binarization = 'none', seed = 0 } = options;
  const generator = new Generator(seed);
  const eps = model.noise(data.count, generator);
  const images = binarizeDataset(data, binarization, generator);
  const meter = new Meter();
  const wasTraining = model.training;
  model.eval();
  let start = 0;
  for (const batch of batches(images, { batchSize })) {
    const values = noGrad(() =>
      scope(() => {
        const x = tensor(batch.images, [batch.size, pixelsOf(data)]);
        const noise = eps === null ? {} : { eps: eps.slice(0, start, start + batch.size) };
        return packElbo(model.elbo(x, { ...noise, ...labelsOf(model, batch.labels) }));
      }),
    );
    meter.add(values, batch.size);
    start += batch.size;
  }
  model.train(wasTraining);
  eps?.dispose();
  return meter.mean();
}

/** The labels as a model takes them: one-hot if it is conditional, absent otherwise. */
export function labelsOf(model: GenerativeModel, labels: ArrayLike<number>): { labels?: Tensor } {
  return model.classes === 0 ? {} : { labels: oneHot(labels, model.classes) };
}
