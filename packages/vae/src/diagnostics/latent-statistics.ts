import { Generator, randn, type Tensor } from '@varigrad/core';
import { checkOptions } from '@varigrad/core/checks';
import { checkImages, checkModel } from '../checks.js';
import { binarizeDataset } from '../data/binarize.js';
import type { Dataset } from '../data/dataset.js';
import { closedFormKl, hasClosedFormKl, isLatentModel } from '../estimators/latent-model.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { BATCHWISE_OPTIONS, type BatchwiseOptions, type ImageTensors, overImages } from '../over-batches.js';
import { Moments } from './moments.js';

/** A dimension is active if the variance of its code over the data exceeds this. */
export const ACTIVE_VARIANCE = 0.01;

/** Statistics of a data set's codes. The code of an image is the result of `codes`; for a posterior it is the mean mu. */
export interface LatentStatistics {
  /** Number of images. */
  count: number;
  /** Variance of each dimension's code over the data, `[latent]`. */
  variance: Float64Array;
  /** The largest |code| over all images and dimensions. */
  largest: number;
  /** Dimensions whose variance is above 0.01, counted from 0. @see Burda, Grosse & Salakhutdinov 2016, §5.2, arXiv:1509.00519 */
  active: number[];
  /** Moments of the aggregate posterior, 1/N Σₙ q(z|xₙ). For a deterministic code: moments of the codes. */
  aggregate: {
    /** Mean, `[latent]`. */
    mean: Float64Array;
    /** Standard deviation, `[latent]`. */
    std: Float64Array;
    /**
     * Covariance, row by row, `[latent · latent]`. For a Gaussian posterior it is Cov(mu) + the mean of diag(σ²); for a flow, the
     * covariance of one sample per image.
     */
    covariance: Float64Array;
  };
  /** Mean KL(q(z|x) ‖ p(z)) of each dimension in nats, `[latent]`; null if there is no closed form per dimension. */
  klPerDimension: Float64Array | null;
}

/**
 * Computes the moments of the codes and of the aggregate posterior, the active units, and the KL of each dimension, in one pass over
 * the data.
 * @throws ArgumentError if there are no images, or the batch size is not a whole number above 0
 */
export function latentStatistics(
  model: GenerativeModel,
  data: Dataset,
  options: BatchwiseOptions = {},
): Promise<LatentStatistics> {
  return onOneBackend(async () => {
    checkModel('latentStatistics', model);
    checkImages('latentStatistics', data);
    checkOptions('latentStatistics', options, BATCHWISE_OPTIONS, 'model, data, ');
    const { batchSize, binarization = 'none', seed = 0, compile } = options;
    const { latent } = model;
    const generator = new Generator(seed);
    const noise = randn([data.count, latent], { generator });
    const codes = new Moments(latent);
    const draws = new Moments(latent); // means mu of Gaussian posteriors
    const variances = new Moments(latent); // σ² of Gaussian posteriors
    const divergences = new Moments(latent);
    let largest = 0;
    await overImages(
      model,
      binarizeDataset(data, binarization, generator),
      { batchSize, compile },
      {
        rows: { noise },
        compute: (inputs) => latentTerms(model, inputs),
        use: ([code, draw, variance, divergence]) => {
          codes.add(code as ArrayLike<number>);
          draws.add(draw as ArrayLike<number>);
          variances.add(variance ?? []);
          divergences.add(divergence ?? []);
          for (const value of Array.from(code as ArrayLike<number>))
            largest = Math.max(largest, Math.abs(value));
        },
      },
    );
    noise.dispose();
    const covariance = draws.covariance();
    variances.mean.forEach((value, i) => {
      covariance[i * latent + i]! += value;
    });
    const variance = diagonal(codes.covariance(), latent);
    return {
      count: data.count,
      variance,
      largest,
      active: [...variance.keys()].filter((i) => variance[i]! > ACTIVE_VARIANCE),
      aggregate: { mean: draws.mean, std: diagonal(covariance, latent).map(Math.sqrt), covariance },
      klPerDimension: isLatentModel(model) && hasClosedFormKl(model) ? divergences.mean : null,
    };
  });
}

/**
 * Three groups of tensors `[size, latent]`: the codes; samples of z (for a Gaussian posterior, its means, followed by its variances);
 * the KL of each dimension, if a closed form exists.
 */
function latentTerms(
  model: GenerativeModel,
  { x, labels, noise }: ImageTensors & { noise: Tensor },
): Tensor[] {
  const codes = model.codes(x, labels);
  if (!isLatentModel(model)) return [codes, codes];
  const q = model.encode(x, labels);
  if (!model.posterior.isGaussian) return [codes, model.posterior.draw(q, noise).z];
  const kl = hasClosedFormKl(model) ? [closedFormKl(model, q, labels)] : [];
  return [codes, q.mu, q.logVar.exp(), ...kl];
}

function diagonal(matrix: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
}
