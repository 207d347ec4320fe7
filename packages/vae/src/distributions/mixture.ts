import type { Tensor } from '@varigrad/core';
import type { DiagonalGaussian } from '@varigrad/nn';
import { gaussianLogProb } from './gaussian.js';

/**
 * log Σₖ exp(logWeights[k]) · N(z; mu[k], diag σ²[k]), the log-density of a mixture at each z.
 * @param z - `[batch, latent]`; @param logWeights - `[components]`, normalised
 * @param components - mu and logVar, `[components, latent]`
 * @returns nats, `[batch]`
 */
export function mixtureLogProb(z: Tensor, logWeights: Tensor, { mu, logVar }: DiagonalGaussian): Tensor {
  return gaussianLogProb(z.unsqueeze(1), mu, logVar).add(logWeights).logSumExp({ axis: -1 });
}
