import { full, type Generator, parameter, randn, type Tensor } from '@varigrad/core';
import { gaussianNll, Module } from '@varigrad/nn';
import type { Likelihood } from './likelihood.js';
import { checkRange } from './support.js';

/** Options of the Gaussian decoder. */
export interface GaussianOptions {
  /** Standard deviation of every pixel; the initial one if it is learned. Default 1. */
  sigma?: number;
  /** Learn one σ for all pixels together with the network. Default false. */
  learned?: boolean;
}

/**
 * Each pixel is normal about the decoder's output, with one σ for all: fixed, or learned.
 * With σ = 1 fixed, the loss is half the squared error plus 784·½·log 2π = 720.5 nats for MNIST.
 */
export class Gaussian extends Module implements Likelihood {
  readonly kind: string = 'gaussian';
  readonly outputsPerPixel = 1;
  /** log σ², a scalar `[]`. */
  readonly logVar: Tensor;

  constructor({ sigma = 1, learned = false }: GaussianOptions = {}) {
    super();
    const logVar = full([], 2 * Math.log(sigma));
    this.logVar = learned ? parameter(logVar) : logVar;
  }

  /** −Σ_pixels ½(log 2π + logVar + (x − mu)²/σ²), nats per image `[batch]`. @throws ArgumentError if x is not finite */
  logProb(mu: Tensor, x: Tensor): Tensor {
    checkRange('Gaussian', x, -Infinity, Infinity, 'a Gaussian needs finite numbers');
    return gaussianNll(mu, this.logVar, x, { reduction: 'none' }).sum({ axis: -1 }).neg();
  }

  mean(mu: Tensor): Tensor {
    return mu;
  }

  sample(mu: Tensor, generator?: Generator): Tensor {
    const eps = randn(mu.shape, generator === undefined ? {} : { generator });
    return mu.add(eps.mul(this.logVar.mul(0.5).exp()));
  }
}
