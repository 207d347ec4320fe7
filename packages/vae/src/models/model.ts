import type { Generator, Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';
import type { Elbo, ElboOptions, SampleTerms } from '../elbo.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { Posterior, PosteriorFamily } from '../posteriors/posterior.js';
import type { Prior } from '../priors/prior.js';

/** What training, evaluation and figures ask of any model, an autoencoder included. */
export interface GenerativeModel extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Pixels of an image. */
  readonly inputSize: number;
  /** Numbers in the code of an image. */
  readonly latent: number;
  /** Number of classes the model is told about; 0 for an unconditional model. */
  readonly classes: number;
  /** Whether rows of `labels` may be zero, for images of unknown class; left out: they may not. */
  readonly acceptsUnknownLabels?: boolean;
  readonly likelihood: Likelihood;
  /**
   * The noise that `elbo` uses for `count` images, one row (or block) along axis 0 for each; null if it uses none.
   * Evaluation draws it once for a whole data set, so that its result does not depend on the batch size.
   */
  noise(count: number, generator?: Generator): Tensor | null;
  /** The training loss and its parts, scalars in nats per image. */
  elbo(x: Tensor, options?: ElboOptions): Elbo;
  /** The code of each image (of a posterior: its mean), `[batch, latent]`. */
  codes(x: Tensor, labels?: Tensor): Tensor;
  /** The likelihood's parameters: `[batch, latent]` → `[batch, outputs]`. */
  decode(z: Tensor, labels?: Tensor): Tensor;
  /** Codes of images that nobody has seen: z from the prior, or from what stands in for one; `[count, latent]`. */
  samplePrior(
    count: number,
    options?: { labels?: Tensor | undefined; generator?: Generator | undefined },
  ): Tensor;
}

/** A model whose code is a continuous random variable z, so that log p(x) can be estimated. */
export interface LatentModel extends GenerativeModel {
  readonly posterior: PosteriorFamily;
  readonly prior: Prior;
  /** What the encoder says of each image. */
  encode(x: Tensor, labels?: Tensor): Posterior;
  /**
   * The terms of every bound, for `samples` draws of z an image.
   * @param eps - noise ε ~ N(0, I), `[batch, samples, latent]`
   */
  sampleTerms(x: Tensor, eps: Tensor, labels?: Tensor): SampleTerms;
}
