/** Two mistakes as parts of a model, so that their effect can be seen. */
import type { Generator, Tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import {
  type Draw,
  GaussianPosterior,
  type Likelihood,
  type Posterior,
  type PosteriorFamily,
} from '@varigrad/vae';

/** A likelihood whose logarithm is averaged over the pixels instead of summed. The KL term then weighs `pixels` times as much. */
export class MeanOverPixels extends Module implements Likelihood {
  readonly kind: string;
  readonly outputsPerPixel: number;

  constructor(
    readonly inner: Likelihood,
    readonly pixels: number,
  ) {
    super();
    this.kind = inner.kind;
    this.outputsPerPixel = inner.outputsPerPixel;
  }

  /** log p(x|z) / pixels, `[batch]` */
  logProb(outputs: Tensor, x: Tensor): Tensor {
    return this.inner.logProb(outputs, x).mul(1 / this.pixels);
  }

  mean(outputs: Tensor): Tensor {
    return this.inner.mean(outputs);
  }

  sample(outputs: Tensor, generator?: Generator): Tensor {
    return this.inner.sample(outputs, generator);
  }
}

/** The Gaussian without the reparameterization: z is a sample, but no function of mu and logVar, so no gradient passes through it. */
export class DetachedPosterior extends Module implements PosteriorFamily {
  readonly kind = 'detached';
  readonly isGaussian = true;
  readonly #gaussian: GaussianPosterior = new GaussianPosterior();

  draw(q: Posterior, eps: Tensor): Draw {
    const { z, logProb } = this.#gaussian.draw(q, eps);
    return { z: z.detach(), logProb };
  }
}
