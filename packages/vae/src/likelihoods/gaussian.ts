import { full, type Generator, parameter, randn, type Tensor } from '@varigrad/core';
import { type Description, gaussianNll, Module } from '@varigrad/nn';
import type { Likelihood } from './likelihood.js';
import { checkRange } from './support.js';

/** Options of the Gaussian decoder. */
export interface GaussianOptions {
  /** Standard deviation of every pixel; if it is learned, its initial value. Default 1. */
  sigma?: number;
  /** Whether σ, one number for all pixels, is learned with the network. Default false. */
  learned?: boolean;
  /** See `MeanLink`. Default 'identity'. */
  link?: MeanLink;
}

/** How the decoder's output becomes the mean: unchanged, or through the logistic function for images in [0, 1]. */
export type MeanLink = 'identity' | 'sigmoid';

export function linkMean(output: Tensor, link: MeanLink): Tensor {
  return link === 'sigmoid' ? output.sigmoid() : output;
}

/**
 * Each pixel is normally distributed around the decoder's output, with one σ for all pixels, fixed or learned.
 * With σ = 1 fixed, the loss is half the squared error plus 784·½·log 2π = 720.5 nats for MNIST.
 */
export class Gaussian extends Module implements Likelihood {
  readonly kind: string = 'gaussian';
  readonly outputsPerPixel = 1;
  /** log σ, a scalar `[]`. */
  readonly logSigma: Tensor;
  readonly #link: MeanLink;

  constructor({ sigma = 1, learned = false, link = 'identity' }: GaussianOptions = {}) {
    super();
    const logSigma = full([], Math.log(sigma));
    this.logSigma = learned ? parameter(logSigma) : logSigma;
    this.#link = link;
  }

  override describe(): Description {
    return [this.logSigma.requiresGrad ? 'learned sigma' : 'fixed sigma', `${this.#link} link`];
  }

  /** −Σ_pixels ½(log 2π + (x − mu)²/σ²) + log σ, nats per image `[batch]`. @throws ArgumentError if x is not finite */
  logProb(outputs: Tensor, x: Tensor): Tensor {
    checkRange('Gaussian', x, -Infinity, Infinity, 'a Gaussian needs finite numbers');
    return gaussianNll(this.mean(outputs), this.logSigma.mul(2), x, { reduction: 'none' })
      .sum({ axis: -1 })
      .neg();
  }

  mean(outputs: Tensor): Tensor {
    return linkMean(outputs, this.#link);
  }

  sample(outputs: Tensor, generator?: Generator): Tensor {
    const eps = randn(outputs.shape, { generator });
    return this.mean(outputs).add(eps.mul(this.logSigma.exp()));
  }
}
