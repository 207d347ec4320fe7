import { ArgumentError, type Generator, parameter, type Tensor, zeros } from '@varigrad/core';
import { checkWhole } from '@varigrad/core/checks';
import { type Description, type DiagonalGaussian, klNormalPerDimension, Module } from '@varigrad/nn';
import { checkCodes, checkPriorSample } from '../checks.js';
import { gaussianLogProb, reparameterize } from '../distributions/gaussian.js';
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

  /** @throws ShapeError if z is not `[batch, latent]`, with one row for each row of the labels */
  logProb(z: Tensor, context: PriorContext): Tensor {
    const { mu, logVar } = this.#of(context);
    checkCodes('ConditionalNormal.logProb', 'z', z, this.mu.shape[1]!, mu.shape[0]);
    return gaussianLogProb(z, mu, logVar);
  }

  sample(count: number, context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    return reparameterize(this.#of(context, count), options);
  }

  /** The KL to the Gaussian of each row's class, `[batch, latent]`. */
  klPerDimension(q: DiagonalGaussian, context: PriorContext): Tensor {
    return klNormalPerDimension(q, this.#of(context));
  }

  /** Mean and log-variance of each row's class, `[batch, latent]`; 0 for a row of zeros. @throws ShapeError unless the labels are `[rows, classes]` */
  #of(context: PriorContext, rows?: number): DiagonalGaussian {
    const { labels } = context ?? {};
    if (labels === undefined)
      throw new ArgumentError(
        'ConditionalNormal',
        'p(z|y) needs labels — use this prior in a ConditionalVAE',
      );
    checkCodes('ConditionalNormal', 'labels', labels, this.mu.shape[0]!, rows);
    const classes = labels.argmax({ axis: 1 });
    // A product with one-hot rows would send 0·∞ = NaN to the other classes where a gradient is infinite.
    const isKnown = labels.sum({ axis: 1, keepDims: true });
    const select = (t: Tensor) => isKnown.where(t.indexSelect(classes), 0);
    return { mu: select(this.mu), logVar: select(this.logVar) };
  }
}
