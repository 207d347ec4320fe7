/** Operations that only move elements: their gradients move them back. */
import type { StridedSpec } from '../backend/backend.js';
import { checkArray } from '../checks/arguments.js';
import { checkOptions } from '../checks/options.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import { asTensor, operandOf } from '../operand.js';
import {
  AXES_OPTIONS,
  type Axes,
  type AxesOptions,
  broadcastShapes,
  broadcastStrides,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  sizeOf,
  stridesOf,
} from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Tensor, TensorLike } from '../tensor.js';

type One = readonly [Tensor];

const reshapeOp: Op<One, { readonly shape: Shape }> = {
  name: 'reshape',
  shape: (_, { shape }) => shape,
  forward: (_, [x]) => x.values, // contiguous: the same memory under another shape
  vjp: (dy, [x]) => [() => dy.reshape(x.shape)],
};

/**
 * The same elements in row-major order under another shape; shares storage. One length may be −1: it is computed.
 * @throws ShapeError if the number of elements differs
 */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const t = operandOf('reshape', x);
  checkArray('reshape', 'the shape', shape);
  const resolved = inferLength(t, shape);
  if (sameShape(resolved, t.shape)) return t;
  return apply(reshapeOp, [t], { shape: resolved });
}

function inferLength(t: Tensor, shape: Shape): Shape {
  const unknown = shape.indexOf(-1);
  const known = sizeOf(shape.filter((length) => length !== -1));
  const resolved = unknown < 0 ? shape : shape.with(unknown, known === 0 ? 0 : t.size / known);
  if (sizeOf(resolved) !== t.size || !resolved.every((n) => Number.isInteger(n) && n >= 0)) {
    throw new ShapeError(
      'reshape',
      [t.shape, shape],
      `${formatShape(t.shape)} has ${t.size} elements and cannot become ${formatShape(shape)}`,
    );
  }
  return [...resolved];
}

/** Joins the axes from `startAxis` to `endAxis` into one (default: all). @throws ArgumentError if startAxis comes after endAxis */
export function flatten(x: TensorLike, startAxis = 0, endAxis = -1): Tensor {
  const t = operandOf('flatten', x);
  if (t.rank === 0) return reshape(t, [1]);
  const start = normalizeAxis('flatten', startAxis, t.rank);
  const end = normalizeAxis('flatten', endAxis, t.rank);
  if (start > end)
    throw new ArgumentError(
      'flatten',
      `startAxis must not come after endAxis, found ${startAxis} and ${endAxis}`,
    );
  const joined = sizeOf(t.shape.slice(start, end + 1));
  return reshape(t, [...t.shape.slice(0, start), joined, ...t.shape.slice(end + 1)]);
}

