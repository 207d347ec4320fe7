import type { Tensor } from '@varigrad/core';
import type { GenerativeModel, LatentModel } from '../models/model.js';
import type { Posterior } from '../posteriors/posterior.js';

/** Whether the model's code is a continuous random variable with a prior, so that bounds of log p(x) can be computed. */
export function isLatentModel(model: GenerativeModel): model is LatentModel {
  return 'posterior' in model && 'prior' in model && 'sampleTerms' in model;
}

/** Whether KL(q(z|x) ‖ p(z)) has a closed form: the posterior is Gaussian, and the prior implements `klPerDimension`. */
export function hasClosedFormKl({ posterior, prior }: LatentModel): boolean {
  return posterior.isGaussian && prior.klPerDimension !== undefined;
}

/**
 * KL(q(z|x) ‖ p(z)) of each dimension in nats, `[batch, latent]`. Call it only if `hasClosedFormKl` is true.
 * @param q - the encoder's output; @param labels - one-hot, for a conditional model
 */
export function closedFormKl(model: LatentModel, q: Posterior, labels?: Tensor): Tensor {
  const context = { encode: (u: Tensor) => model.encode(u), labels };
  return model.prior.klPerDimension?.(q, context) as Tensor;
}
