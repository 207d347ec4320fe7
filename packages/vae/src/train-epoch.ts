/** One epoch of training, or the rest of one. */
import { Generator, type GeneratorState, scope, type Tensor } from '@varigrad/core';
import { refusePromise } from '@varigrad/core/checks';
import type { Group } from '@varigrad/core/mpi';
import { type BatchStream, isStream, streamedBatches } from './data/batch-stream.js';
import { type Binarization, binarizeBatch, thresholdBatch } from './data/binarize.js';
import type { Dataset } from './data/dataset.js';
import { type StepImages, stepsInOrder, stepsOfStream } from './data/step-images.js';
import type { Elbo } from './elbo.js';
import { areFinite, Meter, type MeterState, packElbo } from './meter.js';
import type { GenerativeModel } from './models/model.js';
import type { OnBackend } from './one-backend.js';
import type { InputsOf, StepBody } from './train-body.js';
import { COMPARE_EVERY, compareWeights, onAny } from './train-group.js';
import {
  applyGradients,
  type StepOptions,
  type StepSettings,
  setLearningRate,
  stepInputs,
} from './train-step.js';
import {
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
  /** The generator of noise, of dynamic binarization and of layers such as Dropout, after those steps. */
  generator: GeneratorState;
  /** The generators that layers were given, after those steps, by their names in the model; missing if there are none. */
  layerGenerators?: Readonly<Record<string, GeneratorState>>;
  /** Sums of this epoch's training losses so far. */
  sums: MeterState;
  /** Seconds spent in this epoch so far. */
  seconds: number;
}

