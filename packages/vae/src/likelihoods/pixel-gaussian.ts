import { ArgumentError, type Generator, type Tensor } from '@varigrad/core';
import { checkChoice, checkNumber, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import { type Description, type DiagonalGaussian, Module } from '@varigrad/nn';
import { gaussianLogProb, reparameterize } from '../distributions/gaussian.js';
import { LINKS, linkMean, type MeanLink } from './gaussian.js';
import type { Likelihood } from './likelihood.js';
import { checkOutputs, checkRange } from './support.js';

/** Options of the Gaussian decoder with a σ for each pixel. */
export interface PixelGaussianOptions {
  /** Bounds of log σ². Default −4.5 (σ ≥ 0.105) and 0 (σ ≤ 1). Without a lower bound, the density of a constant pixel grows without limit. */
  minLogVar?: number;
  maxLogVar?: number;
  /** See `MeanLink`. Default 'identity'. */
  link?: MeanLink;
}

const PIXEL_GAUSSIAN_OPTIONS: OptionNames<PixelGaussianOptions> = {
  minLogVar: true,
  maxLogVar: true,
  link: true,
};

/** Each pixel is normally distributed. The decoder gives its mean and its log-variance. */
export class PixelGaussian extends Module implements Likelihood {
  readonly kind = 'pixel-gaussian';
  readonly outputsPerPixel = 2;
  readonly #bounds: { min: number; max: number };
  readonly #link: MeanLink;

  /** @throws ArgumentError unless minLogVar ≤ maxLogVar, both finite */
  constructor(options: PixelGaussianOptions = {}) {
    super();
    checkOptions('PixelGaussian', options, PIXEL_GAUSSIAN_OPTIONS);
    const { minLogVar = -4.5, maxLogVar = 0, link = 'identity' } = options;
    for (const [name, value] of Object.entries({ minLogVar, maxLogVar }))
      checkNumber('PixelGaussian', name, value, Number.isFinite(value), 'that is finite');
    checkChoice('PixelGaussian', 'link', link, LINKS);
    if (!(minLogVar <= maxLogVar))
      throw new ArgumentError('PixelGaussian', `minLogVar ${minLogVar} is above maxLogVar ${maxLogVar}`);
    this.#bounds = { min: minLogVar, max: maxLogVar };
    this.#link = link;
  }

  /** −Σ_pixels ½(log 2π + logVar + (x − mu)²/σ²), nats per image `[batch]`. @throws ArgumentError if x is not finite */
  logProb(outputs: Tensor, x: Tensor): Tensor {
    checkRange('PixelGaussian', x, -Infinity, Infinity, 'a Gaussian needs finite numbers');
    const { mu, logVar } = this.#parts(outputs);
    checkOutputs('PixelGaussian', outputs, x, this.outputsPerPixel);
    return gaussianLogProb(x, mu, logVar);
  }

  mean(outputs: Tensor): Tensor {
    return this.#parts(outputs).mu;
  }

  sample(outputs: Tensor, generator?: Generator): Tensor {
    return reparameterize(this.#parts(outputs), { generator });
  }

  override describe(): Description {
    return [`logVar ${this.#bounds.min} to ${this.#bounds.max}`, `${this.#link} link`];
  }

  /** Splits `[batch, 2 · pixels]` into the mean and the bounded log-variance, each `[batch, pixels]`. */
  #parts(outputs: Tensor): DiagonalGaussian {
    checkTensor('PixelGaussian', outputs, 'outputs');
    const [mean, logVar] = outputs.split((outputs.shape[1] as number) / 2, { axis: 1 }) as [Tensor, Tensor];
    return { mu: linkMean(mean, this.#link), logVar: logVar.clamp(this.#bounds) };
  }
}
