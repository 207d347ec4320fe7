import { type Generator, randn, standardNormalKl, type Tensor } from '@varigrad/core';
import { checkWhole } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { checkPriorSample } from '../checks.js';
import { standardNormalLogProb } from '../posteriors/gaussian.js';
import type { Posterior } from '../posteriors/posterior.js';
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

  logProb(z: Tensor): Tensor {
    return standardNormalLogProb(z);
  }

  sample(count: number, _context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    return randn([count, this.latent], options);
  }

  /** −½(1 + logVar − mu² − e^logVar), `[batch, latent]`. @see Kingma & Welling 2014, App. B, arXiv:1312.6114 */
  klPerDimension({ mu, logVar }: Posterior): Tensor {
    return standardNormalKl(mu, logVar);
  }
}
