import { checkArray, describeValue } from './checks/arguments.js';
import type { OptionNames } from './checks/options.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from './errors.js';

/** One axis or several. */
export type Axes = number | readonly number[];

/** The axis along which an operation works; a negative one counts from the last. */
export interface AxisOptions {
  axis?: number;
}

/** The names of `AxisOptions`. */
export const AXIS_OPTIONS: OptionNames<AxisOptions> = { axis: true };

/** The axes along which an operation works; negative ones count from the last. */
export interface AxesOptions {
  axis?: Axes | undefined;
}

/** The names of `AxesOptions`. */
export const AXES_OPTIONS: OptionNames<AxesOptions> = { axis: true };

/** Options of reductions: the axes to reduce over (default: all), and whether they stay with length 1. */
export interface ReduceOptions extends AxesOptions {
  keepDims?: boolean;
}

/** The names of `ReduceOptions`. */
export const REDUCE_OPTIONS: OptionNames<ReduceOptions> = { axis: true, keepDims: true };

/** Number of elements: the product of the axis lengths (1 for a scalar). */
export function sizeOf(shape: Shape): number {
  checkArray('sizeOf', 'the shape', shape);
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Row-major strides: the distance between neighbours along each axis, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Whether two shapes have the same lengths in the same order. */
export function sameShape(a: Shape, b: Shape): boolean {
  checkArray('sameShape', 'the first shape', a);
  checkArray('sameShape', 'the second shape', b, 'a, ');
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Most elements of a tensor, and of each axis: 4 GiB of float32, which is the size of WebAssembly's memory. */
export const MOST_ELEMENTS: number = 2 ** 30;
/** Most axes of a tensor, as in NumPy. */
export const MOST_AXES = 64;

/**
 * @throws ArgumentError unless the shape is an array and every length is a non-negative integer
 * @throws ShapeError if a tensor of this shape is too large
 */
export function checkShape(op: string, shape: Shape): void {
  checkLengths(op, shape);
  checkSize(op, shape);
}

/** As `checkShape`. @throws ShapeError unless a tensor of this shape has `count` elements */
export function checkFilled(op: string, count: number, shape: Shape): void {
  checkShape(op, shape);
  const size = sizeOf(shape);
  if (size === count) return;
  throw new ShapeError(
    op,
    [shape],
    `${count} values do not fill ${formatShape(shape)}, which has ${size} elements`,
  );
}

/** @throws ArgumentError unless `lengths` is an array of non-negative integers */
export function checkLengths(op: string, lengths: readonly number[]): void {
  checkArray(op, 'the shape', lengths);
  for (const length of lengths) {
    if (Number.isInteger(length) && length >= 0) continue;
    const found = `${describeValue(length)} in ${describeValue(lengths)}`;
    throw new ArgumentError(op, `axis lengths must be integers ≥ 0, found ${found}`);
  }
}

/** @throws ShapeError if a tensor of this shape has too many elements or axes */
export function checkSize(op: string, shape: Shape): void {
  if (shape.length > MOST_AXES) {
    throw new ShapeError(op, [shape], `a tensor has at most ${MOST_AXES} axes, found ${shape.length}`);
  }
  const size = shape.includes(0) ? 0 : sizeOf(shape);
  if (size <= MOST_ELEMENTS && shape.every((length) => length <= MOST_ELEMENTS)) return;
  const limit = 'a tensor and each of its axes have at most 2³⁰ elements (4 GiB)';
  throw new ShapeError(op, [shape], `${formatShape(shape)} is too large: ${limit} — use smaller tensors`);
}

/** Maps an axis, which may be negative, to 0 … rank − 1. @throws ArgumentError if there is no such axis */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  if (typeof axis !== 'number')
    throw new ArgumentError(op, `an axis must be one whole number, found ${describeValue(axis)}`);
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `use ${-rank} … ${rank - 1}`;
    throw new ArgumentError(op, `no axis ${axis} in a tensor of rank ${rank} — ${range}`);
  }
  return normalized;
}

function isList(axis: Axes): axis is readonly number[] {
  return Array.isArray(axis);
}