/** The argument of `onStep`. */
export interface StepResult {
  epoch: number;
  /** Completed steps of this epoch. */
  step: number;
  stepsPerEpoch: number;
  /** The losses before the update, scalars in nats per image. They are freed after the call; `clone()` keeps one. */
  losses: Elbo;
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

/** What an epoch needs besides the model, the images and its start. */
export interface EpochOptions extends StepSettings {
  epochs: number;
  batchSize: number;
  binarization: Binarization;
  seed: number;
  dropLast: boolean;
  onStep?: ((result: StepResult) => unknown) | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: { readonly aborted: boolean } | undefined;
  /** The noise of the run; each epoch sets its state. */
  generator: Generator;
  /** The body of the loop: updates the weights. */
  body: StepBody;
  /** The processes that train together, if there are several. */
  group: Group | undefined;
  on: OnBackend;
}

/** Where an epoch ended. */
export interface EpochEnd {
  state: TrainState;
  finished: boolean;
  /** Whether `onStep` stopped the run. */
  stopped: boolean;
}

/** Steps between two readings of the losses, and milliseconds between two turns of the event loop. */
const READ_EVERY = 32;
const YIELD_EVERY = 100;

/** The state before the first step of an epoch. */
export function startOfEpoch(model: GenerativeModel, epoch: number, seed: number): TrainState {
  return {
    epoch,
    step: 0,
    generator: epochGenerator(epoch, seed).state,
    ...layerGenerators(model),
    sums: { loss: 0, recon: 0, kl: 0, count: 0 },
    seconds: 0,
  };
}

/** A separate random stream for each epoch of each seed. */
function epochGenerator(epoch: number, seed: number): Generator {
  return new Generator(BigInt(seed) | (BigInt(epoch) << 32n));
}

/** The seed of a stream's order: another one than that of the noise. */
function streamSeed(epoch: number, seed: number): bigint {
  return BigInt(seed) | (BigInt(epoch) << 32n) | (1n << 63n);
}

/** The field of the state with the generators that layers were given; none if there are none. */
function layerGenerators(model: GenerativeModel): Pick<TrainState, 'layerGenerators'> {
  const states = Array.from(model.namedGenerators(), ([name, { state }]) => [name, state] as const);
  return states.length === 0 ? {} : { layerGenerators: Object.fromEntries(states) };
}

/** Number of steps of an epoch. */
export function stepsOf(images: number, { batchSize, dropLast }: EpochOptions): number {
  return dropLast ? Math.floor(images / batchSize) : Math.ceil(images / batchSize);
}

/** Trains from a state to the end of its epoch, or until the run is stopped. @throws TrainingError at a NaN or an Infinity */
export async function trainEpoch(
  model: GenerativeModel,
  train: Dataset | BatchStream,
  from: TrainState,
  options: EpochOptions,
): Promise<EpochEnd> {
  const { signal, optimizer, generator, group, on } = options;
  const { epoch } = from;
  for (const [name, generator] of model.namedGenerators())
    generator.state = from.layerGenerators?.[name] ?? generator.state;
  const steps = stepsLeft(model, train, from, options);
  const { stepsPerEpoch } = steps;
  const mayStop = signal !== undefined || options.onStep !== undefined;
  const readEvery = group === undefined ? READ_EVERY : 1; // all processes must end at the same step
  const start = await TrainingSnapshot.of(model, optimizer);
  const meter = new Meter(from.sums);
  const startTime = performance.now();
  let lastTurn = startTime;
  let step = from.step;
  let stopped = false;
  const seconds = () => from.seconds + (performance.now() - startTime) / 1000;

  model.train();
  for await (const batch of steps.left) {
    if (mayStop && onAny(group, signal?.aborted === true || stopped)) break;
    const { values, ...losses } = on(() =>
      scope(() => {
        setLearningRate(steps.options(step));
        return options.body.run(batch.size, steps.inputs(batch, step));
      }),
    );
    meter.add(values, batch.size);
    step++;
    if (group !== undefined && (step % COMPARE_EVERY === 0 || step === stepsPerEpoch))
      compareWeights(group, model, step);
    stopped = 'loss' in losses && callOnStep({ epoch, step, stepsPerEpoch, losses }, options) === false;
    if (meter.unread >= readEvery && !areFinite(await meter.state())) break;
    if (performance.now() - lastTurn > YIELD_EVERY) {
      const { loss } = await meter.mean();
      if (!Number.isFinite(loss)) break;
      callOnProgress({ epoch, step, stepsPerEpoch, loss, seconds: seconds() }, options);
      await new Promise((resolve) => setTimeout(resolve)); // let signals, timers and the page run
      lastTurn = performance.now();
    }
  }
  const sums = await meter.state();
  if (!areFinite(sums) || !(await hasFiniteWeights(model)))
    throw await explained(model, train, from, { options, start });
  const random = { generator: generator.state, ...layerGenerators(model) };
  const state = { epoch, step, ...random, sums, seconds: seconds() };
  return { state, finished: step === stepsPerEpoch, stopped };
}

/** Reports a step, and frees its losses. */
function callOnStep(result: StepResult, { on, onStep }: EpochOptions): unknown {
  const answer = on(() => refusePromise('onStep', onStep?.(result)));
  for (const loss of Object.values(result.losses)) loss.dispose();
  return answer;
}

function callOnProgress(
  { seconds, ...progress }: Omit<Progress, 'epochs' | 'msPerStep'> & { seconds: number },
  { on, onProgress, epochs }: EpochOptions,
): void {
  const msPerStep = (1000 * seconds) / progress.step;
  on(() => refusePromise('onProgress', onProgress?.({ ...progress, epochs, msPerStep })));
}

/** The remaining steps of an epoch. */
interface StepsLeft {
  readonly left: Iterable<StepImages> | AsyncIterable<StepImages>;
  readonly stepsPerEpoch: number;
  /** The inputs of a step. @param step - number of earlier steps in the epoch */
  inputs(batch: StepImages, step: number): InputsOf;
  /** The options of a step. @param step - number of earlier steps in the epoch */
  options(step: number): StepOptions;
}

function stepsLeft(
  model: GenerativeModel,
  train: Dataset | BatchStream,
  from: TrainState,
  options: EpochOptions,
): StepsLeft {
  const { optimizer, beta, freeBits, clipNorm, schedule, generator, batchSize, binarization } = options;
  generator.state = epochGenerator(from.epoch, options.seed).state;
  const stepsPerEpoch = stepsOf(train.count, options);
  const left = isStream(train)
    ? stepsOfStream(
        streamedBatches(train, {
          batchSize,
          seed: streamSeed(from.epoch, options.seed),
          skip: from.step,
          steps: stepsPerEpoch,
        }),
      )
    : stepsInOrder(
        train,
        generator.permutation(train.count).subarray(from.step * batchSize, stepsPerEpoch * batchSize),
        batchSize,
      );
  if (from.step > 0) generator.state = from.generator;
  const before = (from.epoch - 1) * stepsPerEpoch;
  const settings = { optimizer, beta, freeBits, clipNorm, schedule, generator };
  const optionsOf = (step: number): StepOptions => ({ ...settings, step: before + step });
  const targetsOf = (images: Float32Array): Float32Array => {
    if (binarization === 'dynamic') return binarizeBatch(images, generator);
    return isStream(train) && binarization === 'threshold' ? thresholdBatch(images) : images;
  };
  return {
    left,
    stepsPerEpoch,
    inputs: (batch, step) => (share) => {
      const { start, size } = share ?? { start: 0, size: batch.size };
      const own = batch.rows(start, size);
      return stepInputs(model, { ...own, images: targetsOf(own.images) }, optionsOf(step));
    },
    options: optionsOf,
  };
}

/** Explains why the steps from `from` on produced a NaN or an Infinity. */
function explained(
  model: GenerativeModel,
  train: Dataset | BatchStream,
  from: TrainState,
  { options, start }: { options: EpochOptions; start: TrainingSnapshot },
): Promise<TrainingError> {
  const { on, optimizer, generator, body } = options;
  const { left, ...steps } = stepsLeft(model, train, from, options);
  const { epoch, step: stepsBefore } = from;
  const gradients = (batch: StepImages, step: number): Tensor =>
    on(() => scope(() => packElbo(body.gradients(batch.size, steps.inputs(batch, step)))));
  const update = (step: number): void =>
    on(() =>
      scope(() => {
        setLearningRate(steps.options(step));
        applyGradients(steps.options(step));
      }),
    );
  return explainFailure({
    model,
    optimizer,
    start,
    epoch,
    stepsBefore,
    generator,
    batches: left,
    gradients,
    update,
  });
}
