import { ArgumentError, stack } from '@varigrad/core';
import { checkChoice, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import type { Dataset } from '../data/dataset.js';
import type { LatentModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { DRAW_OPTIONS, type DrawOptions, overDraws } from './draws.js';
import { checkLatentModel, closedFormKl, hasClosedFormKl } from './latent-model.js';

/** Options of `estimateElbo`. */
export interface ElboEstimateOptions extends DrawOptions {
  /**
   * 'closed' computes KL(q(z|x) ‖ p(z)) in closed form; 'sampled' averages log q(z|x) − log p(z) over the samples. Default: 'closed'
   * if posterior and prior have a closed form.
   */
  kl?: 'closed' | 'sampled';
}

const ESTIMATE_OPTIONS: OptionNames<ElboEstimateOptions> = { ...DRAW_OPTIONS, kl: true };
const KINDS_OF_KL = { closed: true, sampled: true } as const;

/** −ELBO and its parts with their Monte-Carlo error, nats per image. */
export interface ElboEstimate {
  /** −ELBO = recon + kl */
  loss: number;
  recon: number;
  kl: number;
  /** Standard error of `loss` due to sampling z, for these images. NaN with one sample per image. */
  standardError: number;
  /** Samples per image, L. */
  samples: number;
  /** −ELBO of each image, `[count]`. */
  losses: Float64Array;
}

/** Sums over the samples of one image. */
interface Sums {
  draws: number;
  recon: number;
  kl: number;
  loss: number;
  squares: number;
}

/**
 * −ELBO = E_q[−log p(x|z)] + KL(q(z|x) ‖ p(z)) of a data set, with L samples of z per image.
 * @param options - `samples` is L, default 1
 * @throws ArgumentError if `kl` is 'closed' and no closed form exists, if samples or batchSize is not a whole number above 0, or if
 * there are no images
 * @see Kingma & Welling 2014, eq. 7 and 8, arXiv:1312.6114
 */
export function estimateElbo(
  model: LatentModel,
  data: Dataset,
  options: ElboEstimateOptions = {},
): Promise<ElboEstimate> {
  return onOneBackend(async () => {
    checkLatentModel('estimateElbo', model);
    checkDataset('estimateElbo', data);
    checkOptions('estimateElbo', options, ESTIMATE_OPTIONS, 'model, data, ');
    const { samples = 1, kl = hasClosedFormKl(model) ? 'closed' : 'sampled' } = options;
    checkChoice('estimateElbo', 'kl', kl, KINDS_OF_KL);
    if (kl === 'closed' && !hasClosedFormKl(model))
      throw new ArgumentError(
        'estimateElbo',
        `posterior '${model.posterior.kind}' and prior '${model.prior.kind}' have no closed-form KL — use kl: 'sampled'`,
      );
    const sums = Array.from({ length: data.count }, () => ({
      draws: 0,
      recon: 0,
      kl: 0,
      loss: 0,
      squares: 0,
    }));
    await overDraws(
      'estimateElbo',
      model,
      data,
      { ...options, samples },
      ({ x, eps, labels }) => {
        const { likelihood, prior, posterior } = model.sampleTerms(x, eps, labels);
        const divergence =
          kl === 'sampled'
            ? posterior.sub(prior)
            : closedFormKl(model, model.encode(x, labels), labels)
                .sum({ axis: 1, keepDims: true })
                .expand(likelihood.shape);
        return stack([likelihood.neg(), divergence], { axis: 2 }); // [images, draws, 2]
      },
      (values, { start, images, draws }) => {
        for (let i = 0; i < images * draws; i++) {
          const image = start + Math.floor(i / draws);
          addDraw(sums[image] as Sums, values[2 * i]!, values[2 * i + 1]!);
        }
      },
    );
    const mean = (of: (image: Sums) => number): number =>
      sums.reduce((total, image) => total + of(image), 0) / sums.length;
    return {
      loss: mean(({ loss }) => loss / samples),
      recon: mean(({ recon }) => recon / samples),
      kl: mean((image) => image.kl / samples),
      standardError: Math.sqrt(mean(squaredError) / sums.length),
      samples,
      losses: Float64Array.from(sums, ({ loss }) => loss / samples),
    };
  });
}

function addDraw(sums: Sums, recon: number, kl: number): void {
  const loss = recon + kl;
  sums.draws++;
  sums.recon += recon;
  sums.kl += kl;
  sums.loss += loss;
  sums.squares += loss * loss;
}

/** Squared standard error of one image's mean loss. */
function squaredError({ draws, loss, squares }: Sums): number {
  if (draws < 2) return Number.NaN;
  return Math.max(0, squares / draws - (loss / draws) ** 2) / (draws - 1);
}
