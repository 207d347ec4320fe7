/**
 * How grey values become the 0/1 targets of a Bernoulli likelihood. Losses under different binarizations are different
 * quantities, so each result states its binarization:
 *
 * - `none`: the grey values themselves; the loss is then a cross-entropy and not a likelihood
 * - `threshold`: x > 0.5
 * - `static`: one sample of Bernoulli(x) per pixel, fixed permanently; the seed is part of the definition
 * - `dynamic`: a fresh sample each time an image is used
 */
import { Generator } from '@varigrad/core';
import { checkChoice, checkMethod, checkUnitInterval } from '@varigrad/core/checks';
import { currentShare, fillUniform } from '@varigrad/core/compile';
import { checkDataset, checkValues } from '../checks.js';
import type { Dataset } from './dataset.js';

/** How grey pixels become targets; losses under different binarizations are different quantities. */
export type Binarization = 'none' | 'threshold' | 'static' | 'dynamic';

const BINARIZATIONS: Readonly<Record<Binarization, true>> = {
  none: true,
  threshold: true,
  static: true,
  dynamic: true,
};

/** The seed of static binarization: element i is 1 if the i-th uniform number of `new Generator(STATIC_SEED)` is below x_i. */
export const STATIC_SEED: number = 20_161_113;

/** One sample of Bernoulli(x) per pixel. @throws ArgumentError if a pixel is outside [0, 1] */
export function binarizeBatch(images: Float32Array, generator: Generator): Float32Array {
  checkMethod('binarizeBatch', 'generator', generator, 'uniform', 'a Generator, such as new Generator(seed)');
  checkValues('binarizeBatch', 'images', images);
  checkUnitInterval('binarizeBatch', 'pixels', images, 'divide grey values by 255');
  const draws = uniformRows(images.length, generator);
  for (let i = 0; i < draws.length; i++) draws[i] = draws[i]! < images[i]! ? 1 : 0;
  return draws;
}

/** 1 for each pixel above 0.5, 0 for the others. @throws ArgumentError if a pixel is outside [0, 1] */
export function thresholdBatch(images: Float32Array): Float32Array {
  checkUnitInterval('threshold', 'pixels', images, 'divide grey values by 255');
  return images.map((x) => (x > 0.5 ? 1 : 0));
}

/** Uniform samples; in a share of a batch, those that the whole batch has for its images. */
function uniformRows(size: number, generator: Generator): Float32Array {
  const share = currentShare();
  if (share === null) return generator.uniform(size);
  const [state, skip] = generator.takeRows(size, share.size);
  const samples = new Float32Array(skip + size);
  fillUniform(samples, state);
  return samples.subarray(skip);
}

/**
 * The whole data set under a binarization.
 * @param generator - used by 'dynamic' only, which draws one sample for this use of the data set
 * @throws ArgumentError if `binarization` is not one of the four words, or a pixel that it changes is outside [0, 1]
 */
export function binarizeDataset(data: Dataset, binarization: Binarization, generator: Generator): Dataset {
  checkDataset('binarizeDataset', data);
  checkChoice('binarizeDataset', 'binarization', binarization, BINARIZATIONS);
  switch (binarization) {
    case 'none':
      return data;
    case 'threshold':
      return { ...data, images: thresholdBatch(data.images) };
    case 'static':
      return { ...data, images: binarizeBatch(data.images, new Generator(STATIC_SEED)) };
    case 'dynamic':
      return { ...data, images: binarizeBatch(data.images, generator) };
  }
}
