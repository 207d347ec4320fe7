/** The evidence lower bound and its relatives for one batch of images. */
import { ArgumentError, eye, type Generator, type Tensor } from '@varigrad/core';
import { checkNumber, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import type { Posterior } from './posteriors/posterior.js';

/** The negative evidence lower bound and its two parts: scalars in nats per image, to be minimised. */
export interface Elbo {
  /** What training minimises. With the default options it is −ELBO = recon + kl ≥ −log p(x). */
  loss: Tensor;
  /** −log p(x|z): summed over pixels, averaged over the batch. */
  recon: Tensor;
  /** KL(q(z|x) ‖ p(z)): summed over latent dimensions, averaged over the batch; ≥ 0 in closed form. */
  kl: Tensor;
}

/** Options of a model's `elbo`. */
export interface ElboOptions {
  /** Class of each image as one-hot rows `[batch, classes]`; a conditional model needs it, others have no use for it. */
  labels?: Tensor | undefined;
  /** The noise, as `noise` makes it; drawn if left out. */
  eps?: Tensor | undefined;
  /** Source of the noise; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
  /** Weight of the KL term in `loss`; 1 is the true bound. @see Higgins 2017 (β-VAE) */
  beta?: number;
  /**
   * Nats that each latent dimension may hold for free: in `loss`, the KL of a dimension (its mean over the batch) counts as at
   * least this much. Default 0. @see Kingma et al. 2016, App. C.8, arXiv:1606.04934
   */
  freeBits?: number;
  /** What the encoder sees in place of x, `[batch, pixels]`: x with noise, say. The loss is against x all the same. */
  input?: Tensor | undefined;
  /** Steps of training before this one, for a model with a schedule of its own. Default 0. */
  step?: number;
}

const ELBO_OPTIONS: OptionNames<ElboOptions> = {
  beta: true,
  freeBits: true,
  labels: true,
  eps: true,
  generator: true,
  input: true,
  step: true,
};

/** Checks the arguments of a model's `elbo`. @throws ArgumentError */
export function checkElboArguments(x: Tensor, options: ElboOptions): void {
  checkTensor('elbo', x, 'x');
  checkOptions('elbo', options, ELBO_OPTIONS, 'x, ');
  const { beta = 1, freeBits = 0, step = 0, ...rest } = options;
  checkNumber('elbo', 'beta', beta);
  checkNumber('elbo', 'freeBits', freeBits, freeBits >= 0, 'of at least 0');
  checkNumber('elbo', 'step', step);
  for (const name of ['labels', 'eps', 'input'] as const)
    if (rest[name] !== undefined) checkTensor('elbo', rest[name], name);
}

/** recon + beta · kl: what training minimises. */
export function weightedSum(recon: Tensor, kl: Tensor, beta: number): Tensor {
  return recon.add(beta === 1 ? kl : kl.mul(beta));
}

/** Refuses a weight of the KL term where there is none to weigh. @param model - 'an autoencoder', for the message */
export function refuseKlWeights(model: string, { beta = 1, freeBits = 0 }: ElboOptions): void {
  if (beta !== 1 || freeBits !== 0)
    throw new ArgumentError('elbo', `${model} has no KL term to weigh — leave beta and freeBits out`);
}

/** One term for each sample of z: nats, `[batch, samples]`. Sums and differences of these make every bound. */
export interface SampleTerms {
  /** log p(x|z) */
  likelihood: Tensor;
  /** log p(z) */
  prior: Tensor;
  /** log q(z|x) */
  posterior: Tensor;
}

/** log w = log p(x|z) + log p(z) − log q(z|x), `[batch, samples]`. */
export function logWeights({ likelihood, prior, posterior }: SampleTerms): Tensor {
  return likelihood.add(prior).sub(posterior);
}

/**
 * The importance-weighted bound of log p(x), log 1/k Σᵢ wᵢ: with one sample the ELBO, with more a tighter bound.
 * @param logW - `[batch, samples]`
 * @returns nats, `[batch]`
 * @see Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519
 */
export function importanceWeightedBound(logW: Tensor): Tensor {
  checkTensor('importanceWeightedBound', logW, 'logW');
  return logW.logSumExp({ axis: 1 }).sub(Math.log(logW.shape[1]!));
}

/**
 * Σⱼ max(KLⱼ, freeBits), where KLⱼ is the mean over the batch: the KL term of a loss with free bits.
 * @param klPerDimension - `[batch, latent]`
 */
export function klWithFreeBits(klPerDimension: Tensor, freeBits: number): Tensor {
  return klPerDimension.mean({ axis: 0 }).clamp({ min: freeBits }).sum();
}

/** Each row `samples` times, one after the other: `[batch, features]` → `[batch · samples, features]`. */
export function repeatRows(x: Tensor, samples: number): Tensor {
  if (samples === 1) return x;
  const [batch, features] = x.shape as [number, number];
  return x
    .unsqueeze(1)
    .expand([batch, samples, features])
    .reshape([batch * samples, features]);
}

/** Class 0, 1, … for one row after another, `[rows · classes, classes]`. */
export function everyClass(rows: number, classes: number): Tensor {
  return eye(classes)
    .unsqueeze(0)
    .expand([rows, classes, classes])
    .reshape([rows * classes, classes]);
}

/** `repeatRows` of a posterior's parameters. */
export function repeatPosterior({ mu, logVar, context }: Posterior, samples: number): Posterior {
  return {
    mu: repeatRows(mu, samples),
    logVar: repeatRows(logVar, samples),
    context: context && repeatRows(context, samples),
  };
}
