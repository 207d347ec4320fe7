/** Making tensors. */
import type { HostArray } from './backend/backend.js';
import { backend } from './backend/current.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from './errors.js';
import { defaultGenerator, type Generator } from './random.js';
import { checkShape, sizeOf } from './shape.js';
import { type NestedArray, type Tensor, wrap } from './tensor.js';

/** Options of every function that makes a leaf tensor. */
export interface CreateOptions {
  requiresGrad?: boolean;
}

/** Options of the random ones: the default generator is the one that `manualSeed` seeds. */
export interface RandomOptions extends CreateOptions {
  generator?: Generator | undefined;
}

/**
 * A tensor of given values: a number, nested arrays, or a flat array with its shape. Values are copied.
 * @param shape - default: that of the nesting, or `[length]` for a typed array
 * @throws ShapeError if nested arrays are ragged or the number of values does not fit the shape
 */
export function tensor(
  values: NestedArray | readonly number[] | HostArray | Uint8Array | Int32Array | Uint32Array,
  shape?: Shape,
  options: CreateOptions = {},
): Tensor {
  const nested = typeof values === 'number' || Array.isArray(values);
  const flat = nested
    ? flattenNested(values as NestedArray)
    : { data: values as HostArray, shape: [values.length] };
  const wanted = shape ?? flat.shape;
  checkShape('tensor', wanted);
  if (sizeOf(wanted) !== flat.data.length) {
    throw new ShapeError(
      'tensor',
      [wanted],
      `${flat.data.length} values do not fill ${formatShape(wanted)}, which has ${sizeOf(wanted)} elements`,
    );
  }
  return leaf(wrap(backend().upload(flat.data), [...wanted]), options);
}

function flattenNested(values: NestedArray): { data: number[]; shape: number[] } {
  const shape: number[] = [];
  for (let level: NestedArray | undefined = values; Array.isArray(level); level = level[0])
    shape.push(level.length);
  const data: number[] = [];
  const visit = (value: NestedArray, axis: number): void => {
    const expected = shape[axis];
    const found = Array.isArray(value) ? value.length : undefined;
    if (found !== expected) {
      throw new ShapeError(
        'tensor',
        [shape],
        `nested arrays are ragged: at depth ${axis} one is ${describe(found)} and the first is ${describe(expected)}`,
      );
    }
    if (!Array.isArray(value)) {
      if (typeof value !== 'number')
        throw new ArgumentError('tensor', `values are numbers, not ${typeof value}`);
      data.push(value);
      return;
    }
    for (const item of value) visit(item, axis + 1);
  };
  visit(values, 0);
  return { data, shape };
}

function describe(length: number | undefined): string {
  return length === undefined ? 'a number' : `${length} long`;
}

function leaf(t: Tensor, options: CreateOptions): Tensor {
  return options.requiresGrad === true ? t.requiresGrad_() : t;
}

/** A tensor filled with `value`. */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  checkShape('full', shape);
  return leaf(wrap(backend().kernels.fill(sizeOf(shape), value), [...shape]), options);
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 1, options);

/** The identity matrix `[n, n]`. */
export function eye(n: number): Tensor {
  checkShape('eye', [n]);
  return tensor(
    Float32Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
    [n, n],
  );
}

/**
 * start, start + step, … up to but without `end`. `arange(n)` counts 0 … n − 1.
 * @throws ArgumentError if step is 0 or a number is not finite
 */
export function arange(start: number, end?: number, step = 1): Tensor {
  const [first, last] = end === undefined ? [0, start] : [start, end];
  if (step === 0 || !Number.isFinite(step))
    throw new ArgumentError('arange', `a step of ${step} never arrives`);
  if (!Number.isFinite(first) || !Number.isFinite(last)) {
    throw new ArgumentError('arange', `start and end are finite numbers, not ${first} and ${last}`);
  }
  const count = Math.max(0, Math.ceil((last - first) / step));
  return tensor(Float64Array.from({ length: count }, (_, i) => first + i * step));
}

/** `count` evenly spaced numbers from start to end, both included. */
export function linspace(start: number, end: number, count: number): Tensor {
  checkShape('linspace', [count]);
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return tensor(
    Float64Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? end : start + i * step)),
  );
}

/** Uniform draws in [0, 1). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape('rand', shape);
  const state = (options.generator ?? defaultGenerator()).take(sizeOf(shape));
  return leaf(wrap(backend().kernels.uniform(sizeOf(shape), state), [...shape]), options);
}

/** Draws of the standard normal distribution N(0, 1). */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  checkShape('randn', shape);
  const state = (options.generator ?? defaultGenerator()).take(sizeOf(shape));
  return leaf(wrap(backend().kernels.normal(sizeOf(shape), state), [...shape]), options);
}

/** One draw of 0 or 1 per element, 1 with the probability that p gives. Not differentiable. */
export function bernoulli(p: Tensor, options: RandomOptions = {}): Tensor {
  return rand(p.shape, options).lt(p.detach());
}

/** The numbers 0 … n − 1 in random order. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkShape('randperm', [n]);
  return tensor((options.generator ?? defaultGenerator()).permutation(n));
}

/**
 * Class numbers as rows with a single 1: `[…]` → `[…, classes]`.
 * @throws ArgumentError for a label that is not a whole number in 0 … classes − 1
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Tensor {
  checkShape('oneHot', [classes]);
  const data = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new ArgumentError(
        'oneHot',
        `label ${label} at place ${i} is not a whole number in 0 … ${classes - 1}`,
      );
    }
    data[i * classes + label] = 1;
  }
  return tensor(data, [labels.length, classes]);
}

/** A tensor that `backward` computes gradients for and that lives long: resident where the backend wants it. */
export function parameter(values: Tensor): Tensor {
  const own = values.detach().clone();
  own.storage.persist();
  return own.requiresGrad_();
}
