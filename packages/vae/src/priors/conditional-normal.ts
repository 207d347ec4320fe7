import { ArgumentError, type Generator, parameter, randn, type Tensor, zeros } from '@varigrad/core';
import { checkTensor, checkWhole } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { checkPriorSample } from '../checks.js';
import { gaussianLogProb } from '../posteriors/gaussian.js';
import type { Posterior } from '../posteriors/posterior.js';
import type { Prior, PriorContext } from './prior.js';

/** p(z|y) = N(mu[y], diag σ²[y]): one learned diagonal Gaussian for each class. */
export class ConditionalNormal extends Module implements Prior {
  readonly kind = 'conditional';
  /** `[classes, latent]` */
  readonly mu: Tensor;
  /** log σ², `[classes, latent]` */
  readonly logVar: Tensor;

  constructor(classes: number, latent: number) {
    super();
    checkWhole('ConditionalNormal', 'classes', classes);
    checkWhole('ConditionalNormal', 'latent', latent);
    this.mu = parameter(zeros([classes, latent]));
    this.logVar = parameter(zeros([classes, latent]));
  }

  override describe(): Description {
    return [`${this.mu.shape[0]} classes`, `latent ${this.mu.shape[1]}`];
  }

  logProb(z: Tensor, context: PriorContext): Tensor {
    const { mu, logVar } = this.#of(context);
    return gaussianLogProb(z, mu, logVar);
  }

  sample(count: number, context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    const { mu, logVar } = this.#of(context);
    return mu.add(logVar.mul(0.5).exp().mul(randn(mu.shape, options)));
  }

  /** ½(logVar_p − logVar_q + (σ_q² + (mu_q − mu_p)²)/σ_p² − 1), `[batch, latent]` */
  klPerDimension(q: Posterior, context: PriorContext): Tensor {
    const p = this.#of(context);
    const logRatio = q.logVar.sub(p.logVar);
    const distance = q.mu.sub(p.mu).square().mul(p.logVar.neg().exp());
    // e^r − 1 − r with expm1: accurate even if the two variances are nearly equal.
    return logRatio.expm1().sub(logRatio).add(distance).mul(0.5);
  }

  /** Mean and log-variance of each row's class, `[batch, latent]`. */
  #of(context: PriorContext): Posterior {
    const { labels } = context ?? {};
    if (labels === undefined)
      throw new ArgumentError(
        'ConditionalNormal',
        'p(z|y) needs labels — use this prior in a ConditionalVAE',
      );
    checkTensor('ConditionalNormal', labels, 'labels');
    return { mu: labels.matmul(this.mu), logVar: labels.matmul(this.logVar) }; // one-hot rows select
  }
}