/** Removes axes of length 1: the given ones, or all of them. @throws ShapeError if a given axis is longer */
export function squeeze(x: TensorLike, axis?: Axes): Tensor {
  const t = operandOf('squeeze', x);
  const axes =
    axis === undefined
      ? t.shape.flatMap((n, i) => (n === 1 ? [i] : []))
      : normalizeAxes('squeeze', axis, t.rank);
  const long = axes.find((a) => t.shape[a] !== 1);
  if (long !== undefined) {
    throw new ShapeError(
      'squeeze',
      [t.shape],
      `axis ${long} of ${formatShape(t.shape)} must have length 1, found ${t.shape[long]}`,
    );
  }
  return reshape(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Inserts an axis of length 1 at `axis` of the result. @throws ArgumentError if the result has no such axis */
export function unsqueeze(x: TensorLike, axis: number): Tensor {
  const t = operandOf('unsqueeze', x);
  const at = normalizeAxis('unsqueeze', axis, t.rank + 1);
  return reshape(t, t.shape.toSpliced(at, 0, 1));
}

const permuteOp: Op<One, { readonly axes: readonly number[] }> = {
  name: 'permute',
  shape: ([x], { axes }) => axes.map((a) => x[a]!),
  forward: (k, [x], { axes }, out) => {
    const strides = stridesOf(x.shape);
    return k.strided(x.values, { shape: out, strides: axes.map((a) => strides[a]!), offset: 0 });
  },
  vjp: (dy, _, { axes }) => [() => dy.permute(axes.map((_axis, i) => axes.indexOf(i)))], // the inverse permutation
};

/** Reorders the axes: axis i of the result is axis `axes[i]` of x. @throws ArgumentError if `axes` is not a permutation */
export function permute(x: TensorLike, axes: readonly number[]): Tensor {
  const t = operandOf('permute', x);
  checkArray('permute', 'the axes', axes);
  const order = Array.from(axes, (a) => normalizeAxis('permute', a, t.rank));
  if (order.length !== t.rank || new Set(order).size !== t.rank) {
    throw new ArgumentError(
      'permute',
      `axes must be a permutation of the ${t.rank} axes, found [${axes.join(', ')}]`,
    );
  }
  return order.every((a, i) => a === i) ? t : apply(permuteOp, [t], { axes: order });
}

/** Swaps two axes (default: the last two, the transpose of a matrix). */
export function transpose(x: TensorLike, axis1 = -2, axis2 = -1): Tensor {
  const t = operandOf('transpose', x);
  const a = normalizeAxis('transpose', axis1, t.rank);
  const b = normalizeAxis('transpose', axis2, t.rank);
  return permute(
    t,
    t.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}

const expandOp: Op<One, { readonly shape: Shape }> = {
  name: 'expand',
  shape: ([x], { shape }) => {
    if (!sameShape(broadcastShapes('expand', x, shape), shape)) {
      throw new ShapeError(
        'expand',
        [x, shape],
        `${formatShape(x)} does not broadcast to ${formatShape(shape)}`,
      );
    }
    return shape;
  },
  forward: (k, [x], _, out) =>
    k.strided(x.values, { shape: out, strides: broadcastStrides(x.shape, out), offset: 0 }),
  vjp: (dy, [x]) => [() => dy.sumToSize(x.shape)],
};

/** Broadcasts x to `shape`: repeats it along axes of length 1 and new leading axes. @throws ShapeError if it does not broadcast */
export function expand(x: TensorLike, shape: Shape): Tensor {
  const t = operandOf('expand', x);
  checkShape('expand', shape);
  return sameShape(t.shape, shape) ? t : apply(expandOp, [t], { shape: [...shape] });
}

const flipOp: Op<One, { readonly axes: readonly number[] }> = {
  name: 'flip',
  shape: ([x]) => x,
  forward: (k, [x], { axes }) => k.strided(x.values, flippedView(x.shape, axes)),
  vjp: (dy, _, { axes }) => [() => dy.flip({ axis: axes })],
};

function flippedView(shape: Shape, axes: readonly number[]): StridedSpec {
  const strides = stridesOf(shape);
  let offset = 0;
  for (const axis of axes) {
    const stride = strides[axis]!;
    offset += stride * Math.max(0, shape[axis]! - 1);
    strides[axis] = -stride;
  }
  return { shape, strides, offset };
}

/** Reverses the order along `axis` (default: all axes). */
export function flip(x: TensorLike, options: AxesOptions = {}): Tensor {
  checkOptions('flip', options, AXES_OPTIONS);
  const t = operandOf('flip', x);
  return apply(flipOp, [t], { axes: normalizeAxes('flip', options.axis, t.rank) });
}

const cloneOp: Op<One> = {
  name: 'clone',
  shape: ([x]) => x,
  forward: (k, [x], _, out) => k.strided(x.values, { shape: out, strides: stridesOf(out), offset: 0 }),
  vjp: (dy) => [() => dy],
};

/** A copy in new memory. Gradients flow through it. */
export const clone = (x: TensorLike): Tensor => apply(cloneOp, [asTensor(x)], undefined);
