import { ArgumentError, backend, Generator } from '@varigrad/core';
import { describeValue, type OptionNames } from '@varigrad/core/checks';
import type { Group } from '@varigrad/core/mpi';
import { Optimizer } from '@varigrad/nn';
import type { Execution } from './compiled.js';
import { type BatchStream, isStream } from './data/batch-stream.js';
import { type Binarization, binarizeDataset } from './data/binarize.js';
import type { Dataset } from './data/dataset.js';
import { evaluate } from './evaluate.js';
import { areFinite, averages, type Losses } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import { type OnBackend, onOneBackend } from './one-backend.js';
import { type StepBody, wholeBody } from './train-body.js';
import { checkFitArguments } from './train-checks.js';
import {
  type EpochOptions,
  type Progress,
  type StepResult,
  startOfEpoch,
  stepsOf,
  type TrainState,
  trainEpoch,
} from './train-epoch.js';
import { onAny, startTogether } from './train-group.js';
import { shardedBody } from './train-shards.js';
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
  /** How the steps ran. Missing in a result that an older version saved. */
  execution?: Execution | undefined;
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
  /**
   * Whether steps and evaluations are compiled, which changes no bit of the result: their kernels are recorded in the first two steps of
   * each batch size, and replayed in later ones. JavaScript code of the model and of the loss then runs in the recorded steps only.
   * Default true. A step that cannot be compiled runs as it is, and `EpochResult.execution` has the reason.
   */
  compile?: boolean | undefined;
  /**
   * The processes that train together, from `mpi` of `@varigrad/core/mpi`. Each computes a share of every batch. Images, noise and
   * binarization are those of one process, so the result differs from that of one process by rounding only. All processes call `fit`
   * with the same arguments, and get the same result. Default: this process alone.
   */
  group?: Group | undefined;
  /**
   * Whether the bits of the result are the same for every number of processes. Every batch is then cut into `shards` parts of equal or
   * almost equal size, also by one process; batch statistics are those of a part. Default false.
   */
  deterministic?: boolean | undefined;
  /** Parts of a batch if the training is deterministic, a multiple of the number of processes. Default 4. */
  shards?: number | undefined;
  /** An `AbortSignal`; training stops after the step in progress. */
  signal?: { readonly aborted: boolean };
}

