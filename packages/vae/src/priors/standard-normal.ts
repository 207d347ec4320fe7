import { type Generator, randn, standardNormalKl, type Tensor } from '@varigrad/core';
import { checkWhole } from '@varigrad/core/checks';
import { type Description, type DiagonalGaussian, Module } from '@varigrad/nn';
import { checkCodes, checkPriorSample } from '../checks.js';
import { standardNormalLogProb } from '../distributions/gaussian.js';
import type { Prior, PriorContext } from './prior.js';

/** p(z) = N(0, I). */
export class StandardNormal extends Module implements Prior {
  readonly kind = 'standard';
  readonly latent: number;

  constructor(latent: number) {
    super();
    checkWhole('StandardNormal', 'latent', latent);
    this.latent = latent;
  }

  override describe(): Description {
    return [`latent ${this.latent}`];
  }

  /** @throws ShapeError if z is not `[batch, latent]` */
  logProb(z: Tensor): Tensor {
    checkCodes('StandardNormal.logProb', 'z', z, this.latent);
    return standardNormalLogProb(z);
  }

  sample(count: number, _context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    return randn([count, this.latent], options);
  }

  /** −½(1 + logVar − mu² − e^logVar), `[batch, latent]`. @see Kingma & Welling 2014, App. B, arXiv:1312.6114 */
  klPerDimension({ mu, logVar }: DiagonalGaussian): Tensor {
    checkCodes('StandardNormal.klPerDimension', 'mu', mu, this.latent);
    checkCodes('StandardNormal.klPerDimension', 'logVar', logVar, this.latent, mu.shape[0]);
    return standardNormalKl(mu, logVar);
  }
}
