import type { Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';

/** What an encoder says of each image: a diagonal Gaussian over z by mean and LOG-VARIANCE, σ = exp(½·logVar). */
export interface Posterior {
  /** `[batch, latent]` */
  mu: Tensor;
  /** `[batch, latent]` */
  logVar: Tensor;
  /** The features that mu and logVar were computed from, `[batch, features]`, for flows that depend on the image. */
  context?: Tensor | undefined;
}

/** Samples of z and how likely they were. */
export interface Draw {
  /** `[batch, latent]` */
  readonly z: Tensor;
  /** log q(z|x) in nats, `[batch]`. A function, because the closed-form KL has no need of it. */
  logProb(): Tensor;
}

/** q(z|x): how z is drawn, given what the encoder says of each image. */
export interface PosteriorFamily extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Whether z is the Gaussian that the encoder describes, so that a closed-form KL applies. */
  readonly isGaussian: boolean;
  /** z as a differentiable function of the noise ε ~ N(0, I), `[batch, latent]`. */
  draw(q: Posterior, eps: Tensor): Draw;
}
