/** Measures a trained model. */
import { Generator } from '@varigrad/core';
import { binarizeDataset } from '../data/binarize.js';
import type { Dataset } from '../data/dataset.js';
import { classifierAccuracy, type ImageClassifier } from '../diagnostics/classifier.js';
import { describeCollapse } from '../diagnostics/collapse.js';
import { latentStatistics } from '../diagnostics/latent-statistics.js';
import { isLatentModel } from '../estimators/latent-model.js';
import { estimateLogLikelihood } from '../estimators/log-likelihood.js';
import { type EvaluateOptions, evaluate } from '../evaluate.js';
import type { Losses } from '../meter.js';
import type { GenerativeModel } from '../models/model.js';
import { collapseAdvice } from './advice.js';
import { lossTextOf, modelEntry } from './build-model.js';
import { counted } from './progress.js';
import type { LoadedModel } from './read-model.js';
import type { RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** The measured numbers. Losses are in nats per image. */
export interface Measurement extends Losses {
  run: string;
  model: RunConfig['model'];
  weights: LoadedModel['weights'];
  images: number;
  targets: RunConfig['binarization'];
  units: 'nats per image';
  /** recon + kl, if the loss is a bound on −log p(x). */
  negativeElbo?: number;
  /** Number of active dimensions of z (their code varies over the images) and of all dimensions. */
  latent?: { active: number; dimensions: number; collapse: string };
  /** Share of images that a classifying model assigns to their class. */
  accuracy?: number;
  /** −log p(x), or −log p(x|y) of a conditional model, estimated by importance sampling. */
  nll?: { nll: number; standardError: number; samples: number; of: 'p(x)' | 'p(x|y)' };
}

/** Options of `measureRun`. */
export interface MeasureOptions extends Pick<EvaluateOptions, 'batchSize' | 'seed' | 'compile'> {
  /** Importance samples per image for the estimate of −log p(x). Default 0: no estimate. */
  importanceSamples?: number;
}

/** Measures a trained model on test images. @throws UsageError for importance samples of a model whose log p(x) cannot be estimated */
export async function measureRun(
  { path, config, model, weights }: LoadedModel,
  test: Dataset,
  { importanceSamples = 0, ...rest }: MeasureOptions = {},
): Promise<Measurement> {
  const options = { ...rest, binarization: config.binarization };
  const losses = await evaluate(model, test, options);
  return {
    run: path,
    model: config.model,
    weights,
    images: test.count,
    targets: config.binarization,
    units: 'nats per image',
    ...losses,
    ...(modelEntry(config).hasBound === true && { negativeElbo: losses.recon + losses.kl }),
    ...(isLatentModel(model) && {
      latent: await describeLatent(model, test, options, collapseAdvice(config)),
    }),
    ...(isClassifier(model) && { accuracy: await readingAccuracy(model, test, options) }),
    ...(importanceSamples > 0 && { nll: await estimateNll(model, test, importanceSamples, options) }),
  };
}

function isClassifier(model: object): model is ImageClassifier {
  return 'classify' in model;
}

function readingAccuracy(
  model: ImageClassifier,
  test: Dataset,
  { binarization = 'none', seed = 0 }: EvaluateOptions,
): Promise<number> {
  return classifierAccuracy(model, binarizeDataset(test, binarization, new Generator(seed)));
}

async function describeLatent(
  model: GenerativeModel,
  test: Dataset,
  options: EvaluateOptions,
  advice: string,
): Promise<NonNullable<Measurement['latent']>> {
  const statistics = await latentStatistics(model, test, options);
  return {
    active: statistics.active.length,
    dimensions: model.latent,
    collapse: describeCollapse(statistics, advice),
  };
}

async function estimateNll(
  model: GenerativeModel,
  test: Dataset,
  samples: number,
  { seed, binarization, compile }: EvaluateOptions,
): Promise<NonNullable<Measurement['nll']>> {
  if (!isLatentModel(model))
    throw new UsageError(
      `--importance-samples: model ${model.kind} has no continuous z with a density, so log p(x) cannot be estimated`,
    );
  const estimate = await estimateLogLikelihood(model, test, {
    samples,
    seed,
    binarization,
    compile,
  });
  return {
    nll: estimate.nll,
    standardError: estimate.standardError,
    samples,
    of: model.classes > 0 ? 'p(x|y)' : 'p(x)',
  };
}

/** Formats a measurement as text. */
export function measurementText(measured: Measurement): string {
  const { run, model, weights, images, targets, nll, latent, accuracy } = measured;
  return [
    `${run}: ${model.toUpperCase()}, ${weights} weights, ${counted(images, 'test image')}, targets ${targets}; nats per image`,
    lossTextOf(measured)(measured),
    ...(latent === undefined ? [] : [latent.collapse]),
    ...(accuracy === undefined ? [] : [`images assigned to their class: ${(100 * accuracy).toFixed(2)} %`]),
    ...(nll === undefined
      ? []
      : [
          `−log ${nll.of} = ${nll.nll.toFixed(2)} ± ${Number(nll.standardError.toPrecision(1))} by ${nll.samples} importance samples per image`,
        ]),
  ].join('\n');
}
