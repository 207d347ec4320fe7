import { type Generator, rand, type Tensor } from '@varigrad/core';
import { checkChoice, checkNumber, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { LINKS, linkMean, type MeanLink } from './gaussian.js';
import type { Likelihood } from './likelihood.js';
import { checkRange } from './support.js';

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
    checkNumber('Laplace', 'scale', scale, scale > 0, 'above 0');
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
    const distance = x.sub(this.mean(outputs)).abs().div(this.#scale);
    return distance
      .add(Math.log(2 * this.#scale))
      .sum({ axis: -1 })
      .neg();
  }

  mean(outputs: Tensor): Tensor {
    checkTensor('Laplace', outputs, 'outputs');
    return linkMean(outputs, this.#link);
  }

  /** mu − b·sign(v)·log(1 − 2|v|) with v = u − ½ and u uniform in [0, 1). */
  sample(outputs: Tensor, generator?: Generator): Tensor {
    const mean = this.mean(outputs);
    const v = rand(mean.shape, { generator }).sub(0.5);
    // |v| = ½ has the density 0; below it, the logarithm is finite.
    const tail = v
      .abs()
      .mul(-2)
      .clamp({ min: -1 + 2 ** -24 })
      .log1p();
    return mean.sub(v.sign().mul(tail).mul(this.#scale));
  }
}