/** Sorted unique axes; `undefined` means all of them. @throws ArgumentError on a missing or repeated axis */
export function normalizeAxes(op: string, axis: Axes | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const axes = Array.from(isList(axis) ? axis : [axis], (a) => normalizeAxis(op, a, rank));
  axes.sort((a, b) => a - b);
  if (axes.some((a, i) => a === axes[i + 1])) {
    throw new ArgumentError(op, `axes must be distinct, found [${String(axis)}] in a tensor of rank ${rank}`);
  }
  return axes;
}

/** The shape after reducing over `axes`, which stay with length 1 if `keepDims`. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** Suggests a reshape if the shorter operand's axes match the first axes of the longer one and not its last. */
function fittingShapes(
  shapes: readonly Shape[],
  [nameA = 'a', nameB = 'b']: readonly (string | undefined)[],
): string {
  const [a, b] = shapes;
  if (shapes.length === 2 && a !== undefined && b !== undefined && a.length !== b.length) {
    const [short, long, name] = a.length < b.length ? [a, b, nameA] : [b, a, nameB];
    if (short.length > 0 && sameShape(short, long.slice(0, short.length))) {
      const reshaped = [...short, ...new Array<number>(long.length - short.length).fill(1)];
      return `shapes are aligned at their last axis: did you mean ${name}.reshape(${formatShape(reshaped)})?`;
    }
  }
  return 'lengths must be equal or 1';
}

/**
 * NumPy broadcasting: shapes are aligned at their last axis, and lengths must be equal or 1.
 * @throws ShapeError naming the axis that differs; ArgumentError for something that is not a shape
 */
export function broadcastShapes(op: string, ...shapes: readonly Shape[]): number[] {
  for (const shape of shapes) checkLengths(op, shape);
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 1; i <= shape.length; i++) {
      const length = shape[shape.length - i]!;
      const sofar = out[rank - i]!;
      if (length === sofar || length === 1) continue;
      if (sofar !== 1) {
        const problem = `shapes do not broadcast: ${shapes.map(formatShape).join(' and ')} (axis ${-i}: ${sofar} ≠ ${length})`;
        throw new ShapeError(op, shapes, (names) => `${problem} — ${fittingShapes(shapes, names)}`);
      }
      out[rank - i] = length;
    }
  }
  return out;
}

/** float32 holds every whole number up to here. Positions of a longer axis would be rounded. */
const MOST_POSITIONS = 2 ** 24;

/** @throws ArgumentError if an axis is too long for indices in float32 */
export function checkIndexable(op: string, length: number): void {
  if (length <= MOST_POSITIONS) return;
  throw new ArgumentError(
    op,
    `an axis with indices must have at most ${MOST_POSITIONS} elements (2²⁴, exact in float32), found ${length} — split the axis`,
  );
}

/** Splits a shape around one axis into `[outer, length, inner]`. */
export function axisSpec(shape: Shape, axis: number): { outer: number; length: number; inner: number } {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    length: shape[axis]!,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** `[outer, length, inner]` if the reduced axes are adjacent, else undefined. */
export function reducedBlock(
  shape: Shape,
  axes: readonly number[],
): { outer: number; length: number; inner: number } | undefined {
  const first = axes[0] ?? 0;
  if (axes.some((axis, i) => axis !== first + i)) return undefined;
  return {
    outer: sizeOf(shape.slice(0, first)),
    length: sizeOf(shape.slice(first, first + axes.length)),
    inner: sizeOf(shape.slice(first + axes.length)),
  };
}

/** Strides that read an operand of `shape` broadcast to `out`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const added = out.length - shape.length;
  const own = stridesOf(shape);
  return out.map((_, axis) => (axis < added || shape[axis - added] === 1 ? 0 : own[axis - added]!));
}

/** The index along each axis, from a row-major index. */
export function unravelIndex(place: number, shape: Shape): number[] {
  let rest = place;
  return shape
    .toReversed()
    .map((length) => {
      const index = rest % length;
      rest = Math.floor(rest / length);
      return index;
    })
    .reverse();
}
