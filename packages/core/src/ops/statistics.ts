/** Functions that are composed of reductions: means, spreads, norms and products. */
import { checkBoolean, checkFinite, checkNumber } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { operandOf } from '../operand.js';
import {
  type Axes,
  normalizeAxes,
  REDUCE_OPTIONS,
  type ReduceOptions,
  reducedShape,
  sizeOf,
} from '../shape.js';
import type { Tensor, TensorLike } from '../tensor.js';
import { concat } from './pieces.js';
import { amax, amin, sum } from './reduce.js';

/** Number of elements that are reduced to one. */
function countOf(op: string, x: Tensor, axis: Axes | undefined): number {
  return sizeOf(normalizeAxes(op, axis, x.rank).map((a) => x.shape[a]!));
}

/** Σ x / n over `axis` (default: all axes); NaN over an empty axis. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('mean', options, REDUCE_OPTIONS);
  const t = operandOf('mean', x);
  const count = countOf('mean', t, options.axis);
  return sum(t, options).div(count);
}

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** The divisor is n − correction: 1 (default) gives the unbiased estimate, 0 the variance of the population. */
  correction?: number;
}

const VARIANCE_OPTIONS: OptionNames<VarianceOptions> = { ...REDUCE_OPTIONS, correction: true };

/** x − mean, and the divisor of its squares. */
function centred(
  op: string,
  x: TensorLike,
  options: VarianceOptions,
): { differences: Tensor; divisor: number; where: ReduceOptions } {
  checkOptions(op, options, VARIANCE_OPTIONS);
  const { correction = 1, ...where } = options;
  checkFinite(op, 'correction', correction);
  const t = operandOf(op, x);
  const count = countOf(op, t, where.axis);
  const differences = t.sub(mean(t, { ...where, keepDims: true }));
  return { differences, divisor: Math.max(0, count - correction), where };
}

/** Σ(x − mean)² / (n − correction) over `axis`. Divided by 0 for n ≤ correction, as in PyTorch: NaN for one element. */
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  const { differences, divisor, where } = centred('variance', x, options);
  return sum(differences.square(), where).div(divisor);
}

/** x for x ≥ 0. No gradient flows back where x = 0: there the derivative of a root is infinite. */
const flatAtZero = (x: Tensor): Tensor => x.eq(0).where(0, x);

/** √variance, as a norm: no square overflows or underflows. The gradient is 0 where all elements are equal. */
export function std(x: TensorLike, options: VarianceOptions = {}): Tensor {
  const { differences, divisor, where } = centred('std', x, options);
  return norm(differences, where).div(Math.sqrt(divisor));
}

/** Options of `norm`. */
export interface NormOptions extends ReduceOptions {
  /** The exponent, any number. Default 2. Infinity is the largest |x|, −Infinity the smallest, 0 the number of x ≠ 0. */
  p?: number;
}

const NORM_OPTIONS: OptionNames<NormOptions> = { ...REDUCE_OPTIONS, p: true };

/**
 * (Σ|x|^p)^(1/p) over `axis` (default: all axes). The largest |x| is divided out first, so that no power overflows or
 * underflows. The gradient is 0 at the zero vector. The norm over an empty axis is 0.
 * @throws ArgumentError if p is NaN, or infinite over an axis of length 0
 * @see torch.linalg.vector_norm
 */
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  checkOptions('norm', options, NORM_OPTIONS);
  const { p = 2, ...where } = options;
  const { keepDims = false } = where;
  checkBoolean('norm', 'keepDims', keepDims);
  checkNumber('norm', 'p', p, !Number.isNaN(p), 'other than NaN');
  const t = operandOf('norm', x);
  const size = t.abs();
  if (p === Number.POSITIVE_INFINITY) return amax(size, where);
  if (p === Number.NEGATIVE_INFINITY) return amin(size, where);
  if (p === 0) return sum(t.ne(0), where);
  if (p === 1 || countOf('norm', t, where.axis) === 0) return sum(size, where);
  // norm(x) = m·norm(x/m) for any constant m, so no gradient flows through m.
  const extreme = (p > 0 ? amax : amin)(size, { ...where, keepDims: true }).detach();
  const m = extreme.gt(0).mul(extreme.lt(Number.POSITIVE_INFINITY)).where(extreme, 1);
  const scaled = size.div(m);
  const powers = p === 2 ? scaled.square() : scaled.pow(p);
  const total = flatAtZero(sum(powers, { ...where, keepDims: true }));
  const root = p === 2 ? total.sqrt() : total.pow(1 / p);
  const axes = normalizeAxes('norm', where.axis, t.rank);
  return root.mul(m).reshape(reducedShape(t.shape, axes, keepDims));
}

/**
 * Π x over `axis` (default: all axes). The product over an empty axis is 1. Halves are multiplied with each other, without a
 * division, so that the gradient is also right where elements are 0.
 */
export function prod(x: TensorLike, options: ReduceOptions = {}): Tensor {
  checkOptions('prod', options, REDUCE_OPTIONS);
  const { keepDims = false } = options;
  checkBoolean('prod', 'keepDims', keepDims);
  const t = operandOf('prod', x);
  const axes = normalizeAxes('prod', options.axis, t.rank);
  const count = countOf('prod', t, options.axis);
  if (count === 0) return sum(t, options).add(1);
  const kept = t.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  let factors = t.permute([...axes, ...kept]).reshape([count, ...kept.map((axis) => t.shape[axis]!)]);
  for (let length = count; length > 1; length = Math.ceil(length / 2)) {
    const half = Math.floor(length / 2);
    const products = factors.slice(0, half).mul(factors.slice(half, 2 * half));
    factors = length % 2 === 0 ? products : concat([products, factors.slice(2 * half)]);
  }
  return factors.reshape(reducedShape(t.shape, axes, keepDims));
}
