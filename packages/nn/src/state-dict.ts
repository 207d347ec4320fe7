/** State dicts: the values of tensors by name, as plain data. */
import {
  ArgumentError,
  formatShape,
  type HostArray,
  type Shape,
  scope,
  sizeOf,
  type Tensor,
  tensor,
  VarigradError,
  withBackend,
} from '@varigrad/core';
import { describeValue, isArrayOf, isPlainObject } from '@varigrad/core/checks';

/** A tensor's values as plain data. */
export interface TensorData {
  shape: Shape;
  data: HostArray;
}

/** Parameters and buffers by their dotted names, as PyTorch names them: `encoder.mu.weight`. */
export type StateDict = Record<string, TensorData>;

/** A state dict that does not match a module. `missing`, `unexpected`, `mismatched` and `conflicting` list the names. */
export class StateDictError extends VarigradError {
  override readonly name = 'StateDictError';
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly mismatched: readonly string[];
  /** Names of one tensor that have different values. */
  readonly conflicting: readonly string[];

  constructor(
    missing: readonly string[],
    unexpected: readonly string[],
    mismatched: readonly string[],
    conflicting: readonly string[] = [],
  ) {
    const part = (what: string, names: readonly string[]) =>
      names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
    const problems = [
      ...part('missing', missing),
      ...part('unexpected', unexpected),
      ...part('of another shape', mismatched),
      ...part('different values for one tensor', conflicting),
    ];
    super('loadStateDict', `${problems.join('; ')} — nothing was loaded`);
    this.missing = missing;
    this.unexpected = unexpected;
    this.mismatched = mismatched;
    this.conflicting = conflicting;
  }
}

/**
 * @param expected - where such an object comes from
 * @throws ArgumentError unless each value is a shape and as many numbers
 */
export function checkStateDict(op: string, state: StateDict, expected: string): void {
  if (!isPlainObject(state)) {
    const fix =
      state instanceof Promise
        ? ' — await it first'
        : typeof state?.stateDict === 'function'
          ? ' — write module.stateDict()'
          : '';
    throw new ArgumentError(op, `the state must be ${expected}, found ${describeValue(state)}${fix}`);
  }
  for (const [name, saved] of Object.entries(state)) {
    if (!isShape(saved?.shape) || saved.data === undefined)
      throw new ArgumentError(op, `'${name}' must be { shape, data }, found ${describeValue(saved)}`);
    const { shape, data } = saved;
    if (!areNumbers(data))
      throw new ArgumentError(op, `'${name}' must have a Float32Array as data, found ${describeValue(data)}`);
    if (data.length !== sizeOf(shape))
      throw new ArgumentError(
        op,
        `'${name}' has ${data.length} values, and its shape ${formatShape(shape)} needs ${sizeOf(shape)}`,
      );
  }
}

function isShape(shape: unknown): boolean {
  return isArrayOf(shape, (length) => Number.isInteger(length) && (length as number) >= 0);
}

/** Float arrays, and arrays of numbers as JSON has them. Integer arrays are refused: quantized weights would load silently. */
function areNumbers(data: unknown): boolean {
  return (
    isArrayOf(data, (value) => typeof value === 'number') ||
    data instanceof Float32Array ||
    data instanceof Float64Array
  );
}

/** Overwrites a tensor on its backend with checked values of its shape. */
export function overwrite(target: Tensor, { shape, data }: TensorData): void {
  withBackend(target.storage.backend, () =>
    scope(() => {
      target.assign(tensor(data, { shape }));
    }),
  );
}

/** Whether two entries of a state dict have the same numbers. NaN equals NaN. */
export function sameValues(a: TensorData, b: TensorData): boolean {
  return a.data.length === b.data.length && a.data.every((value, i) => Object.is(value, b.data[i]));
}
