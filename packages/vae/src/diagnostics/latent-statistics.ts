import { ArgumentError, Generator } from '@varigrad/core';
import type { Dataset } from '../data/dataset.js';
import { closedFormKl, hasClosedFormKl, isLatentModel } from '../estimators/latent-model.js';
import type { GenerativeModel } from '../models/model.js';
import { Moments } from './moments.js';
import { type BatchwiseOptions, overBatches } from './over-batches.js';

/** A dimension is active if the variance of its mean over the data is above this. */
export const ACTIVE_VARIANCE = 0.01;

/** How a data set's codes lie in latent space. */
export interface LatentStatistics {
  /** Images. */
  count: number;
  /** Variance over the data of each dimension's code (of a posterior: its mean mu), `[latent]`. */
  variance: Float64Array;
  /** The largest |code| of all images and dimensions. */
  largest: number;
  /** Dimensions whose variance is above 0.01, counted from 0. @see Burda, Grosse & Salakhutdinov 2016, §5.2, arXiv:1509.00519 */
  active: number[];
  /** The aggregate posterior, 1/N Σₙ q(z|xₙ); of a deterministic code its distribution over the data, of a flow that before the flow. */
  aggregate: {
    /** `[latent]` */
    mean: Float64Array;
    /** `[latent]` */
    std: Float64Array;
    /** Cov(mu) + mean of diag(σ²), row by row `[latent · latent]`. */
    covariance: Float64Array;
  };
  /** Mean KL(q(z|x) ‖ p(z)) of each dimension in nats, `[latent]`; null where there is no formula by dimension. */
  klPerDimension: Float64Array | null;
}

/**
 * Moments of the codes and of the aggregate posterior, active units and the KL by dimension, in one pass over the data.
 * @throws ArgumentError if there are no images or the batch size is no whole number above 0
 */
export async function latentStatistics(
  model: GenerativeModel,
  data: Dataset,
  options: BatchwiseOptions = {},
): Promise<LatentStatistics> {
  if (data.count === 0) throw new ArgumentError('latentStatistics', 'the data set has no images');
  const { latent } = model;
  const codes = new Moments(latent);
  const spread = new Moments(latent); // of the posterior's variances
  const divergence = new Moments(latent);
  const isLatent = isLatentModel(model);
  const hasKl = isLatent && hasClosedFormKl(model);
  let largest = 0;
  await overBatches(
    model,
    data,
    options,
    new Generator(options.seed ?? 0),
    ({ x, labels }) => {
      if (!isLatent) return [model.codes(x, labels)];
      const q = model.encode(x, labels);
      return [q.mu, q.logVar.exp(), ...(hasKl ? [closedFormKl(model, x, labels)] : [])];
    },
    ([mu, variances, kl]) => {
      codes.add(mu as ArrayLike<number>);
      if (variances !== undefined) spread.add(variances);
      if (kl !== undefined) divergence.add(kl);
      for (const value of Array.from(mu as ArrayLike<number>)) largest = Math.max(largest, Math.abs(value));
    },
  );
  const covariance = codes.covariance();
  const variance = diagonal(covariance, latent);
  spread.mean.forEach((value, i) => {
    covariance[i * latent + i] = (covariance[i * latent + i] as number) + value;
  });
  return {
    count: data.count,
    variance,
    largest,
    active: [...variance.keys()].filter((i) => (variance[i] as number) > ACTIVE_VARIANCE),
    aggregate: {
      mean: codes.mean,
      std: diagonal(covariance, latent).map(Math.sqrt),
      covariance,
    },
    klPerDimension: hasKl ? divergence.mean : null,
  };
}

function diagonal(matrix: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => matrix[i * size + i] as number);
}
