import type { Tensor } from '@varigrad/core';
import type { DiagonalGaussian, Module } from '@varigrad/nn';

/** The encoder's output for each image: a diagonal Gaussian over z, by its mean and LOG-VARIANCE, σ = exp(½·logVar). */
export interface Posterior extends DiagonalGaussian {
  /** The features from which mu and logVar were computed, `[batch, features]`; flows use them. */
  context?: Tensor | undefined;
}

/** Samples of z and their log-density. */
export interface Draw {
  /** `[batch, latent]` */
  readonly z: Tensor;
  /** log q(z|x) in nats, `[batch]`. It is a function because the closed-form KL does not need it. */
  logProb(): Tensor;
}

/** q(z|x): how z is sampled, given the encoder's output. */
export interface PosteriorFamily extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Whether z follows the encoder's Gaussian itself, so that a closed-form KL applies. */
  readonly isGaussian: boolean;
  /** z as a differentiable function of the noise ε ~ N(0, I), `[batch, latent]`. */
  draw(q: Posterior, eps: Tensor): Draw;
}
