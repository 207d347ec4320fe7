import { ArgumentError, Generator } from '@varigrad/core';
import { describeValue, type OptionNames } from '@varigrad/core/checks';
import { checkFitArguments } from './checks.js';
import { type Binarization, binarizeDataset } from './data/binarize.js';
import type { Dataset } from './data/dataset.js';
import { evaluate } from './evaluate.js';
import { areFinite, averages, type Losses } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import { type OnBackend, onOneBackend } from './one-backend.js';
import {
  type Progress,
  type StepResult,
  startOfEpoch,
  stepOf,
  stepsOf,
  type TrainState,
  trainEpoch,
} from './train-epoch.js';
import { STEP_SETTINGS, type StepSettings } from './train-step.js';
import { explainEvaluation } from './training-failure.js';

export type { Progress, TrainState };

/** One finished epoch: losses in nats per image. */
export interface EpochResult {
  epoch: number;
  train: Losses;
  /** NaN if there are no test images. */
  test: Losses;
  /** Training time of the epoch without the evaluation. */
  seconds: number;
  msPerStep: number;
}

/** Options of `fit`. The steps that `beta` and `schedule` count are those of the whole training, from 0. */
export interface FitOptions extends StepSettings {
  epochs: number;
  /** Images per step. Default 128; the last batch of an epoch may be smaller. */
  batchSize?: number | undefined;
  /** Leaves out the last batch of an epoch if it is smaller. Default false. */
  dropLast?: boolean | undefined;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization;
  /** Seed of shuffling, noise, dynamic binarization and dropout, a whole number from 0 to 2³² − 1. Default 0. */
  seed?: number;
  /** The state to continue from. Default: the start. */
  state?: TrainState | undefined;
  /** Called after each step; not awaited. Training stops after this step if it returns false. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback without a return statement has the type void
  onStep?: ((result: StepResult) => boolean | void) | undefined;
  onProgress?: (progress: Progress) => void;
  /** Called after each epoch; awaited. `next` is the state to save. */
  onEpoch?: (result: EpochResult, next: TrainState) => void | Promise<void>;
  /** An `AbortSignal`; training stops after the step in progress. */
  signal?: { readonly aborted: boolean };
}

/** The test losses without test images. */
const NO_LOSSES: Losses = { loss: Number.NaN, recon: Number.NaN, kl: Number.NaN };

const FIT_OPTIONS: OptionNames<FitOptions> = {
  ...STEP_SETTINGS,
  epochs: true,
  batchSize: true,
  dropLast: true,
  binarization: true,
  seed: true,
  state: true,
  onStep: true,
  onProgress: true,
  onEpoch: true,
  signal: true,
};

/**
 * Trains a model to maximise the ELBO, and evaluates it on the test set after each epoch. A step is `trainStep`.
 *
 * All random numbers come from `seed`: layers such as Dropout draw from the generator of the noise, unless they were given one.
 * Each epoch has its own generator, seeded by the run's seed and the epoch number, so that a run can be continued exactly. All tensors
 * are computed on the backend that is current at the call. Runs at the same time do not influence each other.
 * @returns the state to continue from: after the last epoch, or where `signal` or `onStep` stopped the run
 * @throws ArgumentError if the seed is not a whole number below 2³², the batch size not a whole number above 0, or no batch is left
 * @throws TrainingError at a NaN or an Infinity, with the operation, the module and the range of its input. It is thrown before
 * `onEpoch` could save such values. The model is left as it was before the step that failed
 */
export function fit(
  model: GenerativeModel,
  data: { train: Dataset; test: Dataset },
  options: FitOptions,
): Promise<TrainState> {
  return onOneBackend((on) => run(on, model, data, options));
}

async function run(
  on: OnBackend,
  model: GenerativeModel,
  data: { train: Dataset; test: Dataset },
  options: FitOptions,
): Promise<TrainState> {
  checkFitArguments(model, data, options, FIT_OPTIONS);
  const { epochs, batchSize = 128, binarization = 'none', seed = 0, dropLast = false, signal } = options;
  // The epoch number takes the upper half of the generator's seed.
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
    throw new ArgumentError(
      'fit',
      `seed must be a whole number from 0 to 2³² − 1, found ${describeValue(seed)}`,
    );
  const generator = new Generator();
  const { optimizer, beta, freeBits, clipNorm, onStep } = options;
  const takeStep = stepOf(model, { optimizer, beta, freeBits, clipNorm, generator }, onStep !== undefined);
  const settings = { ...options, batchSize, binarization, seed, dropLast, generator, takeStep, on };
  const steps = stepsOf(data.train.count, settings);
  if (steps === 0) throw noBatch(data.train.count, batchSize);
  if (options.state !== undefined && options.state.step > steps)
    throw new ArgumentError(
      'fit',
      `state is at step ${options.state.step} of an epoch, and an epoch has ${steps} steps — use the images and the batchSize of the run's start`,
    );
  const train =
    binarization === 'dynamic' ? data.train : binarizeDataset(data.train, binarization, new Generator(seed));
  let state = options.state ?? startOfEpoch(model, 1, seed);
  let stopped = false;
  while (state.epoch <= epochs && signal?.aborted !== true && !stopped) {
    const end = await trainEpoch(model, train, state, settings);
    if (!end.finished) return end.state;
    const hasTest = data.test.count > 0;
    const test = hasTest ? await on(() => evaluate(model, data.test, { binarization })) : NO_LOSSES;
    if (hasTest && !areFinite(test))
      throw await on(() => explainEvaluation(model, state.epoch, data.test, binarization));
    const { epoch, sums, seconds } = end.state;
    const result = { epoch, train: averages(sums), test, seconds, msPerStep: (1000 * seconds) / steps };
    state = startOfEpoch(model, epoch + 1, seed);
    const [saved] = on(() => [options.onEpoch?.(result, state)]);
    await saved;
    stopped = end.stopped;
  }
  return state;
}

function noBatch(images: number, batchSize: number): ArgumentError {
  return new ArgumentError(
    'fit',
    images === 0
      ? 'the training set has no images'
      : `dropLast leaves no batch: there are ${images} training images, and a batch has ${batchSize} — choose a smaller batchSize`,
  );
}
