import { full, type Generator, parameter, type Tensor } from '@varigrad/core';
import {
  checkBoolean,
  checkChoice,
  checkNumber,
  checkOptions,
  checkTensor,
  type OptionNames,
} from '@varigrad/core/checks';
import { type Description, type DiagonalGaussian, Module } from '@varigrad/nn';
import { gaussianLogProb, reparameterize } from '../distributions/gaussian.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs, checkRange } from './support.js';

/** Options of the Gaussian decoder. */
export interface GaussianOptions {
  /** Standard deviation of every pixel; if it is learned, its initial value. Default 1. */
  sigma?: number;
  /** Whether σ, one number for all pixels, is learned with the network. Default false. */
  learned?: boolean;
  /** See `MeanLink`. Default 'identity'. */
  link?: MeanLink;
}

const GAUSSIAN_OPTIONS: OptionNames<GaussianOptions> = { sigma: true, learned: true, link: true };

/** How the decoder's output becomes the mean: unchanged, or through the logistic function for images in [0, 1]. */
export type MeanLink = 'identity' | 'sigmoid';

/** The mean links, for checks. */
export const LINKS: Readonly<Record<MeanLink, true>> = { identity: true, sigmoid: true };

export function linkMean(output: Tensor, link: MeanLink): Tensor {
  return link === 'sigmoid' ? output.sigmoid() : output;
}

/**
 * Each pixel is normally distributed around the decoder's output, with one σ for all pixels, fixed or learned.
 * With σ = 1 fixed, the loss is half the squared error plus 784·½·log 2π = 720.5 nats for MNIST.
 */
export class Gaussian extends Module implements Likelihood {
  readonly kind: 'gaussian' | 'gaussian-fixed';
  readonly outputsPerPixel = 1;
  /** log σ, a scalar `[]`. */
  readonly logSigma: Tensor;
  readonly #link: MeanLink;

  /** @throws ArgumentError unless sigma is above 0 */
  constructor(options: GaussianOptions = {}) {
    super();
    checkOptions('Gaussian', options, GAUSSIAN_OPTIONS);
    const { sigma = 1, learned = false, link = 'identity' } = options;
    checkNumber('Gaussian', 'sigma', sigma, sigma > 0 && Number.isFinite(sigma), 'above 0');
    checkBoolean('Gaussian', 'learned', learned);
    checkChoice('Gaussian', 'link', link, LINKS);
    this.kind = learned ? 'gaussian' : 'gaussian-fixed';
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
    const { mu, logVar } = this.#parts(outputs);
    checkOutputs('Gaussian', outputs, x, this.outputsPerPixel);
    return gaussianLogProb(x, mu, logVar);
  }

  mean(outputs: Tensor): Tensor {
    checkTensor('Gaussian', outputs, 'outputs');
    return linkMean(outputs, this.#link);
  }

  sample(outputs: Tensor, generator?: Generator): Tensor {
    return reparameterize(this.#parts(outputs), { generator });
  }

  #parts(outputs: Tensor): DiagonalGaussian {
    return { mu: this.mean(outputs), logVar: this.logSigma.mul(2) };
  }
}
