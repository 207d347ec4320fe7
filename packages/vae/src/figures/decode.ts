import { type Generator, type Tensor, tensor } from '@varigrad/core';
import type { OptionNames } from '@varigrad/core/checks';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { evaluated, labelsOf } from '../over-batches.js';

/** Options of the figures that show random samples. */
export interface FigureOptions {
  title?: string | undefined;
  /** Seed of the samples. Default 0. */
  seed?: number;
}

/** The options of `FigureOptions`. */
export const FIGURE_OPTIONS: OptionNames<FigureOptions> = { title: true, seed: true };

/**
 * Images, `[count · pixels]` in [0, 1], decoded in evaluation mode from the z that `latents` returns: the mean of p(x|z),
 * or one sample of it if a generator is given.
 * @param labels - class of each image, for a conditional model
 */
export function decodeImages(
  model: GenerativeModel,
  labels: ArrayLike<number>,
  latents: (oneHot?: Tensor) => Tensor,
  generator?: Generator,
): Promise<Float32Array> {
  return valuesOf(model, () => {
    const oneHot = labelsOf(model, labels);
    const outputs = model.decode(latents(oneHot), oneHot);
    return generator === undefined
      ? model.likelihood.mean(outputs)
      : model.likelihood.sample(outputs, generator);
  });
}

/** The values of a tensor that is computed in evaluation mode and without a tape. */
export function valuesOf(model: GenerativeModel, compute: () => Tensor): Promise<Float32Array> {
  return onOneBackend(async () => {
    const found = evaluated(model, compute);
    const values = Float32Array.from(await found.data());
    found.dispose();
    return values;
  });
}

/** A data set's images as rows, `[count, pixels]`. */
export function imagesOf(data: Dataset): Tensor {
  return tensor(data.images, { shape: [data.count, pixelsOf(data)] });
}

/** The code of each image, `[count, latent]`. */
export function encodeImages(model: GenerativeModel, data: Dataset): Tensor {
  return model.codes(imagesOf(data), labelsOf(model, data.labels));
}
