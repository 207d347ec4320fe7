import type { Tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import { reparameterize, standardNormalLogProb } from '../distributions/gaussian.js';
import type { Draw, Posterior, PosteriorFamily } from './posterior.js';

/** z = mu + σ·ε: the diagonal Gaussian itself. */
export class GaussianPosterior extends Module implements PosteriorFamily {
  readonly kind = 'gaussian';
  readonly isGaussian = true;

  draw({ mu, logVar }: Posterior, eps: Tensor): Draw {
    // (z − mu)/σ is exactly ε, so log q depends on mu and σ only through log σ.
    const logProb = () => standardNormalLogProb(eps).sub(logVar.sum({ axis: -1 }).mul(0.5));
    return { z: reparameterize({ mu, logVar }, { eps }), logProb };
  }
}
