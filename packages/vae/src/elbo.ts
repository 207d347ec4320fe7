/** The evidence lower bound and related bounds for one batch of images. */
import { ArgumentError, eye, formatShape, type Generator, ShapeError, Tensor } from '@varigrad/core';
import { checkAmount, checkFinite, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import { batchMean } from '@varigrad/core/compile';
import { checkFields, checkSameShape } from './checks.js';
import type { Posterior } from './posteriors/posterior.js';

/** The negative evidence lower bound and its two parts: scalars in nats per image, to be minimised. */
export interface Elbo {
  /** The training loss. With the default options it is −ELBO = recon + kl ≥ −log p(x). */
  loss: Tensor;
  /** −log p(x|z): summed over pixels, averaged over the batch. */
  recon: Tensor;
  /** KL(q(z|x) ‖ p(z)): summed over latent dimensions, averaged over the batch; never negative in closed form. */
  kl: Tensor;
}

/** Options of a model's `elbo`. */
export interface ElboOptions {
  /** Class of each image as one-hot rows `[batch, classes]`. Conditional models require it; other models ignore it. */
  labels?: Tensor | undefined;
  /** The noise, with the shape that `noise` gives. Default: drawn from `generator`. */
  eps?: Tensor | undefined;
  /** Source of the noise; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
  /**
   * Weight of the KL term in `loss`, or of the total correlation in a TC-VAE; 1 gives the true bound. A number is a constant of a
   * compiled step, so a weight that changes is a scalar tensor. @see Higgins et al. 2017 (β-VAE)
   */
  beta?: number | Tensor;
  /**
   * Nats of KL per latent dimension that cost nothing: in `loss`, a dimension whose KL (its mean over the batch) is below this value
   * counts as this value. Default 0. @see Kingma et al. 2016, App. C.8, arXiv:1606.04934
   */
  freeBits?: number;
  /** The encoder's input in place of x, `[batch, pixels]`, such as x with noise. The loss still compares with x. */
  input?: Tensor | undefined;
  /** What the model's own `schedules` give for this step, as numbers or scalar tensors. Default: what they give for step 0. */
  scheduled?: Readonly<Record<string, number | Tensor | undefined>> | undefined;
}

const ELBO_OPTIONS: OptionNames<ElboOptions> = {
  beta: true,
  freeBits: true,
  labels: true,
  eps: true,
  generator: true,
  input: true,
  scheduled: true,
};

/** Checks the arguments of a model's `elbo`. @throws ArgumentError for a wrong value, ShapeError for a wrong shape */
export function checkElboArguments(x: Tensor, options: ElboOptions): void {
  checkTensor('elbo', x, 'x');
  if (x.rank !== 2)
    throw new ShapeError('elbo', [x.shape], `x must be [batch, pixels], found ${formatShape(x.shape)}`);
  checkOptions('elbo', options, ELBO_OPTIONS, 'x, ');
  const { beta = 1, freeBits = 0, scheduled = {}, ...rest } = options;
  checkFactor('beta', beta);
  checkAmount('elbo', 'freeBits', freeBits);
  for (const [name, value] of Object.entries(scheduled))
    if (value !== undefined) checkFactor(`scheduled.${name}`, value);
  if (rest.labels !== undefined) checkTensor('elbo', rest.labels, 'labels');
  for (const name of ['eps', 'input'] as const) if (rest[name] !== undefined) checkRows(name, rest[name], x);
}

/** @throws ArgumentError unless `value` is a finite number or a tensor; ShapeError unless the tensor is a scalar */
function checkFactor(name: string, value: number | Tensor): void {
  if (!(value instanceof Tensor)) checkFinite('elbo', name, value);
  else if (value.rank > 0)
    throw new ShapeError(
      'elbo',
      [value.shape],
      `${name} must be a scalar, found ${formatShape(value.shape)}`,
    );
}

/** @throws ShapeError unless `t` has a row for each image: one that broadcasts would be shared by all images */
function checkRows(name: string, t: Tensor, x: Tensor): void {
  checkTensor('elbo', t, name);
  if (t.shape[0] === x.shape[0]) return;
  const problem = `${name} must have one row for each of ${x.shape[0]} images, found ${formatShape(t.shape)}`;
  throw new ShapeError('elbo', [t.shape, x.shape], problem);
}

/** recon + beta · kl, the training loss. */
export function weightedSum(recon: Tensor, kl: Tensor, beta: number | Tensor): Tensor {
  return recon.add(beta === 1 ? kl : kl.mul(beta));
}

/** Throws if beta or freeBits is set for a model without a KL term. @param model - its name in the message, such as 'an autoencoder' */
export function refuseKlWeights(model: string, { beta = 1, freeBits = 0 }: ElboOptions): void {
  if (beta !== 1 || freeBits !== 0)
    throw new ArgumentError('elbo', `${model} has no KL term — leave out beta and freeBits`);
}

/** One term per sample of z, in nats: `[batch, samples]`. Every bound is a combination of these terms. */
export interface SampleTerms {
  /** log p(x|z) */
  likelihood: Tensor;
  /** log p(z) */
  prior: Tensor;
  /** log q(z|x) */
  posterior: Tensor;
}

/** log w = log p(x|z) + log p(z) − log q(z|x), `[batch, samples]`. */
export function logWeights(terms: SampleTerms): Tensor {
  checkFields('logWeights', 'the argument', terms, ['likelihood', 'prior', 'posterior']);
  const { likelihood, prior, posterior } = terms;
  for (const [name, t] of Object.entries({ likelihood, prior, posterior }))
    checkTensor('logWeights', t, name);
  checkSameShape('logWeights', { likelihood, prior });
  checkSameShape('logWeights', { likelihood, posterior });
  return likelihood.add(prior).sub(posterior);
}

/**
 * The importance-weighted bound of log p(x), log 1/k Σᵢ wᵢ. With one sample it is the ELBO; more samples make it tighter.
 * @param logW - log wᵢ, `[batch, samples]`
 * @returns nats, `[batch]`
 * @see Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519
 */
export function importanceWeightedBound(logW: Tensor): Tensor {
  checkTensor('importanceWeightedBound', logW, 'logW');
  return logW.logSumExp({ axis: 1 }).sub(Math.log(logW.shape[1]!));
}

/**
 * The KL term of a loss with free bits: Σⱼ max(KLⱼ, freeBits), where KLⱼ is the mean over the batch.
 * @param klPerDimension - nats, `[batch, latent]`
 * @returns nats, a scalar
 * @throws ArgumentError if freeBits is negative
 */
export function klWithFreeBits(klPerDimension: Tensor, freeBits: number): Tensor {
  return batchMean(klPerDimension, { axis: 0 }).clamp({ min: freeBits }).sum();
}

/** Repeats each row `samples` times in a row: `[batch, features]` → `[batch · samples, features]`. */
export function repeatRows(x: Tensor, samples: number): Tensor {
  if (samples === 1) return x;
  const [batch, features] = x.shape as [number, number];
  return x
    .unsqueeze(1)
    .expand([batch, samples, features])
    .reshape([batch * samples, features]);
}

/** One-hot rows of class 0, 1, …, repeated for each of `rows` rows: `[rows · classes, classes]`. */
export function everyClass(rows: number, classes: number): Tensor {
  return eye(classes)
    .unsqueeze(0)
    .expand([rows, classes, classes])
    .reshape([rows * classes, classes]);
}

/** Applies `repeatRows` to a posterior's parameters. */
export function repeatPosterior({ mu, logVar, context }: Posterior, samples: number): Posterior {
  return {
    mu: repeatRows(mu, samples),
    logVar: repeatRows(logVar, samples),
    context: context && repeatRows(context, samples),
  };
}
