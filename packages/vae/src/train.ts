import { ArgumentError, Generator, type GeneratorState, scope, type Tensor, tensor } from '@varigrad/core';
import { describeValue, type OptionNames } from '@varigrad/core/checks';
import type { Optimizer } from '@varigrad/nn';
import { checkFitArguments } from './checks.js';
import { type Batch, batches } from './data/batches.js';
import { type Binarization, binarizeBatch, binarizeDataset } from './data/binarize.js';
import type { Dataset } from './data/dataset.js';
import { evaluate } from './evaluate.js';
import { type Losses, Meter, type MeterState, packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import { labelsOf } from './over-batches.js';
import type { BetaSchedule } from './schedules.js';
import {
  explainEvaluation,
  explainFailure,
  hasFiniteWeights,
  type TrainingError,
  TrainingSnapshot,
} from './training-failure.js';

/** How far a run has got. Together with the weights and the optimizer's state, it lets the run continue bit for bit. */
export interface TrainState {
  /** Epoch in progress, counted from 1. */
  epoch: number;
  /** Number of completed steps of this epoch. */
  step: number;
  /** The generator of noise and dynamic binarization, after those steps. */
  generator: GeneratorState;
  /** Sums of this epoch's training losses so far. */
  sums: MeterState;
  /** Seconds spent in this epoch so far. */
  seconds: number;
}

/** One finished epoch: losses in nats per image. */
export interface EpochResult {
  epoch: number;
  train: Losses;
  test: Losses;
  /** Training time of the epoch without the evaluation. */
  seconds: number;
  msPerStep: number;
}

/** The argument of a progress callback, which is called about ten times per second. */
export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  stepsPerEpoch: number;
  /** Mean training loss of this epoch so far, nats per image. */
  loss: number;
  msPerStep: number;
}

/** Options of `fit`. */
export interface FitOptions {
  optimizer: Optimizer;
  epochs: number;
  /** Images per step. Default 128; the last batch of an epoch may be smaller. */
  batchSize?: number | undefined;
  /** How grey values become targets. Default 'none'. */
  binarization?: Binarization;
  /** Seed of shuffling, noise and dynamic binarization, a whole number from 0 to 2³² − 1. Default 0. */
  seed?: number;
  /** Weight of the KL term: a constant, or a function of the step; see `linearWarmUp` and `cyclicWarmUp`. Default 1. */
  beta?: number | BetaSchedule | undefined;
  /** Nats of KL per latent dimension that cost nothing; see `ElboOptions`. Default 0. */
  freeBits?: number;
  /** The state to continue from. Default: the start. */
  state?: TrainState | undefined;
  onProgress?: (progress: Progress) => void;
  /** Called after each epoch; awaited. `next` is the state to save. */
  onEpoch?: (result: EpochResult, next: TrainState) => void | Promise<void>;
  /** An `AbortSignal`; training stops after the step in progress. */
  signal?: { readonly aborted: boolean };
}

const FIT_OPTIONS: OptionNames<FitOptions> = {
  optimizer: true,
  epochs: true,
  batchSize: true,
  binarization: true,
  seed: true,
  beta: true,
  freeBits: true,
  state: true,
  onProgress: true,
  onEpoch: true,
  signal: true,
};

/** Steps between two readings of the losses, and milliseconds between two turns of the event loop. */
const READ_EVERY = 32;
const YIELD_EVERY = 100;

/**
 * Trains a model to maximise the ELBO, and evaluates it on the test set after each epoch.
 * Each epoch has its own generator, seeded by the run's seed and the epoch number, so that a run can be continued exactly.
 * @returns the state to continue from: after the last epoch, or where `signal` stopped the run
 * @throws ArgumentError if the seed is not a whole number below 2³², or the batch size not a whole number above 0
 * @throws TrainingError at a NaN or an Infinity, with the operation, the module and the range of its input. It is thrown before
 * `onEpoch` could save such values. The model is left as it was before the step that failed
 */
export async function fit(
  model: GenerativeModel,
  data: { train: Dataset; test: Dataset },
  options: FitOptions,
): Promise<TrainState> {
  checkFitArguments(model, data, options, FIT_OPTIONS);
  const { epochs, batchSize = 128, binarization = 'none', seed = 0, signal } = options;
  // The epoch number takes the upper half of the generator's seed.
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
    throw new ArgumentError(
      'fit',
      `seed must be a whole number from 0 to 2³² − 1, found ${describeValue(seed)}`,
    );
  const train =
    binarization === 'dynamic' ? data.train : binarizeDataset(data.train, binarization, new Generator(seed));
  let state = options.state ?? startOfEpoch(1, seed);
  while (state.epoch <= epochs && signal?.aborted !== true) {
    const { state: reached, finished } = await trainEpoch(model, train, state, {
      ...options,
      batchSize,
      binarization,
      seed,
    });
    if (!finished) return reached;
    const steps = Math.ceil(train.count / batchSize);
    const test = await evaluate(model, data.test, { binarization });
    if (data.test.count > 0 && !areFinite(test))
      throw await explainEvaluation(model, state.epoch, data.test, binarization);
    const result: EpochResult = {
      epoch: state.epoch,
      train: averages(reached.sums),
      test,
      seconds: reached.seconds,
      msPerStep: (1000 * reached.seconds) / steps,
    };
    state = startOfEpoch(state.epoch + 1, seed);
    await options.onEpoch?.(result, state);
  }
  return state;
}

