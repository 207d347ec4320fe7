import { type Generator, randn, type Tensor } from '@varigrad/core';
import { klStandardNormal } from '@varigrad/nn';
import type { Likelihood } from './likelihoods/likelihood.js';

/** A diagonal Gaussian over z: mean and LOG-VARIANCE, σ = exp(½·logVar), each `[batch, latent]`. */
export interface Posterior {
  mu: Tensor;
  logVar: Tensor;
}

/** The negative evidence lower bound and its two parts: scalars in nats per image, to be minimised. */
export interface Elbo {
  /** recon + beta·kl; with beta = 1 it is −ELBO ≥ −log p(x). */
  loss: Tensor;
  /** −log p(x|z): summed over pixels, averaged over the batch. */
  recon: Tensor;
  /** KL(q(z|x) ‖ N(0, I)) ≥ 0: summed over latent dimensions, averaged over the batch. */
  kl: Tensor;
}

/** Options of a model's `elbo`. */
export interface ElboOptions {
  /** Class of each image as one-hot rows `[batch, classes]`; the conditional VAE needs it, the VAE has no use for it. */
  labels?: Tensor;
  /** The noise ε ~ N(0, I), `[batch, latent]`; drawn if left out. */
  eps?: Tensor;
  /** Source of the noise; default: the generator that `manualSeed` seeds. */
  generator?: Generator;
  /** Weight of the KL term; 1 is the true bound. @see Higgins 2017 (β-VAE) */
  beta?: number;
}

/**
 * z = mu + σ·ε with ε ~ N(0, I): a sample of the posterior as a differentiable function of mu and logVar.
 * @param eps - `[batch, latent]`; drawn if left out
 * @see Kingma & Welling 2014, §2.4, arXiv:1312.6114
 */
export function reparameterize(
  { mu, logVar }: Posterior,
  options: { eps?: Tensor; generator?: Generator } = {},
): Tensor {
  const { generator } = options;
  const eps = options.eps ?? randn(mu.shape, generator === undefined ? {} : { generator });
  return mu.add(logVar.mul(0.5).exp().mul(eps));
}

/**
 * −ELBO = E_q[−log p(x|z)] + beta · KL(q(z|x) ‖ N(0, I)), with one sample of z per image.
 * @param outputs - the decoder's outputs for the sampled z, `[batch, pixels]`
 * @param x - the images, same shape
 * @returns nats per image: sum over pixels and latent dimensions, mean over the batch
 */
export function negativeElbo(
  posterior: Posterior,
  outputs: Tensor,
  x: Tensor,
  likelihood: Likelihood,
  beta = 1,
): Elbo {
  const recon = likelihood.negLogProb(outputs, x).mean();
  const kl = klStandardNormal(posterior.mu, posterior.logVar);
  return { loss: recon.add(beta === 1 ? kl : kl.mul(beta)), recon, kl };
}
