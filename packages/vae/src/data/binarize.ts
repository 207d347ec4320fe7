/**
 * How grey values become the 0/1 targets of a Bernoulli likelihood. Losses under different binarizations are different
 * quantities, so each result names its own:
 *
 * - `none`: grey values as they are (the loss is a cross-entropy and no likelihood)
 * - `threshold`: x > 0.5
 * - `static`: one draw of Bernoulli(x) for each pixel, once and for all; the seed is part of the definition
 * - `dynamic`: a new draw each time an image is used
 */
import { ArgumentError, Generator } from '@varigrad/core';
import type { Dataset } from './dataset.js';

/** How grey pixels become targets; losses under different binarizations are different quantities. */
export type Binarization = 'none' | 'threshold' | 'static' | 'dynamic';

/** The seed of the static draw: element i is 1 if the i-th uniform number of `new Generator(STATIC_SEED)` is below x_i. */
export const STATIC_SEED: number = 20_161_113;

/** One draw of Bernoulli(x) for each pixel. */
export function binarizeBatch(images: Float32Array, generator: Generator): Float32Array {
  const draws = generator.uniform(images.length);
  for (let i = 0; i < draws.length; i++) draws[i] = draws[i]! < images[i]! ? 1 : 0;
  return draws;
}

/**
 * The whole data set under a binarization.
 * @param generator - for 'dynamic', which is then one draw for this use of the data set
 * @throws ArgumentError for a word that is no binarization
 */
export function binarizeDataset(data: Dataset, binarization: Binarization, generator: Generator): Dataset {
  switch (binarization) {
    case 'none':
      return data;
    case 'threshold':
      return { ...data, images: data.images.map((x) => (x > 0.5 ? 1 : 0)) };
    case 'static':
      return { ...data, images: binarizeBatch(data.images, new Generator(STATIC_SEED)) };
    case 'dynamic':
      return { ...data, images: binarizeBatch(data.images, generator) };
    default:
      throw new ArgumentError(
        'binarizeDataset',
        `there is no binarization "${binarization}" — none, threshold, static or dynamic`,
      );
  }
}