/** The state before the first step of an epoch. */
function startOfEpoch(epoch: number, seed: number): TrainState {
  return {
    epoch,
    step: 0,
    generator: epochGenerator(epoch, seed).state,
    sums: { loss: 0, recon: 0, kl: 0, count: 0 },
    seconds: 0,
  };
}

/** A separate random stream for each epoch of each seed. */
function epochGenerator(epoch: number, seed: number): Generator {
  return new Generator(BigInt(seed) | (BigInt(epoch) << 32n));
}

type EpochOptions = FitOptions & { batchSize: number; binarization: Binarization; seed: number };

async function trainEpoch(
  model: GenerativeModel,
  train: Dataset,
  from: TrainState,
  options: EpochOptions,
): Promise<{ state: TrainState; finished: boolean }> {
  const { signal, optimizer } = options;
  const { generator, left, stepsPerEpoch } = stepsLeft(train, from, options);
  const start = await TrainingSnapshot.of(model, optimizer);
  const meter = new Meter(from.sums);
  const startTime = performance.now();
  let lastTurn = startTime;
  let step = from.step;
  const seconds = () => from.seconds + (performance.now() - startTime) / 1000;

  model.train();
  for (const batch of left) {
    if (signal?.aborted === true) break;
    const losses = scope(() => {
      const before = lossAndGradients(model, batch, {
        ...options,
        generator,
        epoch: from.epoch,
        step,
        stepsPerEpoch,
      });
      optimizer.step();
      return before;
    });
    meter.add(losses, batch.size);
    step++;
    if (meter.unread >= READ_EVERY && !areFinite(await meter.state())) break;
    if (performance.now() - lastTurn > YIELD_EVERY) {
      const { loss } = await meter.mean();
      if (!Number.isFinite(loss)) break;
      const msPerStep = (1000 * seconds()) / step;
      options.onProgress?.({
        epoch: from.epoch,
        epochs: options.epochs,
        step,
        stepsPerEpoch,
        loss,
        msPerStep,
      });
      await new Promise((resolve) => setTimeout(resolve)); // let signals, timers and the page run
      lastTurn = performance.now();
    }
  }
  const sums = await meter.state();
  if (!areFinite(sums) || !(await hasFiniteWeights(model)))
    throw await explained(model, train, from, { options, start });
  const state = { epoch: from.epoch, step, generator: generator.state, sums, seconds: seconds() };
  return { state, finished: step === stepsPerEpoch };
}

/** The remaining steps of an epoch, and the generator of their noise. */
function stepsLeft(
  train: Dataset,
  from: TrainState,
  { batchSize, seed }: EpochOptions,
): { generator: Generator; left: Iterable<Batch>; stepsPerEpoch: number } {
  const generator = epochGenerator(from.epoch, seed);
  const order = generator.permutation(train.count);
  if (from.step > 0) generator.state = from.generator;
  const left = batches(train, { batchSize, order: order.subarray(from.step * batchSize) });
  return { generator, left, stepsPerEpoch: Math.ceil(train.count / batchSize) };
}

/** Explains why the steps from `from` on produced a NaN or an Infinity. */
function explained(
  model: GenerativeModel,
  train: Dataset,
  from: TrainState,
  { options, start }: { options: EpochOptions; start: TrainingSnapshot },
): Promise<TrainingError> {
  const { generator, left, stepsPerEpoch } = stepsLeft(train, from, options);
  const { epoch, step: stepsBefore } = from;
  return explainFailure({
    model,
    optimizer: options.optimizer,
    start,
    epoch,
    stepsBefore,
    generator,
    batches: left,
    gradients: (batch, step) =>
      lossAndGradients(model, batch, { ...options, generator, epoch, step, stepsPerEpoch }),
  });
}

/** The inputs of one step besides its images; `step` is the number of earlier steps in the epoch. */
type StepOptions = EpochOptions & {
  generator: Generator;
  epoch: number;
  step: number;
  stepsPerEpoch: number;
};

/** Computes the losses of a batch, `[3]`, and leaves the gradients in the parameters. */
function lossAndGradients(model: GenerativeModel, batch: Batch, options: StepOptions): Tensor {
  const { optimizer, generator, beta = 1, freeBits = 0 } = options;
  const step = (options.epoch - 1) * options.stepsPerEpoch + options.step;
  const weight = typeof beta === 'number' ? beta : beta(step);
  const images = options.binarization === 'dynamic' ? binarizeBatch(batch.images, generator) : batch.images;
  const x = tensor(images, { shape: [batch.size, images.length / batch.size] });
  const elbo = model.elbo(x, {
    generator,
    beta: weight,
    freeBits,
    step,
    labels: labelsOf(model, batch.labels),
  });
  optimizer.zeroGrad();
  elbo.loss.backward();
  return packElbo(elbo);
}

function areFinite({ loss, recon, kl }: Losses): boolean {
  return Number.isFinite(loss) && Number.isFinite(recon) && Number.isFinite(kl);
}

function averages({ loss, recon, kl, count }: MeterState): Losses {
  return { loss: loss / count, recon: recon / count, kl: kl / count };
}
