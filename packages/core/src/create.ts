/** Functions that create tensors. */

import { allocate } from './backend/allocate.js';
import type { HostArray } from './backend/backend.js';
import { backend } from './backend/current.js';
import {
  checkArray,
  checkBoolean,
  checkNumber,
  checkTensor,
  checkText,
  checkUnitInterval,
  checkValues,
  describeValue,
} from './checks/arguments.js';
import { checkOptions, type OptionNames } from './checks/options.js';
import { kernelsOf, uploadTo } from './compile/active.js';
import { ArgumentError, type Shape } from './errors.js';
import { flattenNested, type NestedArray } from './nested-arrays.js';
import { defaultGenerator, Generator } from './random.js';
import { checkFilled, checkIndexable, checkShape, sizeOf } from './shape.js';
import { Tensor, wrap } from './tensor.js';

/** Options of every function that makes a leaf tensor. */
export interface CreateOptions {
  /** Whether `backward` computes a gradient for the tensor. Default false. */
  requiresGrad?: boolean;
  /** A name for error messages and graph drawings; see `Tensor.named`. */
  name?: string;
}

const CREATE_OPTIONS: OptionNames<CreateOptions> = { requiresGrad: true, name: true };

/** Options of `tensor`. */
export interface TensorOptions extends CreateOptions {
  /** Default: the shape of the nested arrays, or `[length]` for a typed array. */
  shape?: Shape;
}

const TENSOR_OPTIONS: OptionNames<TensorOptions> = { shape: true, ...CREATE_OPTIONS };

/** Options of the random functions. The default generator is the one that `manualSeed` seeds. */
export interface RandomOptions extends CreateOptions {
  generator?: Generator | undefined;
}

const RANDOM_OPTIONS: OptionNames<RandomOptions> = { generator: true, ...CREATE_OPTIONS };

/**
 * A tensor of the given values: a number, nested arrays, or a flat array with its shape. Values are copied.
 * @throws ShapeError if nested arrays are ragged or the number of values does not fit the shape; ArgumentError for values
 * that are not numbers
 */
export function tensor(
  values: NestedArray | readonly number[] | HostArray | Uint8Array | Int32Array | Uint32Array,
  options: TensorOptions = {},
): Tensor {
  checkOptions('tensor', options, TENSOR_OPTIONS, 'values, ');
  const nested = typeof values === 'number' || Array.isArray(values);
  if (!nested && !isNumbers(values)) throw noValues(values);
  const flat = nested
    ? flattenNested(values as NestedArray)
    : { data: values as HostArray, shape: [values.length] };
  const wanted = options.shape ?? flat.shape;
  checkArray('tensor', 'the shape', wanted, 'values, { shape: ', ' }');
  checkFilled('tensor', flat.data.length, wanted);
  return leaf('tensor', wrap(uploadTo(backend(), flat.data), [...wanted]), options);
}

/** Whether the values are a typed array of numbers. */
function isNumbers(values: unknown): boolean {
  return ArrayBuffer.isView(values) && 'length' in values && !/^Big/.test(values.constructor.name);
}

function noValues(found: unknown): ArgumentError {
  const fix = found instanceof Tensor ? ' — use clone() or detach() to copy a tensor' : '';
  const expected = 'values must be a number, nested arrays of numbers or a typed array';
  return new ArgumentError('tensor', `${expected}, found ${describeValue(found)}${fix}`);
}

function leaf(op: string, t: Tensor, { requiresGrad = false, name = '' }: CreateOptions): Tensor {
  checkText(op, 'name', name);
  checkBoolean(op, 'requiresGrad', requiresGrad);
  t.label = name;
  return requiresGrad ? t.requiresGrad_() : t;
}

/** A tensor filled with `value`. @throws ArgumentError unless every axis length is an integer ≥ 0 */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  checkNumber('full', 'the value', value);
  return filled('full', shape, value, options);
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor =>
  filled('zeros', shape, 0, options);

/** A tensor of ones. */
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => filled('ones', shape, 1, options);

function filled(op: string, shape: Shape, value: number, options: CreateOptions): Tensor {
  checkShape(op, shape);
  checkOptions(op, options, CREATE_OPTIONS, op === 'full' ? 'shape, value, ' : 'shape, ');
  return leaf(op, wrap(kernelsOf(backend()).fill(sizeOf(shape), value), [...shape]), options);
}

/** The identity matrix `[n, n]`. @throws ArgumentError unless n is a whole number ≥ 0 */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  checkShape('eye', [n]);
  checkShape('eye', [n, n]);
  checkOptions('eye', options, CREATE_OPTIONS, 'n, ');
  const values = allocate('eye', 4 * n * n, () => new Float32Array(n * n));
  for (let i = 0; i < n; i++) values[i * (n + 1)] = 1;
  return tensor(values, { ...options, shape: [n, n] });
}

