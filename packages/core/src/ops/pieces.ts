/** Slicing, splitting, padding and joining tensors. */

import {
  checkArray,
  checkNumber,
  checkTensor,
  describeValue,
  isArrayOf,
  isPlainObject,
} from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import { operandOf } from '../operand.js';
import {
  AXIS_OPTIONS,
  type AxisOptions,
  checkLengths,
  normalizeAxis,
  sameShape,
  stridesOf,
} from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Tensor, TensorLike } from '../tensor.js';
import { unsqueeze } from './movement.js';

type One = readonly [Tensor];

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
  // The gradient is 0 outside of the slice.
  vjp: (dy, [x], { start, shape }) => [
    () => dy.pad(x.shape.map((n, a) => [start[a]!, n - start[a]! - shape[a]!] as const)),
  ],
};

/**
 * Elements `start` … `end − 1` along `axis` (default: 0). Negative positions count from the end. Positions beyond either
 * end are clamped, as in NumPy.
 * @throws ArgumentError unless positions are integers
 */
export function slice(x: TensorLike, start: number, end?: number, options: AxisOptions = {}): Tensor {
  checkOptions('slice', options, AXIS_OPTIONS, 'start, end, ');
  const { axis = 0 } = options;
  const t = operandOf('slice', x);
  const at = normalizeAxis('slice', axis, t.rank);
  const length = t.shape[at]!;
  const place = (position: number): number => {
    if (!Number.isInteger(position)) {
      const found = describeValue(position);
      const fix = isPlainObject(position) ? ` — write slice(start, end, ${found})` : '';
      throw new ArgumentError('slice', `positions must be integers, found ${found}${fix}`);
    }
    return Math.min(length, Math.max(0, position < 0 ? position + length : position));
  };
  const first = place(start);
  const count = Math.max(0, place(end ?? length) - first);
  const starts = t.shape.map((_, i) => (i === at ? first : 0));
  return apply(sliceOp, [t], { start: starts, shape: t.shape.with(at, count) });
}

/** Lengths of equal pieces; the last one may be shorter. */
function equalSizes(size: number, length: number): number[] {
  if (!(Number.isInteger(size) && size > 0)) {
    throw new ArgumentError(
      'split',
      `the size must be a positive whole number, found ${describeValue(size)}`,
    );
  }
  const count = Math.max(1, Math.ceil(length / size));
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

/**
 * Splits x along `axis` (default: 0) into pieces of one size (the last may be shorter), or of the given sizes.
 * @throws ArgumentError for a size that is not a positive whole number, or sizes that do not add up to the axis length
 */
export function split(x: TensorLike, size: number | readonly number[], options: AxisOptions = {}): Tensor[] {
  checkOptions('split', options, AXIS_OPTIONS, 'size, ');
  const { axis = 0 } = options;
  const t = operandOf('split', x);
  const length = t.shape[normalizeAxis('split', axis, t.rank)]!;
  const sizes = typeof size === 'object' ? size : equalSizes(size, length);
  checkLengths('split', sizes);
  if (sizes.reduce((a, b) => a + b, 0) !== length) {
    throw new ArgumentError(
      'split',
      `sizes must add up to the axis length ${length}, found [${sizes.join(', ')}]`,
    );
  }
  let start = 0;
  return sizes.map((n) => {
    start += n;
    return slice(t, start - n, start, { axis });
  });
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
  /** The value of the padding. Default 0. */
  value?: number;
}

const PAD_OPTIONS: OptionNames<PadOptions> = { value: true };

/**
 * Pads x with a constant.
 * @param widths - `[before, after]` for each axis, whole numbers ≥ 0
 * @throws ArgumentError for other widths
 */
export function pad(
  x: TensorLike,
  widths: readonly (readonly [number, number])[],
  options: PadOptions = {},
): Tensor {
  checkOptions('pad', options, PAD_OPTIONS, 'widths, ');
  const { value = 0 } = options;
  checkNumber('pad', 'value', value);
  const t = operandOf('pad', x);
  const isWidth = (w: unknown): boolean => Number.isInteger(w) && (w as number) >= 0;
  const isPair = (pair: unknown): boolean => isArrayOf(pair, isWidth) && pair.length === 2;
  if (!(isArrayOf(widths, isPair) && widths.length === t.rank)) {
    throw new ArgumentError(
      'pad',
      `widths must be ${t.rank} pairs of whole numbers ≥ 0, found ${describeValue(widths)}`,
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
          `shapes must be equal except on axis ${axis}, found ${formatShape(first)} and ${formatShape(shape)}`,
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

/** Returns the first tensor to join. @throws ArgumentError for an empty list, or an item that is not a tensor */
function firstOf(op: string, tensors: readonly Tensor[]): Tensor {
  checkArray(op, 'the tensors', tensors);
  for (const t of tensors) checkTensor(op, t, 'each item to join');
  const first = tensors[0];
  if (first === undefined)
    throw new ArgumentError(op, 'the list of tensors is empty — pass at least one tensor');
  return first;
}

/** Joins tensors along an existing axis (default: 0). @throws ShapeError if other axes differ; ArgumentError for an empty list */
export function concat(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
  const first = firstOf('concat', tensors);
  checkOptions('concat', options, AXIS_OPTIONS, 'tensors, ');
  const { axis = 0 } = options;
  return apply(concatOp, tensors, { axis: normalizeAxis('concat', axis, first.rank) });
}

/** Joins tensors of one shape along a new axis (default: 0). @throws ShapeError if shapes differ */
export function stack(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
  const first = firstOf('stack', tensors);
  checkOptions('stack', options, AXIS_OPTIONS, 'tensors, ');
  const { axis = 0 } = options;
  const different = tensors.find((t) => !sameShape(t.shape, first.shape));
  if (different !== undefined) {
    const shapes = [first.shape, different.shape];
    throw new ShapeError(
      'stack',
      shapes,
      `shapes must be equal, found ${shapes.map(formatShape).join(' and ')}`,
    );
  }
  const at = normalizeAxis('stack', axis, first.rank + 1);
  return concat(
    tensors.map((t) => unsqueeze(t, at)),
    { axis: at },
  );
}
