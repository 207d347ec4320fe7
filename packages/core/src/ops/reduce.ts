/** Reductions over any axes, and functions built on them. */
import type { Kernels, Operand } from '../backend/backend.js';
import { checkBoolean, checkTensor } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import type { ReduceKind } from '../functions/kinds.js';
import { operandOf } from '../operand.js';
import {
  AXES_OPTIONS,
  AXIS_OPTIONS,
  type AxesOptions,
  type AxisOptions,
  axisSpec,
  broadcastShapes,
  checkIndexable,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  REDUCE_OPTIONS,
  type ReduceOptions,
  reducedShape,
  sameShape,
} from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Temporary, Tensor, TensorLike } from '../tensor.js';
import { chainMul } from './chain.js';

interface ReduceParams {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type One = readonly [Tensor];

/** Builds a reduction. `derivative` receives dy and y with the reduced axes kept, so that they broadcast against x. */
function reduction(
  name: string,
  kind: ReduceKind,
  derivative: (dy: Tensor, x: Tensor, y: Tensor, axes: readonly number[]) => Tensor,
): Op<One, ReduceParams> {
  return {
    name,
    shape: ([x], { axes, keepDims }) => {
      const empty = axes.find((axis) => x[axis] === 0);
      if (empty !== undefined && (kind === 'max' || kind === 'min')) throw emptyAxis(name, x, empty);
      return reducedShape(x, axes, keepDims);
    },
    forward: (k, [x], { axes }) => k.reduce(kind, x, axes),
    vjp: (dy, [x], { axes }, y) => {
      const kept = reducedShape(x.shape, axes, true);
      return [() => derivative(dy.reshape(kept), x, y.reshape(kept), axes)];
    },
  };
}

/** @throws ArgumentError for a reduction without a value over an empty axis */
function emptyAxis(op: string, x: Shape, axis: number): ArgumentError {
  return new ArgumentError(
    op,
    `cannot reduce an empty axis (axis ${axis} of ${formatShape(x)} has length 0)`,
  );
}

/** dy goes to the extreme elements; ties share it evenly. */
function toExtremes(dy: Tensor, x: Tensor, y: Tensor, axes: readonly number[]): Tensor {
  const hit = x.eq(y);
  return hit.where(dy.div(hit.sum({ axis: axes, keepDims: true })), 0);
}

const sumOp = reduction('sum', 'sum', (dy, x) => dy.expand(x.shape)); // ∂Σx/∂xᵢ = 1
const amaxOp = reduction('amax', 'max', toExtremes);
const aminOp = reduction('amin', 'min', toExtremes);
// d ln Σ eˣ = softmax(x) dx, and 0 where all x are −∞: the sum is 0 there.
const logSumExpOp = reduction('logSumExp', 'logSumExp', (dy, x, y, axes) =>
  chainMul(dy, y.eq(Number.NEGATIVE_INFINITY).where(0, softmax(x, { axis: axes }))),
);

function reduce(op: Op<One, ReduceParams>, x: TensorLike, options: ReduceOptions): Tensor {
  checkOptions(op.name, options, REDUCE_OPTIONS);
  const t = operandOf(op.name, x);
  const axes = normalizeAxes(op.name, options.axis, t.rank);
  const { keepDims = false } = options;
  checkBoolean(op.name, 'keepDims', keepDims);
  return apply(op, [t], { axes, keepDims });
}

/** Σ x over `axis` (default: all axes). The sum over an empty axis is 0. */
export const sum = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce(sumOp, x, options);
/** Largest element over `axis`; ties share the gradient. @throws ArgumentError over an axis of length 0 */
export const amax = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce(amaxOp, x, options);
/** Smallest element over `axis`; ties share the gradient. @throws ArgumentError over an axis of length 0 */
export const amin = (x: TensorLike, options: ReduceOptions = {}): Tensor => reduce(aminOp, x, options);
/**
 * ln Σ eˣ over `axis` (default: all axes), with the maximum subtracted first: stable for any x. −Infinity with gradient 0 if
 * all x are −Infinity, or the axis is empty. If an x is +Infinity, all gradients of the sum are NaN; in PyTorch, that of this x only.
 */
export const logSumExp = (x: TensorLike, options: ReduceOptions = {}): Tensor =>
  reduce(logSumExpOp, x, options);

interface AxisParams {
  readonly axis: number;
  readonly keepDims: boolean;
}

const argmaxOp: Op<One, AxisParams> = {
  name: 'argmax',
  shape: ([x], { axis, keepDims }) => {
    if (x[axis] === 0) throw emptyAxis('argmax', x, axis);
    checkIndexable('argmax', x[axis]!);
    return reducedShape(x, [axis], keepDims);
  },
  forward: (k, [x], { axis }) => k.argmax(x.values, axisSpec(x.shape, axis)),
  vjp: () => [null],
};

/** Options of `argmax`. */
export interface ArgmaxOptions extends AxisOptions {
  /** Keeps the axis as length 1. */
  keepDims?: boolean;
}

const ARGMAX_OPTIONS: OptionNames<ArgmaxOptions> = { axis: true, keepDims: true };

/**
 * Index of the largest element along `axis`, or in the flattened tensor if `axis` is omitted. Ties give the first index.
 * @returns whole numbers, not differentiable. @throws ArgumentError over an axis of length 0, or longer than 2²⁴
 */
export function argmax(x: TensorLike, options: ArgmaxOptions = {}): Tensor {
  checkOptions('argmax', options, ARGMAX_OPTIONS);
  const t = operandOf('argmax', x);
  const { axis, keepDims = false } = options;
  checkBoolean('argmax', 'keepDims', keepDims);
  if (axis === undefined) {
    const place = apply(argmaxOp, [t.flatten()], { axis: 0, keepDims: false });
    return keepDims ? place.reshape(t.shape.map(() => 1)) : place;
  }
  return apply(argmaxOp, [t], { axis: normalizeAxis('argmax', axis, t.rank), keepDims });
}

/**
 * x minus its maximum over `axes`. The exponential of the result cannot overflow. Large x lose no digits, as they would in
 * x − ln Σ eˣ, where the logarithm is rounded to the precision of x.
 */
function shifted(k: Kernels, x: Operand, axes: readonly number[], out: Shape, temporary: Temporary): Operand {
  const max = { values: temporary(k.reduce('max', x, axes)), shape: reducedShape(x.shape, axes, true) };
  return { values: temporary(k.binary('sub', x, max, out)), shape: out };
}

const softmaxOp: Op<One, { readonly axes: readonly number[] }> = {
  name: 'softmax',
  shape: ([x]) => x,
  forward: (k, [x], { axes }, out, temporary) => {
    const below = shifted(k, x, axes, out, temporary);
    const e = { values: temporary(k.unary('exp', below.values)), shape: out };
    const total = { values: temporary(k.reduce('sum', e, axes)), shape: reducedShape(x.shape, axes, true) };
    return k.binary('div', e, total, out);
  },
  // dxᵢ = yᵢ (dyᵢ − Σⱼ dyⱼ yⱼ)
  vjp: (dy, _, { axes }, y) => [
    () => chainMul(dy.sub(chainMul(dy, y).sum({ axis: axes, keepDims: true })), y),
  ],
};

const logSoftmaxOp: Op<One, { readonly axes: readonly number[] }> = {
  name: 'logSoftmax',
  shape: ([x]) => x,
  forward: (k, [x], { axes }, out, temporary) => {
    const below = shifted(k, x, axes, out, temporary);
    const lse = {
      values: temporary(k.reduce('logSumExp', below, axes)),
      shape: reducedShape(x.shape, axes, true),
    };
    return k.binary('sub', below, lse, out);
  },
  // dxᵢ = dyᵢ − softmax(x)ᵢ Σⱼ dyⱼ
  vjp: (dy, _, { axes }, y) => [() => dy.sub(chainMul(dy.sum({ axis: axes, keepDims: true }), y.exp()))],
};

/** eˣ / Σ eˣ over `axis` (default: the last), stable for any x. 0 at −Infinity; NaN if all x are −Infinity, or one is +Infinity, as in PyTorch. */
export function softmax(x: TensorLike, options: AxesOptions = {}): Tensor {
  checkOptions('softmax', options, AXES_OPTIONS);
  const t = operandOf('softmax', x);
  return apply(softmaxOp, [t], { axes: normalizeAxes('softmax', options.axis ?? -1, t.rank) });
}

/** x − ln Σ eˣ over `axis` (default: the last), stable for any x. NaN where `softmax` is. */
export function logSoftmax(x: TensorLike, options: AxesOptions = {}): Tensor {
  checkOptions('logSoftmax', options, AXES_OPTIONS);
  const t = operandOf('logSoftmax', x);
  return apply(logSoftmaxOp, [t], { axes: normalizeAxes('logSoftmax', options.axis ?? -1, t.rank) });
}

const cumsumOp: Op<One, { readonly axis: number }> = {
  name: 'cumsum',
  shape: ([x]) => x,
  forward: (k, [x], { axis }) => k.cumsum(x.values, axisSpec(x.shape, axis)),
  // x[i] is part of every sum from i on: ∂loss/∂x[i] = dy[i] + dy[i + 1] + …
  vjp: (dy, _, { axis }) => [() => dy.flip({ axis }).cumsum({ axis }).flip({ axis })],
};

/** Running sums along `axis` (default: the last): y[i] = x[0] + … + x[i]. */
export function cumsum(x: TensorLike, options: AxisOptions = {}): Tensor {
  checkOptions('cumsum', options, AXIS_OPTIONS);
  const { axis = -1 } = options;
  const t = operandOf('cumsum', x);
  return apply(cumsumOp, [t], { axis: normalizeAxis('cumsum', axis, t.rank) });
}

/**
 * Undoes broadcasting: sums x over the axes along which `shape` was stretched to x's shape.
 * @throws ShapeError if `shape` does not broadcast to x's
 */
export function sumToSize(x: Tensor, shape: Shape): Tensor {
  checkTensor('sumToSize', x, 'the operand');
  checkShape('sumToSize', shape);
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes('sumToSize', x.shape, shape), x.shape)) {
    throw new ShapeError(
      'sumToSize',
      [x.shape, shape],
      `${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`,
    );
  }
  const added = x.rank - shape.length;
  const axes = x.shape.flatMap((length, axis) =>
    axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : [],
  );
  return sum(x, { axis: axes }).reshape(shape);
}
