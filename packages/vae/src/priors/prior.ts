import type { Generator, Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';
import type { Posterior } from '../posteriors/posterior.js';

/** What a prior may look at besides its own parameters. */
export interface PriorContext {
  /** Class of each z as one-hot rows `[batch, classes]`, in a conditional model. */
  labels?: Tensor | undefined;
  /** The model's encoder; VampPrior is made of it. */
  encode(x: Tensor): Posterior;
}

/** p(z): how codes are distributed before any image is seen. */
export interface Prior extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** log p(z), `[batch, latent]` → `[batch]` in nats. */
  logProb(z: Tensor, context: PriorContext): Tensor;
  /** `[count, latent]`, independent draws. */
  sample(count: number, context: PriorContext, options?: { generator?: Generator | undefined }): Tensor;
  /**
   * KL(q ‖ p) of a diagonal Gaussian in closed form, dimension by dimension: `[batch, latent]` in nats. Priors
   * that have none leave it out; then the KL is estimated from the samples of z.
   */
  klPerDimension?(q: Posterior, context: PriorContext): Tensor;
}
