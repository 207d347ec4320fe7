/** Checks of the arguments of `trainStep` and `fit`. */
import { ArgumentError, BackendError, backend, Generator, type GeneratorState } from '@varigrad/core';
import {
  checkBoolean,
  checkFinite,
  checkFunction,
  checkMethod,
  checkNumber,
  checkOptions,
  checkWhole,
  describeValue,
  isPlainObject,
  type OptionNames,
} from '@varigrad/core/checks';
import type { Group } from '@varigrad/core/mpi';
import type { Module, Optimizer } from '@varigrad/nn';
import {
  checkDataset,
  checkModel,
  checkNumberOrFunction,
  checkPixels,
  checkStream,
  isAmount,
  isWhole,
  type Sizes,
} from './checks.js';
import { isStream } from './data/batch-stream.js';

/** The options of a training step whose values are checked, of any type. */
interface StepArguments {
  readonly optimizer: unknown;
  readonly beta?: unknown;
  readonly freeBits?: unknown;
  readonly clipNorm?: unknown;
  readonly schedule?: unknown;
  readonly step?: unknown;
}

/** Checks the values of the options of `trainStep`. @throws ArgumentError */
export function checkStepArguments(op: string, model: Module, options: StepArguments): void {
  const { optimizer, beta = 1, freeBits = 0, clipNorm, schedule, step } = options;
  checkMethod(op, 'optimizer', optimizer, 'step', 'an optimizer, such as new Adam(model.parameters())');
  checkOptimized(op, model, optimizer as Optimizer);
  checkNumberOrFunction(op, 'beta', beta);
  if (typeof beta === 'number') checkFinite(op, 'beta', beta);
  checkNumber(op, 'freeBits', freeBits);
  if (clipNorm !== undefined) checkNumber(op, 'clipNorm', clipNorm, Number(clipNorm) > 0, 'above 0');
  if (schedule !== undefined) checkFunction(op, schedule, 'schedule');
  if (step !== undefined) checkWhole(op, 'step', step, 0);
}

/** The options of `fit` whose values are checked, of any type. */
interface FitArguments extends StepArguments {
  readonly epochs: unknown;
  readonly batchSize?: unknown;
  readonly dropLast?: unknown;
  readonly compile?: unknown;
  readonly state?: unknown;
  readonly signal?: unknown;
  readonly onStep?: unknown;
  readonly onProgress?: unknown;
  readonly onEpoch?: unknown;
  readonly group?: unknown;
  readonly deterministic?: unknown;
  readonly shards?: unknown;
}

/** Checks the arguments of `fit`. @throws ArgumentError */
export function checkFitArguments<Options extends FitArguments>(
  model: unknown,
  data: { readonly train: unknown; readonly test: unknown },
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): void {
  checkModel('fit', model);
  if (typeof data !== 'object' || data === null || !('train' in data && 'test' in data))
    throw new ArgumentError('fit', `data must be { train, test }, found ${describeValue(data)}`);
  if (isStream(data.train)) checkStream(data.train);
  else checkDataset('fit', data.train, 'data.train');
  checkDataset('fit', data.test, 'data.test');
  for (const name of ['train', 'test'] as const)
    checkPixels(`data.${name}`, data[name] as Sizes, (model as { inputSize: number }).inputSize);
  checkOptions('fit', options, names, 'model, data, ');
  const { epochs, batchSize, dropLast = false, compile = true } = options;
  const { state, signal, onStep, onProgress, onEpoch } = options;
  checkStepArguments('fit', model as Module, options);
  checkWhole('fit', 'epochs', epochs, 0);
  if (batchSize !== undefined) checkWhole('fit', 'batchSize', batchSize);
  checkBoolean('fit', 'dropLast', dropLast);
  checkBoolean('fit', 'compile', compile);
  const { group, deterministic = false, shards } = options;
  checkBoolean('fit', 'deterministic', deterministic);
  if (shards !== undefined) checkWhole('fit', 'shards', shards);
  if (shards !== undefined && deterministic === false)
    throw new ArgumentError('fit', 'shards is for deterministic trainings — add deterministic: true');
  if (group !== undefined) checkGroup(group);
  checkSignal(signal);
  if (state !== undefined) checkTrainState(state);
  for (const [name, callback] of Object.entries({ onStep, onProgress, onEpoch }))
    if (callback !== undefined) checkFunction('fit', callback, name);
}

/** Refuses an optimizer of another model, which would leave this one as it is. @throws ArgumentError */
function checkOptimized(op: string, model: Module, { parameters = [] }: Partial<Optimizer>): void {
  const own = model.parameters();
  if (own.length === 0 || own.some((parameter) => parameters.includes(parameter))) return;
  throw new ArgumentError(
    op,
    'the optimizer has none of the parameters of the model — write new Adam(model.parameters())',
  );
}

/** @throws ArgumentError unless `group` is a group; BackendError if its processes cannot exchange values of the current backend */
function checkGroup(group: unknown): void {
  const fix = group instanceof Promise ? 'await mpi()' : 'a group, such as await mpi()';
  checkMethod('fit', 'group', group, 'allReduce', fix);
  const { name, memory } = backend();
  if (memory !== 'host' && (group as Group).size > 1)
    throw new BackendError(
      'fit',
      `processes train together on host backends only, found '${name}' — use the wasm or the native backend`,
    );
}

/** Refuses a controller in place of its signal, which would never stop the run. @throws ArgumentError */
function checkSignal(signal: unknown): void {
  const { aborted, signal: own } = (signal ?? {}) as Readonly<Record<string, unknown>>;
  if (signal === undefined || typeof aborted === 'boolean') return;
  const fix = own === undefined ? '' : ' — write controller.signal';
  throw new ArgumentError('fit', `signal must be an AbortSignal, found ${describeValue(signal)}${fix}`);
}

/** The epoch stands in 32 bits of the generator's seed. */
const MOST_EPOCHS = 2 ** 32 - 1;

/** Whether a value has the fields of a `TrainState`, with values that a run can have; see `checkGenerators` for the generators. */
export function hasTrainState(state: unknown): boolean {
  const { epoch, step, generator, layerGenerators = {}, sums, seconds } = fieldsOf(state);
  const { loss, recon, kl, count } = fieldsOf(sums);
  return (
    isWhole(epoch, 1, MOST_EPOCHS) &&
    isWhole(step, 0) &&
    isWhole(count, 0) &&
    count > 0 === step > 0 &&
    typeof generator === 'object' &&
    isPlainObject(layerGenerators) &&
    [loss, recon, kl].every(Number.isFinite) &&
    isAmount(seconds)
  );
}

/** Checks the generators in a `TrainState`. @throws ArgumentError if one is not the state of a `Generator` */
export function checkGenerators(state: unknown): void {
  const { generator, layerGenerators = {} } = fieldsOf(state);
  // Setting a state checks it.
  for (const saved of [generator, ...Object.values(fieldsOf(layerGenerators))])
    new Generator().state = saved as GeneratorState;
}

function checkTrainState(state: unknown): void {
  if (!hasTrainState(state))
    throw new ArgumentError('fit', `state must be what fit returned, found ${describeValue(state)}`);
  checkGenerators(state);
}

/** The fields of an object of any type; none of null and undefined. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return { ...(value as object | null | undefined) };
}
