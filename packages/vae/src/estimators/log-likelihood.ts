import { checkOptions } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import type { Dataset } from '../data/dataset.js';
import { logWeights } from '../elbo.js';
import type { LatentModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { DRAW_OPTIONS, type DrawOptions, overDraws } from './draws.js';
import { checkLatentModel } from './latent-model.js';
import { LogMeanExp } from './log-mean-exp.js';

/** An importance-sampled estimate of log p(x), in nats. */
export interface LogLikelihoodEstimate {
  /** The mean of −log p(x) over the images, nats per image. */
  nll: number;
  /** Standard error of `nll` due to sampling z, for these images. NaN with one sample per image. */
  standardError: number;
  /** Samples per image, k. */
  samples: number;
  /** log p(x) of each image, `[count]`; for a conditional model, log p(x|y). */
  logLikelihoods: Float64Array;
  /** Standard error of each log-likelihood, `[count]`. */
  standardErrors: Float64Array;
  /** Effective number of the k samples, (Σ w)²/Σ w², `[count]`, from 1 to k. Near 1, one sample dominates the estimate. */
  effectiveSamples: Float64Array;
}

/**
 * log p(x) ≈ log 1/k Σᵢ wᵢ, w = p(x|z)·p(z)/q(z|x), z ~ q(z|x), for every image of a data set. The estimate is biased downwards, by
 * about half its squared standard error. The bias shrinks as k grows, so compare models with equal k.
 * @param options - `samples` is k, default 500
 * @throws ArgumentError if samples or batchSize is not a whole number above 0, or there are no images
 * @see Burda, Grosse & Salakhutdinov 2016, §5, arXiv:1509.00519
 */
export function estimateLogLikelihood(
  model: LatentModel,
  data: Dataset,
  options: DrawOptions = {},
): Promise<LogLikelihoodEstimate> {
  return onOneBackend(async () => {
    checkLatentModel('estimateLogLikelihood', model);
    checkDataset('estimateLogLikelihood', data);
    checkOptions('estimateLogLikelihood', options, DRAW_OPTIONS, 'model, data, ');
    const { samples = 500 } = options;
    const means = Array.from({ length: data.count }, () => new LogMeanExp());
    await overDraws(
      'estimateLogLikelihood',
      model,
      data,
      { ...options, samples },
      ({ x, eps, labels }) => logWeights(model.sampleTerms(x, eps, labels)),
      (logW, { start, images, draws }) => {
        for (let i = 0; i < images; i++) {
          const mean = means[start + i] as LogMeanExp;
          for (let s = 0; s < draws; s++) mean.add(logW[i * draws + s]!);
        }
      },
    );
    const logLikelihoods = Float64Array.from(means, ({ value }) => value);
    const standardErrors = Float64Array.from(means, ({ standardError }) => standardError);
    return {
      nll: -logLikelihoods.reduce((sum, value) => sum + value, 0) / data.count,
      standardError: Math.sqrt(standardErrors.reduce((sum, error) => sum + error ** 2, 0)) / data.count,
      samples,
      logLikelihoods,
      standardErrors,
      effectiveSamples: Float64Array.from(means, ({ effectiveCount }) => effectiveCount),
    };
  });
}
