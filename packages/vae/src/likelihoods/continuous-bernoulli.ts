import { type Generator, rand, type Tensor, where } from '@varigrad/core';
import { checkNumber, checkOptions, checkTensor } from '@varigrad/core/checks';
import { Module } from '@varigrad/nn';
import { bernoulliLogProb } from '../distributions/bernoulli.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs } from './support.js';

/** Below this |logit|, formulas that are 0/0 at 0 are replaced by their Taylor series, whose error is below 1e-8 in this range. */
const SMALL = 0.25;

/** f(l) for large |l| and series(l) for small |l|. Neither is evaluated where its gradient would be NaN. */
function nearZero(l: Tensor, f: (l: Tensor) => Tensor, series: (square: Tensor) => Tensor): Tensor {
  const isSmall = l.abs().lt(SMALL);
  const far = where(isSmall, 1, l);
  const near = where(isSmall, l, 0);
  return where(isSmall, series(near.square()), f(far));
}

/** log C(l) = log(l / tanh(l/2)), the constant that normalises the Bernoulli formula on [0, 1]; even in l, log 2 at 0. */
export function logNormalizer(l: Tensor): Tensor {
  return nearZero(
    l,
    (far) => {
      const size = far.abs();
      return size.log().sub(size.mul(0.5).tanh().log());
    },
    // log 2 + l²/12 − 7l⁴/1440 + 31l⁶/90720
    (square) =>
      square
        .mul(31 / 90720)
        .sub(7 / 1440)
        .mul(square)
        .add(1 / 12)
        .mul(square)
        .add(Math.LN2),
  );
}

/** Options of the continuous Bernoulli decoder. */
export interface ContinuousBernoulliOptions {
  /**
   * λ is limited to [epsilon, 1 − epsilon], 0 < epsilon < ½. Default 1e-6. Without this limit, the log-density of a pixel that is 0 in
   * every image (or 1 in every image) grows without bound during training, like log log 1/λ.
   */
  epsilon?: number;
}

/**
 * Each pixel is in [0, 1] with density C(λ) λˣ (1 − λ)¹⁻ˣ, λ = σ(logit): the Bernoulli formula, normalised to a true likelihood of
 * grey values.
 * @see Loaiza-Ganem & Cunningham 2019, arXiv:1907.06845
 */
export class ContinuousBernoulli extends Module implements Likelihood {
  readonly kind = 'continuous-bernoulli';
  readonly outputsPerPixel = 1;
  /** The largest |logit|. */
  readonly #limit: number;

  /** @throws ArgumentError unless 0 < epsilon < ½ */
  constructor(options: ContinuousBernoulliOptions = {}) {
    super();
    checkOptions('ContinuousBernoulli', options, { epsilon: true });
    const { epsilon = 1e-6 } = options;
    checkNumber('ContinuousBernoulli', 'epsilon', epsilon, epsilon > 0 && epsilon < 0.5, 'between 0 and ½');
    this.#limit = Math.log((1 - epsilon) / epsilon);
  }

  /** Σ_pixels l·x − softplus(l) + log C(l), nats per image `[batch]`. @throws ArgumentError if x leaves [0, 1] */
  logProb(outputs: Tensor, x: Tensor): Tensor {
    const logits = this.#bounded(outputs);
    checkOutputs('ContinuousBernoulli', outputs, x, this.outputsPerPixel);
    return bernoulliLogProb(logits, x).add(logNormalizer(logits).sum({ axis: -1 }));
  }

  /** 1/(1 − e^−l) − 1/l, which is ½ at l = 0. */
  mean(outputs: Tensor): Tensor {
    const logits = this.#bounded(outputs);
    // ½ + ½·(coth h − 1/h) with h = l/2: the second term is odd in l, and small for small l.
    const odd = nearZero(
      logits,
      (far) => far.mul(0.5).tanh().reciprocal().sub(far.mul(0.5).reciprocal()).div(far),
      // (coth h − 1/h)/l = 1/6 − l²/360 + l⁴/15120
      (square) =>
        square
          .mul(1 / 15120)
          .sub(1 / 360)
          .mul(square)
          .add(1 / 6),
    );
    return odd.mul(logits).mul(0.5).add(0.5);
  }

  /** Sampled by inverting the distribution function: x = 1 + log(u + (1 − u)·e^−l)/l for l > 0, mirrored for l < 0. */
  sample(outputs: Tensor, generator?: Generator): Tensor {
    const logits = this.#bounded(outputs);
    const u = rand(logits.shape, { generator });
    const size = logits.abs();
    const isSmall = size.lt(1e-3);
    const safe = where(isSmall, 1, size);
    const far = u.add(u.neg().add(1).mul(safe.neg().exp())).log().div(safe).add(1).clamp({ min: 0, max: 1 });
    const upward = where(isSmall, u, far);
    return where(logits.lt(0), upward.neg().add(1), upward);
  }

  #bounded(logits: Tensor): Tensor {
    checkTensor('ContinuousBernoulli', logits, 'logits');
    return logits.clamp({ min: -this.#limit, max: this.#limit });
  }
}
