/**
 * Explains a loss or a weight that is NaN or infinite. Training reads the losses only from time to time. After a failure, the epoch is
 * therefore replayed from its beginning with the same noise, up to the step that failed; that step is then checked operation by operation.
 */
import {
  BackendError,
  formatShape,
  type Generator,
  type GeneratorState,
  type Tensor,
  VarigradError,
} from '@varigrad/core';
import { detectAnomaly, NotFiniteError, withRecorder } from '@varigrad/core/trace';
import type { Module, Optimizer, OptimizerState, StateDict } from '@varigrad/nn';
import type { Binarization } from './data/binarize.js';
import type { Dataset } from './data/dataset.js';
import type { StepImages } from './data/step-images.js';
import { overLosses } from './evaluate.js';
import type { GenerativeModel } from './models/model.js';
import { onOneBackend } from './one-backend.js';

/** Training met a NaN or an Infinity. The model is left as it was before the step that failed, or as it was evaluated. */
export class TrainingError extends VarigradError {
  override readonly name = 'TrainingError';
  readonly epoch: number;
  /** Step of the epoch, counted from 1; null if the evaluation after the epoch failed. */
  readonly step: number | null;
  /** The message without its prefix and without the advice. */
  readonly reason: string;
  /** What often helps, or ''. */
  readonly advice: string;
  /** The operation that produced the first NaN or Infinity, if it was an operation. */
  override readonly cause: NotFiniteError | undefined;

  constructor(epoch: number, step: number | null, what: string, advice = '', cause?: NotFiniteError) {
    const reason = `${step === null ? 'the evaluation after' : `step ${step} of`} epoch ${epoch}: ${what}`;
    super('fit', advice === '' ? reason : `${reason} — ${advice}`);
    this.epoch = epoch;
    this.step = step;
    this.reason = reason;
    this.advice = advice;
    this.cause = cause;
  }
}

const ADVICE = 'a smaller learning rate or a limit of the gradients (clipNorm) often helps';

/** Generators, and their states at some moment. */
export type GeneratorStates = readonly (readonly [Generator, GeneratorState])[];

/** A copy of everything that a training step changes, except the generator of its noise. */
export class TrainingSnapshot {
  readonly #weights: StateDict;
  readonly #optimizer: OptimizerState;
  readonly #generators: GeneratorStates;

  private constructor(weights: StateDict, optimizer: OptimizerState, generators: GeneratorStates) {
    this.#weights = weights;
    this.#optimizer = optimizer;
    this.#generators = generators;
  }

  static async of(model: Module, optimizer: Optimizer): Promise<TrainingSnapshot> {
    const generators = statesOf(generatorsOf(model)); // read before the copies are awaited
    const state = await Promise.all([model.stateDictAsync(), optimizer.stateDictAsync()]);
    return new TrainingSnapshot(...state, generators);
  }

