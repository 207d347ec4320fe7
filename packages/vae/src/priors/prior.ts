import type { Generator, Tensor } from '@varigrad/core';
import type { DiagonalGaussian, Module } from '@varigrad/nn';

/** The inputs of a prior besides its own parameters. */
export interface PriorContext {
  /** Class of each z as one-hot rows `[batch, classes]`, in a conditional model. */
  labels?: Tensor | undefined;
  /** The model's encoder, which VampPrior uses. */
  encode(x: Tensor): DiagonalGaussian;
}

/** p(z): the distribution of codes. */
export interface Prior extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** log p(z), `[batch, latent]` → `[batch]` in nats. */
  logProb(z: Tensor, context: PriorContext): Tensor;
  /** `[count, latent]`, independent samples. */
  sample(count: number, context: PriorContext, options?: { generator?: Generator | undefined }): Tensor;
  /**
   * The closed-form KL(q ‖ p) of a diagonal Gaussian q for each dimension: `[batch, latent]` in nats. Priors without a closed form
   * omit it; the KL is then estimated from samples of z.
   */
  klPerDimension?(q: DiagonalGaussian, context: PriorContext): Tensor;
}
