/** The checkpoint of a run: weights, the state of the optimizer and the position in one file, so that they always match. */
import { VarigradError } from '@varigrad/core';
import { describeValue, isPlainObject } from '@varigrad/core/checks';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Module,
  type Optimizer,
  type StateDict,
} from '@varigrad/nn';
import { isAmount, isWhole } from '../checks.js';
import type { TrainState } from '../train.js';
import { checkGenerators, hasTrainState } from '../train-checks.js';
import { withPath } from './weights-file.js';

type OptimizerState = ReturnType<Optimizer['stateDict']>;

/** The contents of a checkpoint. */
export interface Checkpoint {
  readonly model: StateDict;
  readonly optimizer: OptimizerState;
  readonly train: TrainState;
}

export function encodeCheckpoint({ model, optimizer, train }: Checkpoint): Uint8Array {
  const { tensors, ...settings } = optimizer;
  const all = { ...prefixed('model.', model), ...prefixed('optimizer.', tensors) };
  return encodeSafetensors(all, { train: JSON.stringify(train), optimizer: JSON.stringify(settings) });
}

/**
 * Reads a checkpoint and checks that its position is possible. The steps of the optimizer must be those of the finished epochs, all of
 * one length, and of the epoch in progress.
 * @param path - the file, for messages
 * @throws VarigradError with the path if the file is damaged, is no checkpoint, or has an impossible position
 */
export function decodeCheckpoint(bytes: Uint8Array, path: string): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const fault = (reason: string): VarigradError => new VarigradError(path, `${reason} — start a new run`);
  const train = parseObject(metadata.train);
  const settings = parseObject(metadata.optimizer);
  if (train === undefined || settings === undefined)
    throw fault(`it is not a checkpoint: '${train === undefined ? 'train' : 'optimizer'}' is missing`);
  if (!isTrainState(train)) throw fault(`the position ${describeValue(train)} is impossible`);
  if (!isOptimizerSettings(settings)) throw fault(`the optimizer ${describeValue(settings)} is impossible`);
  const { epoch, step } = train;
  if (!canHaveTaken(settings.step, epoch, step))
    throw fault(
      `the position, epoch ${epoch}, step ${step}, does not fit the ${settings.step} steps of the optimizer`,
    );
  return {
    model: unprefixed('model.', tensors),
    optimizer: { ...settings, tensors: unprefixed('optimizer.', tensors) },
    train,
  };
}

/**
 * Restores a model and its optimizer.
 * @param path - the file, for messages
 * @throws VarigradError with the path if the checkpoint is of another model or optimizer
 */
export function restore({ model, optimizer }: Checkpoint, into: [Module, Optimizer], path: string): void {
  withPath(path, () => {
    into[1].loadStateDict(optimizer);
    into[0].loadStateDict(model);
  });
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(json: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json ?? '');
    return isPlainObject(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function isTrainState(fields: object): fields is TrainState {
  if (!hasTrainState(fields)) return false;
  try {
    checkGenerators(fields);
    return true;
  } catch {
    return false;
  }
}

function isOptimizerSettings(fields: object): fields is Omit<OptimizerState, 'tensors'> {
  const { kind, step, learningRate }: Partial<Record<keyof OptimizerState, unknown>> = fields;
  return typeof kind === 'string' && isWhole(step, 0) && isAmount(learningRate);
}

/** Whether `taken` steps can be some number of steps in each epoch before `epoch`, and then `step` of a longer epoch. */
function canHaveTaken(taken: number, epoch: number, step: number): boolean {
  if (epoch === 1) return taken === step;
  const perEpoch = (taken - step) / (epoch - 1);
  return Number.isInteger(perEpoch) && perEpoch > step;
}

function prefixed<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [prefix + name, value]));
}

function unprefixed<T>(prefix: string, entries: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(entries).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}
