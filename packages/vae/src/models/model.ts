import type { Generator, Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';
import type { Elbo, ElboOptions, SampleTerms } from '../elbo.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import type { Posterior, PosteriorFamily } from '../posteriors/posterior.js';
import type { Prior } from '../priors/prior.js';

/** The interface that training, evaluation and figures need of any model, autoencoders included. */
export interface GenerativeModel extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Number of values of an image: its pixels, times its channels. */
  readonly inputSize: number;
  /** Length of an image's code. */
  readonly latent: number;
  /** Number of classes of a conditional model; 0 for an unconditional model. */
  readonly classes: number;
  /** Whether rows of `labels` may be zero, for images of unknown class. Default: they may not. */
  readonly acceptsUnknownLabels?: boolean;
  readonly likelihood: Likelihood;
  /**
   * The noise that `elbo` uses for `count` images, with one row (or block) per image along axis 0; null if it uses none.
   * Evaluation draws it once for a whole data set, so that the result does not depend on the batch size.
   */
  noise(count: number, generator?: Generator): Tensor | null;
  /**
   * The numbers of the model's own schedules at a training step, counted from 0: for example, a temperature. Training passes them to
   * `elbo` as scalar tensors, in `scheduled`. Default: the model has no schedule.
   */
  schedules?(step: number): Readonly<Record<string, number>>;
  /** The training loss and its parts, scalars in nats per image. */
  elbo(x: Tensor, options?: ElboOptions): Elbo;
  /** The code of each image (for a posterior, its mean), `[batch, latent]`. */
  codes(x: Tensor, labels?: Tensor): Tensor;
  /** The likelihood's parameters: `[batch, latent]` → `[batch, outputs]`. */
  decode(z: Tensor, labels?: Tensor): Tensor;
  /** Codes of new images: samples of the prior, or of the distribution that a model without a prior uses instead; `[count, latent]`. */
  samplePrior(
    count: number,
    options?: { labels?: Tensor | undefined; generator?: Generator | undefined },
  ): Tensor;
}

/** A model whose code is a continuous random variable z, so that log p(x) can be estimated. */
export interface LatentModel extends GenerativeModel {
  readonly posterior: PosteriorFamily;
  readonly prior: Prior;
  /** The parameters of q(z|x) for each image. */
  encode(x: Tensor, labels?: Tensor): Posterior;
  /**
   * The terms of every bound, for `samples` samples of z per image.
   * @param eps - noise ε ~ N(0, I), `[batch, samples, latent]`
   */
  sampleTerms(x: Tensor, eps: Tensor, labels?: Tensor): SampleTerms;
}
