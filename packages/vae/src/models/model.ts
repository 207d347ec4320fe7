import type { Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';
import type { Elbo, ElboOptions, Posterior } from '../elbo.js';
import type { Likelihood } from '../likelihoods/likelihood.js';

/** What training, evaluation and figures ask of a model. */
export interface LatentModel extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  readonly latent: number;
  readonly likelihood: Likelihood;
  /** Number of classes the model is told about; 0 for an unconditional model. */
  readonly classes: number;
  encode(x: Tensor, labels?: Tensor): Posterior;
  decode(z: Tensor, labels?: Tensor): Tensor;
  elbo(x: Tensor, options?: ElboOptions): Elbo;
}