  restore(model: Module, optimizer: Optimizer): void {
    model.loadStateDict(this.#weights);
    optimizer.loadStateDict(this.#optimizer);
    restoreAll(this.#generators);
  }
}

/** The generators that a model's layers were given. */
export function generatorsOf(model: Module): Generator[] {
  return Array.from(model.namedGenerators(), ([, generator]) => generator);
}

export function statesOf(generators: readonly Generator[]): GeneratorStates {
  return generators.map((generator) => [generator, generator.state] as const);
}

export function restoreAll(states: GeneratorStates): void {
  for (const [generator, state] of states) generator.state = state;
}

/** Part of an epoch that failed, with what is needed to run it again. */
export interface FailedSteps {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /** The state before the first of these steps. */
  readonly start: TrainingSnapshot;
  readonly epoch: number;
  /** Number of earlier steps in the epoch. */
  readonly stepsBefore: number;
  /** The noise of these steps, from its beginning. */
  readonly generator: Generator;
  readonly batches: Iterable<StepImages> | AsyncIterable<StepImages>;
  /** Computes the losses and gradients of a step without changing the weights. @returns `[3]` */
  gradients(batch: StepImages, step: number): Tensor;
  /** Updates the weights by these gradients. */
  update(step: number): void;
}

/** Repeats the steps up to the one that fails, and explains the failure. The model is left as it was before that step. */
export async function explainFailure(failed: FailedSteps): Promise<TrainingError> {
  const { model, optimizer, start, epoch, generator } = failed;
  start.restore(model, optimizer);
  let step = failed.stepsBefore;
  for await (const batch of failed.batches) {
    const before = await TrainingSnapshot.of(model, optimizer);
    const noise = generator.state;
    // A forward pass in training mode changes buffers, such as the statistics of a batch normalization.
    const goBack = (): void => {
      before.restore(model, optimizer);
      generator.state = noise;
    };
    const compute = (): Tensor => failed.gradients(batch, step);
    const weight = await firstNotFinite(model.namedTensors());
    if (weight !== undefined) {
      const what = describeWeight(weight, compute);
      goBack();
      return new TrainingError(epoch, step + 1, what);
    }
    const losses = compute();
    const isLossFinite = isFiniteArray(await losses.data());
    const gradients = gradientsOf(model);
    const bad = await firstNotFinite(gradients);
    if (!isLossFinite || bad !== undefined) {
      goBack();
      const [anomaly] = findAnomaly(model, compute);
      goBack();
      const place = bad === undefined ? 'the loss' : `the gradient of ${bad.name}`;
      const what = anomaly?.message ?? `${place} is NaN or Infinity`;
      return new TrainingError(epoch, step + 1, what, ADVICE, anomaly);
    }
    const largest = await largestOf(gradients);
    failed.update(step);
    const moved = await firstNotFinite(model.namedTensors());
    step++;
    if (moved === undefined) continue;
    const { kind, learningRate } = optimizer;
    goBack();
    return new TrainingError(
      epoch,
      step,
      `the step of '${kind}' made ${moved.name} NaN or Infinity, with learning rate ${learningRate} and ` +
        `gradients up to ${short(largest)}`,
      ADVICE,
    );
  }
  return new TrainingError(epoch, step, 'a loss was NaN or Infinity, but not when the steps were repeated');
}

/** Repeats an evaluation that has failed, and explains the failure. */
export function explainEvaluation(
  model: GenerativeModel,
  epoch: number,
  data: Dataset,
  binarization: Binarization,
): Promise<TrainingError> {
  return onOneBackend(async () => {
    const anomalies: NotFiniteError[] = [];
    const watch = (losses: () => Tensor): readonly Tensor[] => {
      if (anomalies.length === 0) anomalies.push(...findAnomaly(model, losses));
      return [];
    };
    await overLosses(model, data, { binarization, compile: false }, watch, () => {});
    const [anomaly] = anomalies;
    return new TrainingError(epoch, null, anomaly?.message ?? 'the loss is NaN or Infinity', ADVICE, anomaly);
  });
}

/** Runs `compute` with a check after every operation: at most one anomaly, and none on a device that cannot be read in between. */
function findAnomaly(model: Module, compute: () => Tensor): NotFiniteError[] {
  try {
    detectAnomaly(compute, { modules: model.namedModules() }).dispose();
  } catch (error) {
    if (error instanceof NotFiniteError) return [error];
    if (!(error instanceof BackendError)) throw error;
  }
  return [];
}

type Named = readonly [name: string, tensor: Tensor];

interface NotFinite {
  readonly name: string;
  readonly tensor: Tensor;
  readonly values: ArrayLike<number>;
}

async function firstNotFinite(tensors: Iterable<Named>): Promise<NotFinite | undefined> {
  for (const [name, tensor] of tensors) {
    const values = await tensor.data();
    if (!isFiniteArray(values)) return { name, tensor, values };
  }
  return undefined;
}

/** Whether all weights and buffers of a model are finite. */
export async function hasFiniteWeights(model: Module): Promise<boolean> {
  return (await firstNotFinite(model.namedTensors())) === undefined;
}

function gradientsOf(model: Module): Named[] {
  return Array.from(model.namedParameters()).flatMap(([name, parameter]) => {
    const gradient = parameter.peekGrad();
    return gradient === null ? [] : [[name, gradient] as const];
  });
}

async function largestOf(tensors: readonly Named[]): Promise<number> {
  let largest = 0;
  for (const [, tensor] of tensors)
    for (const value of await tensor.data()) largest = Math.max(largest, Math.abs(value));
  return largest;
}

function isFiniteArray(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** A weight that was NaN or infinite before the step, and the first operation that uses it. */
function describeWeight({ name, tensor, values }: NotFinite, compute: () => Tensor): string {
  let user = '';
  const recorder = {
    operation({ op, inputs }: { op: string; inputs: readonly Tensor[] }): void {
      if (user === '' && inputs.includes(tensor)) user = op;
    },
    gradient(): void {},
  };
  withRecorder(recorder, compute).dispose();
  const finite = Array.from(values).filter(Number.isFinite);
  const [least, most] = finite.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const range = finite.length === 0 ? 'none finite' : `others from ${short(least!)} to ${short(most!)}`;
  const use = user === '' ? '' : `, an input of ${user}`;
  return (
    `${name} ${formatShape(tensor.shape)}${use}, held NaN or Infinity before the step: ${values.length - finite.length} of ` +
    `${values.length} values, ${range} — load weights that are finite`
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
