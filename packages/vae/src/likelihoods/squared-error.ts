import type { Generator, Tensor } from '@varigrad/core';
import { checkTensor } from '@varigrad/core/checks';
import { Module, mse } from '@varigrad/nn';
import { Gaussian } from './gaussian.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs, checkRange } from './support.js';

/**
 * The squared error as a reconstruction loss: a Gaussian of variance ½ without its normalising constant, ½·log π per pixel. It is meant
 * for autoencoders; a bound on log p(x) needs the constant, which `Gaussian` includes.
 */
export class SquaredError extends Module implements Likelihood {
  readonly kind = 'squared-error';
  readonly outputsPerPixel = 1;
  readonly #gaussian = new Gaussian({ sigma: Math.SQRT1_2 });

  /** −Σ_pixels (x − mu)², `[batch]`. @throws ArgumentError if x is not finite */
  logProb(mu: Tensor, x: Tensor): Tensor {
    checkRange('SquaredError', x, -Infinity, Infinity, 'the squared error needs finite numbers');
    checkOutputs('SquaredError', mu, x, this.outputsPerPixel);
    return mse(mu, x, { reduction: 'none' }).sum({ axis: -1 }).neg();
  }

  mean(mu: Tensor): Tensor {
    checkTensor('SquaredError', mu, 'mu');
    return mu;
  }

  sample(mu: Tensor, generator?: Generator): Tensor {
    return this.#gaussian.sample(this.mean(mu), generator);
  }
}