/** What `fit` trains and tests on. Training images that do not fit into memory are a stream. */
export interface FitData {
  readonly train: Dataset | BatchStream;
  readonly test: Dataset;
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
  compile: true,
  state: true,
  onStep: true,
  onProgress: true,
  onEpoch: true,
  signal: true,
  group: true,
  deterministic: true,
  shards: true,
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
export function fit(model: GenerativeModel, data: FitData, options: FitOptions): Promise<TrainState> {
  return onOneBackend((on) => run(on, model, data, options));
}

async function run(
  on: OnBackend,
  model: GenerativeModel,
  data: FitData,
  options: FitOptions,
): Promise<TrainState> {
  checkFitArguments(model, data, options, FIT_OPTIONS);
  const { batchSize = 128, binarization = 'none', seed = 0, dropLast = false } = options;
  // The epoch number takes the upper half of the generator's seed.
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
    throw new ArgumentError(
      'fit',
      `seed must be a whole number from 0 to 2³² − 1, found ${describeValue(seed)}`,
    );
  const generator = new Generator();
  const group = options.group?.size === 1 ? undefined : options.group;
  const body = bodyOf(model, generator, group, options);
  const settings = { ...options, batchSize, binarization, seed, dropLast, generator, body, group, on };
  const steps = stepsOf(data.train.count, settings);
  if (steps === 0) throw noBatch(data.train.count, batchSize);
  if (options.state !== undefined && options.state.step > steps)
    throw new ArgumentError(
      'fit',
      `state is at step ${options.state.step} of an epoch, and an epoch has ${steps} steps — use the images and the batchSize of the run's start`,
    );
  checkParts(data.train.count, settings);
  if (group !== undefined) {
    const { state, epochs, beta, freeBits, clipNorm, deterministic, shards } = options;
    const numbers = {
      epochs,
      batchSize,
      dropLast,
      binarization,
      seed,
      beta,
      freeBits,
      clipNorm,
      deterministic,
      shards,
    };
    const start = { ...numbers, state: { ...state, seconds: 0 } };
    await startTogether(group, {
      model,
      optimizer: options.optimizer,
      data,
      machine: backend(),
      options: start,
    });
  }
  const train = targetsOf(data.train, binarization, seed);
  try {
    return await trainEpochs(model, { ...data, train }, settings, options);
  } finally {
    body.dispose();
  }
}

/** The training images under a fixed binarization. Batches of a stream, and dynamic ones, are binarized at each use. */
function targetsOf(train: FitData['train'], binarization: Binarization, seed: number): FitData['train'] {
  if (!isStream(train))
    return binarization === 'dynamic' ? train : binarizeDataset(train, binarization, new Generator(seed));
  if (binarization !== 'static') return train;
  throw new ArgumentError(
    'fit',
    "a stream has no static binarization, which needs all images at once — use 'dynamic' or 'threshold'",
  );
}

/** The body of the training loop, compiled unless there is an obstacle. */
function bodyOf(
  model: GenerativeModel,
  generator: Generator,
  group: Group | undefined,
  {
    optimizer,
    beta,
    freeBits,
    clipNorm,
    onStep,
    compile = true,
    deterministic = false,
    shards = SHARDS,
  }: FitOptions,
): StepBody {
  const isPlain = optimizer.step === Optimizer.prototype.step;
  const obstacle = isPlain ? null : "the optimizer's own step() would not run in replays";
  const body = {
    model,
    step: { optimizer, beta, freeBits, clipNorm, generator },
    isWatched: onStep !== undefined,
    obstacle: compile ? obstacle : 'turned off',
  };
  return deterministic ? shardedBody(body, shards, group) : wholeBody(body, group);
}

/** @param data - its training images are the targets, unless they are a stream or the binarization is dynamic */
async function trainEpochs(
  model: GenerativeModel,
  data: FitData,
  settings: EpochOptions,
  { state: start, onEpoch, compile }: FitOptions,
): Promise<TrainState> {
  const { epochs, binarization, seed, signal, body, group, on } = settings;
  let state = start ?? startOfEpoch(model, 1, seed);
  let stopped = false;
  while (state.epoch <= epochs && !onAny(group, signal?.aborted === true || stopped)) {
    const end = await trainEpoch(model, data.train, state, settings);
    if (!end.finished) return end.state;
    const hasTest = data.test.count > 0;
    const test = hasTest
      ? await on(() => evaluate(model, data.test, { binarization, compile, group }))
      : NO_LOSSES;
    if (hasTest && !areFinite(test))
      throw await on(() => explainEvaluation(model, state.epoch, data.test, binarization));
    const { epoch, step, sums, seconds } = end.state;
    const msPerStep = (1000 * seconds) / step;
    const { execution } = body;
    const result = { epoch, train: averages(sums), test, seconds, msPerStep, execution };
    state = startOfEpoch(model, epoch + 1, seed);
    const [saved] = on(() => [onEpoch?.(result, state)]);
    await saved;
    stopped = end.stopped;
  }
  return state;
}

/** Default of `shards`. */
const SHARDS = 4;

/** @throws ArgumentError if a batch has too few images to be cut, or the processes do not divide the shards */
export function checkParts(
  images: number,
  settings: Pick<EpochOptions, 'batchSize' | 'dropLast' | 'group'> &
    Pick<FitOptions, 'deterministic' | 'shards'>,
): void {
  const { batchSize, dropLast, group, deterministic = false, shards = SHARDS } = settings;
  const processes = group?.size ?? 1;
  if (deterministic && shards % processes !== 0)
    throw new ArgumentError(
      'fit',
      `shards must be a multiple of the number of processes, found ${shards} for ${processes} processes — start as many as divide it, or change shards`,
    );
  const parts = deterministic ? shards : processes;
  const rest = images % batchSize;
  const [which, least] =
    dropLast || rest === 0 || images < batchSize ? ['a', Math.min(images, batchSize)] : ['the last', rest];
  if (least >= parts) return;
  throw new ArgumentError(
    'fit',
    `${which} batch has ${least} ${least === 1 ? 'image' : 'images'} for ${parts} ${deterministic ? 'shards' : 'processes'} — choose another batchSize${which === 'a' ? '' : ', or dropLast'}`,
  );
}

function noBatch(images: number, batchSize: number): ArgumentError {
  return new ArgumentError(
    'fit',
    images === 0
      ? 'the training set has no images'
      : `dropLast leaves no batch: there are ${images} training images, and a batch has ${batchSize} — choose a smaller batchSize`,
  );
}
