/** Operations that only move elements: their gradients move them back. */
import type { StridedSpec } from '../backend/backend.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import {
  type Axes,
  type AxesOptions,
  type AxisOptions,
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
import { asTensor, type Op, type Tensor, type TensorLike } from '../tensor.js';

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
  const t = asTensor(x);
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

/** Joins the axes from `startAxis` to `endAxis` into one (default: all). */
export function flatten(x: TensorLike, startAxis = 0, endAxis = -1): Tensor {
  const t = asTensor(x);
  if (t.rank === 0) return reshape(t, [1]);
  const start = normalizeAxis('flatten', startAxis, t.rank);
  const end = normalizeAxis('flatten', endAxis, t.rank);
  if (start > end) throw new ArgumentError('flatten', `axis ${startAxis} comes after axis ${endAxis}`);
  const joined = sizeOf(t.shape.slice(start, end + 1));
  return reshape(t, [...t.shape.slice(0, start), joined, ...t.shape.slice(end + 1)]);
}

/** Removes axes of length 1: those named, or all of them. @throws ShapeError if a named axis is longer */
export function squeeze(x: TensorLike, axis?: Axes): Tensor {
  const t = asTensor(x);
  const axes =
    axis === undefined
      ? t.shape.flatMap((n, i) => (n === 1 ? [i] : []))
      : normalizeAxes('squeeze', axis, t.rank);
  const long = axes.find((a) => t.shape[a] !== 1);
  if (long !== undefined) {
    throw new ShapeError(
      'squeeze',
      [t.shape],
      `axis ${long} of ${formatShape(t.shape)} has length ${t.shape[long]}, not 1`,
    );
  }
  return reshape(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** Inserts an axis of length 1 at `axis` of the result. */
export function unsqueeze(x: TensorLike, axis: number): Tensor {
  const t = asTensor(x);
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

/** Reorders the axes: axis i of the result is axis `axes[i]` of x. @throws ArgumentError if that is no permutation */
export function permute(x: TensorLike, axes: readonly number[]): Tensor {
  const t = asTensor(x);
  const order = axes.map((a) => normalizeAxis('permute', a, t.rank));
  if (order.length !== t.rank || new Set(order).size !== t.rank) {
    throw new ArgumentError('permute', `[${axes.join(', ')}] is no permutation of the ${t.rank} axes`);
  }
  return order.every((a, i) => a === i) ? t : apply(permuteOp, [t], { axes: order });
}

/** Exchanges two axes (default: the last two, as for a matrix). */
export function transpose(x: TensorLike, axis1 = -2, axis2 = -1): Tensor {
  const t = asTensor(x);
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

/** Repeats x along axes of length 1 (and new leading axes) to `shape`. @throws ShapeError if it does not broadcast */
export function expand(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor(x);
  checkShape('expand', shape);
  return sameShape(t.shape, shape) ? t : apply(expandOp, [t], { shape: [...shape] });
}

interface SliceParams {
  readonly start: readonly number[];
  readonly shape: Shape;
}

const sliceOp: Op<One, SliceParams> = {
  name: 'slice',
  shape: (_, { shape }) => shape,
  forward: (k, [x], { start, shape }) => {
    const strides = stridesOf(x.shape);
    const offset = start.reduce((sum, s, axis) => sum + s * strides[axis]!, 0);
    return k.strided(x.values, { shape, strides, offset });
  },
  // What was cut away had no influence: zeros there.
  vjp: (dy, [x], { start, shape }) => [
    () => dy.pad(x.shape.map((n, a) => [start[a]!, n - start[a]! - shape[a]!] as const)),
  ],
};

/**
 * Elements `start` … `end − 1` along `axis` (default: 0). Negative positions count from the end, and positions beyond it
 * are cut off, as in NumPy.
 */
export function slice(x: TensorLike, start: number, end?: number, { axis = 0 }: AxisOptions = {}): Tensor {
  const t = asTensor(x);
  const at = normalizeAxis('slice', axis, t.rank);
  const length = t.shape[at]!;
  const place = (position: number): number => {
    if (!Number.isInteger(position)) throw new ArgumentError('slice', `positions are integers: ${position}`);
    return Math.min(length, Math.max(0, position < 0 ? position + length : position));
  };
  const first = place(start);
  const count = Math.max(0, place(end ?? length) - first);
  const starts = t.shape.map((_, i) => (i === at ? first : 0));
  return apply(sliceOp, [t], { start: starts, shape: t.shape.with(at, count) });
}

/**
 * Cuts x along `axis` (default: 0) into pieces of `size` (the last may be shorter), or into the given `size`s.
 * @throws ArgumentError if the sizes do not add up to the axis
 */
export function split(
  x: TensorLike,
  size: number | readonly number[],
  { axis = 0 }: AxisOptions = {},
): Tensor[] {
  const t = asTensor(x);
  const length = t.shape[normalizeAxis('split', axis, t.rank)]!;
  if (typeof size === 'number' && !(Number.isInteger(size) && size > 0)) {
    throw new ArgumentError('split', `pieces need a positive whole size, not ${size}`);
  }
  if (typeof size !== 'number') checkShape('split', size);
  const sizes =
    typeof size !== 'number'
      ? size
      : Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, i) =>
          Math.min(size, length - i * size),
        );
  if (sizes.reduce((a, b) => a + b, 0) !== length) {
    throw new ArgumentError(
      'split',
      `sizes [${sizes.join(', ')}] do not add up to the axis of length ${length}`,
    );
  }
  let start = 0;
  return sizes.map((n) => {
    start += n;
    return slice(t, start - n, start, { axis });
  });
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
export function flip(x: TensorLike, { axis }: AxesOptions = {}): Tensor {
  const t = asTensor(x);
  return apply(flipOp, [t], { axes: normalizeAxes('flip', axis, t.rank) });
}

interface PadParams {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

const padOp: Op<One, PadParams> = {
  name: 'pad',
  shape: ([x], { before, after }) => x.map((n, a) => n + before[a]! + after[a]!),
  forward: (k, [x], { before, after, value }) => k.pad(x, before, after, value),
  vjp: (dy, [x], { before }) => [
    () => x.shape.reduce((cut, n, a) => cut.slice(before[a]!, before[a]! + n, { axis: a }), dy),
  ],
};

/** Options of `pad`. */
export interface PadOptions {
  /** The constant. Default 0. */
  value?: number;
}

/**
 * Surrounds x with a constant.
 * @param widths - for each axis `[before, after]`, whole and not negative
 */
export function pad(
  x: TensorLike,
  widths: readonly (readonly [number, number])[],
  { value = 0 }: PadOptions = {},
): Tensor {
  const t = asTensor(x);
  if (widths.length !== t.rank || widths.flat().some((w) => !Number.isInteger(w) || w < 0)) {
    throw new ArgumentError(
      'pad',
      `widths are ${t.rank} pairs of whole numbers ≥ 0, not ${JSON.stringify(widths)}`,
    );
  }
  return apply(padOp, [t], { before: widths.map(([b]) => b), after: widths.map(([, a]) => a), value });
}

const concatOp: Op<readonly Tensor[], { readonly axis: number }> = {
  name: 'concat',
  shape: (shapes, { axis }) => {
    const first = shapes[0] as Shape;
    for (const shape of shapes) {
      if (shape.length !== first.length || shape.some((n, a) => a !== axis && n !== first[a])) {
        throw new ShapeError(
          'concat',
          shapes,
          `shapes differ beside axis ${axis}: ${formatShape(first)} and ${formatShape(shape)}`,
        );
      }
    }
    return first.with(
      axis,
      shapes.reduce((sum, shape) => sum + shape[axis]!, 0),
    );
  },
  forward: (k, parts, { axis }) => k.concat(parts, axis),
  // Each part gets its own section of dy.
  vjp: (dy, parts, { axis }) => {
    let end = 0;
    return parts.map((part) => {
      const start = end;
      end += part.shape[axis]!;
      const stop = end;
      return () => dy.slice(start, stop, { axis });
    });
  },
};

/** Joins tensors along an existing axis (default: 0). @throws ShapeError if other axes differ; ArgumentError for no tensors */
export function concat(tensors: readonly Tensor[], { axis = 0 }: AxisOptions = {}): Tensor {
  const first = tensors[0];
  if (first === undefined)
    throw new ArgumentError('concat', 'there is nothing to join — pass at least one tensor');
  return apply(concatOp, tensors, { axis: normalizeAxis('concat', axis, first.rank) });
}

/** Joins tensors of one shape along a new axis (default: 0). @throws ShapeError if shapes differ */
export function stack(tensors: readonly Tensor[], { axis = 0 }: AxisOptions = {}): Tensor {
  const first = tensors[0];
  if (first === undefined)
    throw new ArgumentError('stack', 'there is nothing to join — pass at least one tensor');
  const different = tensors.find((t) => !sameShape(t.shape, first.shape));
  if (different !== undefined) {
    const shapes = [first.shape, different.shape];
    throw new ShapeError('stack', shapes, `shapes differ: ${shapes.map(formatShape).join(' and ')}`);
  }
  const at = normalizeAxis('stack', axis, first.rank + 1);
  return concat(
    tensors.map((t) => unsqueeze(t, at)),
    { axis: at },
  );
}

const cloneOp: Op<One> = {
  name: 'clone',
  shape: ([x]) => x,
  forward: (k, [x], _, out) => k.strided(x.values, { shape: out, strides: stridesOf(out), offset: 0 }),
  vjp: (dy) => [() => dy],
};

/** A copy with memory of its own; gradients pass. */
export const clone = (x: TensorLike): Tensor => apply(cloneOp, [asTensor(x)], undefined);
