import type { Generator, Tensor } from '@varigrad/core';
import { checkChoice, checkNumber, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { laplaceLogProb, sampleLaplace } from '../distributions/laplace.js';
import { LINKS, linkMean, type MeanLink } from './gaussian.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs, checkRange } from './support.js';

/** Options of the Laplace decoder. */
export interface LaplaceOptions {
  /** b of every pixel; the standard deviation is √2·b. Default 1. */
  scale?: number;
  /** See `MeanLink`. Default 'identity'. */
  link?: MeanLink;
}

const LAPLACE_OPTIONS: OptionNames<LaplaceOptions> = { scale: true, link: true };

/**
 * Each pixel has a Laplace distribution around the decoder's output, with one fixed scale. Its loss is the absolute error, so single
 * pixels that are far off count less than with a Gaussian.
 */
export class Laplace extends Module implements Likelihood {
  readonly kind = 'laplace';
  readonly outputsPerPixel = 1;
  readonly #scale: number;
  readonly #link: MeanLink;

  /** @throws ArgumentError unless scale is above 0 */
  constructor(options: LaplaceOptions = {}) {
    super();
    checkOptions('Laplace', options, LAPLACE_OPTIONS);
    const { scale = 1, link = 'identity' } = options;
    checkNumber('Laplace', 'scale', scale, scale > 0 && Number.isFinite(scale), 'above 0');
    checkChoice('Laplace', 'link', link, LINKS);
    this.#scale = scale;
    this.#link = link;
  }

  override describe(): Description {
    return [`scale ${this.#scale}`, `${this.#link} link`];
  }

  /** −Σ_pixels |x − mu|/b + log 2b, nats per image `[batch]`. @throws ArgumentError if x is not finite */
  logProb(outputs: Tensor, x: Tensor): Tensor {
    checkRange('Laplace', x, -Infinity, Infinity, 'a Laplace distribution needs finite numbers');
    checkOutputs('Laplace', outputs, x, this.outputsPerPixel);
    return laplaceLogProb(x, this.mean(outputs), this.#scale);
  }

  mean(outputs: Tensor): Tensor {
    checkTensor('Laplace', outputs, 'outputs');
    return linkMean(outputs, this.#link);
  }

  sample(outputs: Tensor, generator?: Generator): Tensor {
    return sampleLaplace(this.mean(outputs), this.#scale, generator);
  }
}
