import { type Generator, randn, type Tensor } from '@varigrad/core';
import { checkOptions, checkTensor } from '@varigrad/core/checks';
import { Module } from '@varigrad/nn';
import type { Draw, Posterior, PosteriorFamily } from './posterior.js';

const LOG_2_PI: number = Math.log(2 * Math.PI);

/**
 * log N(z; mu, diag σ²) = −½ Σⱼ (log 2π + logVar + (z − mu)²/σ²).
 * @param z - `[batch, latent]`; mu and logVar broadcast against it
 * @returns nats, `[batch]`
 */
export function gaussianLogProb(z: Tensor, mu: Tensor, logVar: Tensor): Tensor {
  checkTensor('gaussianLogProb', z, 'z');
  checkTensor('gaussianLogProb', mu, 'mu');
  checkTensor('gaussianLogProb', logVar, 'logVar');
  const squares = z.sub(mu).square().mul(logVar.neg().exp());
  return squares.add(logVar).add(LOG_2_PI).sum({ axis: -1 }).mul(-0.5);
}

/** log N(z; 0, I), `[batch, latent]` → `[batch]` in nats. */
export function standardNormalLogProb(z: Tensor): Tensor {
  checkTensor('standardNormalLogProb', z, 'z');
  return z.square().add(LOG_2_PI).sum({ axis: -1 }).mul(-0.5);
}

/**
 * z = mu + σ·ε with ε ~ N(0, I): a sample of the posterior as a differentiable function of mu and logVar.
 * @param options - eps `[batch, latent]`, drawn from `generator` if left out
 * @see Kingma & Welling 2014, §2.4, arXiv:1312.6114
 */
export function reparameterize(
  q: Pick<Posterior, 'mu' | 'logVar'>,
  options: { eps?: Tensor; generator?: Generator | undefined } = {},
): Tensor {
  checkTensor('reparameterize', q?.mu, 'q.mu');
  checkTensor('reparameterize', q.logVar, 'q.logVar');
  checkOptions('reparameterize', options, { eps: true, generator: true }, 'q, ');
  const { mu, logVar } = q;
  const { generator } = options;
  const eps = options.eps ?? randn(mu.shape, { generator });
  return mu.add(logVar.mul(0.5).exp().mul(eps));
}

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
