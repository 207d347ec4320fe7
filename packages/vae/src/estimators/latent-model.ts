import type { Tensor } from '@varigrad/core';
import { checkMethod } from '@varigrad/core/checks';
import { checkModel } from '../checks.js';
import type { GenerativeModel, LatentModel } from '../models/model.js';
import type { Posterior } from '../posteriors/posterior.js';

/** Whether the model's code is a continuous random variable with a prior, so that bounds of log p(x) can be computed. */
export function isLatentModel(model: GenerativeModel): model is LatentModel {
  checkModel('isLatentModel', model);
  return 'posterior' in model && 'prior' in model && 'sampleTerms' in model;
}

/** @throws ArgumentError unless log p(x) of the model can be estimated */
export function checkLatentModel(op: string, model: LatentModel): void {
  checkMethod(
    op,
    'the model',
    model,
    'sampleTerms',
    'a model with a posterior and a prior, such as new VAE()',
  );
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