/**
 * start, start + step, … up to `end`, which is excluded. `arange(n)` gives 0 … n − 1.
 * @throws ArgumentError if step is 0 or a number is not finite
 */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  checkOptions('arange', options, CREATE_OPTIONS, 'start, end, step, ');
  const [first, last] = end === undefined ? [0, start] : [start, end];
  if (step === 0 || !Number.isFinite(step))
    throw new ArgumentError('arange', `step must be finite and not 0, found ${describeValue(step)}`);
  if (!Number.isFinite(first) || !Number.isFinite(last)) {
    throw new ArgumentError(
      'arange',
      `start and end must be finite numbers, found ${describeValue(first)} and ${describeValue(last)}`,
    );
  }
  const count = Math.max(0, Math.ceil((last - first) / step));
  return sequence('arange', count, (i) => first + i * step, options);
}

/**
 * `count` evenly spaced numbers from start to end, both included.
 * @throws ArgumentError unless start and end are numbers and count is a whole number ≥ 0
 */
export function linspace(start: number, end: number, count: number, options: CreateOptions = {}): Tensor {
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'end', end);
  checkOptions('linspace', options, CREATE_OPTIONS, 'start, end, count, ');
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return sequence('linspace', count, (i) => (i > 0 && i === count - 1 ? end : start + i * step), options);
}

/** The tensor of f(0) … f(count − 1), computed in float64. */
function sequence(op: string, count: number, f: (i: number) => number, options: CreateOptions): Tensor {
  checkShape(op, [count]);
  const values = allocate(op, 8 * count, () => new Float64Array(count));
  for (let i = 0; i < count; i++) values[i] = f(i);
  return tensor(values, options);
}

/** Uniform samples in [0, 1): multiples of 2⁻²⁴. */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  draws('rand', 'uniform', shape, options);

/** Samples of the standard normal distribution N(0, 1), of magnitude 5.77 at most. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  draws('randn', 'normal', shape, options);

function draws(op: string, kernel: 'uniform' | 'normal', shape: Shape, options: RandomOptions): Tensor {
  checkShape(op, shape);
  const generator = generatorOf(op, 'shape, ', options);
  const [state, skip] = generator.takeRows(sizeOf(shape), shape[0]);
  const size = skip + sizeOf(shape);
  const drawn = wrap(kernelsOf(backend())[kernel](size, state), skip === 0 ? [...shape] : [size]);
  return leaf(op, skip === 0 ? drawn : drawn.slice(skip).reshape(shape), options);
}

/** Checks the options of a random function and returns its generator. @param before - the arguments before them, for messages */
function generatorOf(op: string, before: string, options: RandomOptions): Generator {
  checkOptions(op, options, RANDOM_OPTIONS, before);
  const { generator = defaultGenerator() } = options;
  if (generator instanceof Generator) return generator;
  const found = describeValue(generator);
  throw new ArgumentError(op, `generator must be a Generator, found ${found} — write new Generator(seed)`);
}

/**
 * One Bernoulli sample per element: 1 with probability p, else 0. Not differentiable.
 * @param p - probabilities in [0, 1], of any shape
 * @throws ArgumentError unless p is a tensor of numbers in [0, 1]; values on a device are not checked
 */
export function bernoulli(p: Tensor, options: RandomOptions = {}): Tensor {
  checkTensor('bernoulli', p, 'p');
  const generator = generatorOf('bernoulli', 'p, ', options);
  checkValues(p, (values) =>
    checkUnitInterval('bernoulli', 'probabilities', values, 'use sigmoid() for logits'),
  );
  return leaf('bernoulli', rand(p.shape, { generator }).lt(p.detach()), options);
}

/** The numbers 0 … n − 1 in random order, `[n]`. @throws ArgumentError unless n is a whole number from 0 to 2²⁴, exact in float32 */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkShape('randperm', [n]);
  checkIndexable('randperm', n);
  const order = generatorOf('randperm', 'n, ', options).permutation(n);
  return leaf('randperm', tensor(order), options);
}

/**
 * One-hot rows of class numbers: `[count]` → `[count, classes]`, with a 1 at the label and 0 elsewhere.
 * @throws ArgumentError for a label that is not a whole number in 0 … classes − 1
 */
export function oneHot(labels: ArrayLike<number>, classes: number, options: CreateOptions = {}): Tensor {
  if (!Array.isArray(labels) && !isNumbers(labels)) {
    const found = describeValue(labels);
    throw new ArgumentError('oneHot', `labels must be an array of whole numbers, found ${found}`);
  }
  checkShape('oneHot', [classes]);
  checkShape('oneHot', [labels.length, classes]);
  checkOptions('oneHot', options, CREATE_OPTIONS, 'labels, classes, ');
  const size = labels.length * classes;
  const data = allocate('oneHot', 4 * size, () => new Float32Array(size));
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new ArgumentError(
        'oneHot',
        `labels must be whole numbers in 0 … ${classes - 1}, found ${describeValue(label)} at index ${i}`,
      );
    }
    data[i * classes + label] = 1;
  }
  return tensor(data, { ...options, shape: [labels.length, classes] });
}

/** A trainable tensor: a copy of `values` that requires a gradient, in resident memory where the backend has it. */
export function parameter(values: Tensor): Tensor {
  checkTensor('parameter', values, 'values');
  const own = values.detach().clone();
  own.storage.persist();
  return own.requiresGrad_();
}
