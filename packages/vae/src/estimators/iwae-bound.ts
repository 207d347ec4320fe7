import { formatShape, type Generator, randn, ShapeError, type Tensor } from '@varigrad/core';
import { checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { importanceWeightedBound, logWeights } from '../elbo.js';
import type { LatentModel } from '../models/model.js';
import { checkLatentModel } from './latent-model.js';

/** Options of `iwaeBound`. */
export interface BoundOptions {
  /** Samples of z per image, k. Default 5, or the number of samples in `eps`. */
  samples?: number;
  /** Class of each image as one-hot rows `[batch, classes]`, for a conditional model. */
  labels?: Tensor;
  /** ε ~ N(0, I), `[batch, samples, latent]`. Default: drawn from `generator`. */
  eps?: Tensor;
  /** Source of the noise; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
}

const BOUND_OPTIONS: OptionNames<BoundOptions> = {
  samples: true,
  labels: true,
  eps: true,
  generator: true,
};

/** @throws ShapeError unless the noise is `[batch, samples, latent]`; undefined samples are any number above 0 */
function checkNoise(eps: Tensor, batch: number, samples: number | undefined, latent: number): void {
  checkTensor('iwaeBound', eps, 'eps');
  const [rows, count, width] = eps.shape;
  const isRight = rows === batch && count !== 0 && count === (samples ?? count) && width === latent;
  if (eps.rank === 3 && isRight) return;
  const problem = `eps must be [${batch}, ${samples ?? 'samples'}, ${latent}], found ${formatShape(eps.shape)}`;
  throw new ShapeError('iwaeBound', [eps.shape], problem);
}

/**
 * The importance-weighted bound log 1/k Σᵢ wᵢ ≤ log p(x) of any model with a latent variable, differentiable. With k = 1 it is a
 * one-sample estimate of the ELBO with a sampled KL.
 * @returns nats, `[batch]`
 * @throws ArgumentError if samples is not a whole number above 0; ShapeError if eps has another shape
 * @see Burda, Grosse & Salakhutdinov 2016, eq. 8, arXiv:1509.00519
 */
export function iwaeBound(model: LatentModel, x: Tensor, options: BoundOptions = {}): Tensor {
  checkLatentModel('iwaeBound', model);
  checkTensor('iwaeBound', x, 'x');
  checkOptions('iwaeBound', options, BOUND_OPTIONS, 'model, x, ');
  const { samples = 5, labels, eps, generator } = options;
  checkWhole('iwaeBound', 'samples', samples);
  const shape = [x.shape[0]!, samples, model.latent];
  if (eps !== undefined) checkNoise(eps, x.shape[0]!, options.samples, model.latent);
  const noise = eps ?? randn(shape, { generator });
  return importanceWeightedBound(logWeights(model.sampleTerms(x, noise, labels)));
}
