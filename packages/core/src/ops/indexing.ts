/** Selecting elements by index. The gradient of a gather is a scatter-add, and the gradient of a scatter-add is a gather. */
import type { IndexSpec } from '../backend/backend.js';
import { backend } from '../backend/current.js';
import { checkArray, checkNumber, checkTensor, checkValues, describeValue } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { uploadTo } from '../compile/active.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import { operandOf } from '../operand.js';
import {
  AXIS_OPTIONS,
  type AxisOptions,
  axisSpec,
  checkIndexable,
  checkShape,
  normalizeAxis,
  sameShape,
} from '../shape.js';
import { apply } from '../tape.js';
import { type Op, Tensor, type TensorLike, wrap } from '../tensor.js';

type SourceAndIndex = readonly [source: Tensor, index: Tensor];

interface AxisParams {
  readonly axis: number;
}

interface AddParams extends AxisParams {
  /** Length of the result along the axis. */
  readonly length: number;
}

function addSpec(source: Shape, axis: number, length: number): IndexSpec {
  const { outer, inner, length: count } = axisSpec(source, axis);
  return { outer, length, inner, count };
}

const indexSelectOp: Op<SourceAndIndex, AxisParams> = {
  name: 'indexSelect',
  shape: ([x, index], { axis }) => x.with(axis, index[0]!),
  forward: (k, [x, index], { axis }) =>
    k.indexSelect(x.values, index.values, { ...axisSpec(x.shape, axis), count: index.shape[0]! }),
  vjp: (dy, [x, index], { axis }) => [() => indexAdd(dy, index, x.shape[axis]!, { axis }), null],
};

const indexAddOp: Op<SourceAndIndex, AddParams> = {
  name: 'indexAdd',
  shape: ([source, index], { axis, length }) => {
    if (!sameShape(index, [source[axis]!])) {
      throw new ShapeError(
        'indexAdd',
        [source, index],
        `the index must have shape [${source[axis]}], the length of axis ${axis} of ${formatShape(source)}, found ${formatShape(index)}`,
      );
    }
    return source.with(axis, length);
  },
  forward: (k, [source, index], { axis, length }) =>
    k.indexAdd(source.values, index.values, addSpec(source.shape, axis, length)),
  vjp: (dy, [, index], { axis }) => [() => indexSelect(dy, index, { axis }), null],
};

const gatherOp: Op<SourceAndIndex, AxisParams> = {
  name: 'gather',
  shape: ([x, index], { axis }) => {
    checkAligned(x, index, axis);
    return index;
  },
  forward: (k, [x, index], { axis }) =>
    k.gather(x.values, index.values, { ...axisSpec(x.shape, axis), count: index.shape[axis]! }),
  vjp: (dy, [x, index], { axis }) => [() => scatterAdd(dy, index, x.shape[axis]!, { axis }), null],
};

const scatterAddOp: Op<SourceAndIndex, AddParams> = {
  name: 'scatterAdd',
  shape: ([source, index], { axis, length }) => {
    if (!sameShape(source, index)) {
      throw new ShapeError(
        'scatterAdd',
        [source, index],
        `the index must have the source's shape ${formatShape(source)}, found ${formatShape(index)} — expand it first`,
      );
    }
    return source.with(axis, length);
  },
  forward: (k, [source, index], { axis, length }) =>
    k.scatterAdd(source.values, index.values, addSpec(source.shape, axis, length)),
  vjp: (dy, [, index], { axis }) => [() => gather(dy, index, { axis }), null],
};

function checkAligned(x: Shape, index: Shape, axis: number): void {
  if (x.length === index.length && x.every((n, a) => a === axis || n === index[a])) return;
  throw new ShapeError(
    'gather',
    [x, index],
    `the index must match ${formatShape(x)} except on axis ${axis}, found ${formatShape(index)} — expand it first`,
  );
}

function checkIndices(op: string, indices: ArrayLike<number>, length: number): void {
  for (let i = 0; i < indices.length; i++) {
    const place = indices[i];
    if (Number.isInteger(place) && place! >= 0 && place! < length) continue;
    const found = describeValue(place);
    throw new ArgumentError(op, `an index must be a whole number in 0 … ${length - 1}, found ${found}`);
  }
}

/** The index as a tensor. Its numbers are checked before they are rounded to float32; those on a device are not read. */
function asIndex(op: string, index: Tensor | readonly number[], length: number): Tensor {
  checkIndexable(op, length);
  if (index instanceof Tensor) {
    checkValues(index, (values) => checkIndices(op, values, length));
    return index;
  }
  checkArray(op, 'the index', index, op === 'indexAdd' ? 'source, ' : '');
  checkIndices(op, index, length);
  return wrap(uploadTo(backend(), index), [index.length]);
}

/**
 * Selects the slices `index` along `axis` (default: 0), in that order. Repeats are allowed.
 * @param index - whole numbers `[count]`
 * @throws ArgumentError for an index outside of the axis
 */
export function indexSelect(
  x: TensorLike,
  index: Tensor | readonly number[],
  options: AxisOptions = {},
): Tensor {
  checkOptions('indexSelect', options, AXIS_OPTIONS, 'index, ');
  const { axis = 0 } = options;
  const t = operandOf('indexSelect', x);
  const at = normalizeAxis('indexSelect', axis, t.rank);
  const places = asIndex('indexSelect', index, t.shape[at]!);
  if (places.rank !== 1) {
    throw new ShapeError(
      'indexSelect',
      [places.shape],
      `the index must be a vector, found shape ${formatShape(places.shape)}`,
    );
  }
  return apply(indexSelectOp, [t, places], { axis: at });
}

/**
 * Adds the slices of `source` along `axis` (default: 0) into zeros of length `length`: the transpose of `indexSelect`.
 * @param index - where each slice is added: whole numbers, one per slice
 * @throws ArgumentError for an index outside of `length`; ShapeError if the number of indices differs
 */
export function indexAdd(
  source: Tensor,
  index: Tensor | readonly number[],
  length: number,
  options: AxisOptions = {},
): Tensor {
  checkOptions('indexAdd', options, AXIS_OPTIONS, 'source, index, length, ');
  checkTensor('indexAdd', source, 'the source');
  const { axis = 0 } = options;
  const at = normalizeAxis('indexAdd', axis, source.rank);
  checkShape('indexAdd', [length]);
  return apply(indexAddOp, [source, asIndex('indexAdd', index, length)], { axis: at, length });
}

/**
 * Selects one element per index along `axis` (default: the last). Along axis 1: out[i][j] = x[i][index[i][j]].
 * @param index - whole numbers; its shape matches x's except on `axis`, and is the shape of the result
 * @throws ArgumentError for an index outside of the axis; ShapeError if the shapes do not align
 */
export function gather(x: TensorLike, index: Tensor, options: AxisOptions = {}): Tensor {
  checkOptions('gather', options, AXIS_OPTIONS, 'index, ');
  checkTensor('gather', index, 'the index');
  const { axis = -1 } = options;
  const t = operandOf('gather', x);
  const at = normalizeAxis('gather', axis, t.rank);
  return apply(gatherOp, [t, asIndex('gather', index, t.shape[at]!)], { axis: at });
}

/**
 * Adds each element of `source` into zeros at its `index` along `axis` (default: the last): the transpose of `gather`.
 * @throws ArgumentError for an index outside of `length`; ShapeError if the index and the source differ in shape
 */
export function scatterAdd(source: Tensor, index: Tensor, length: number, options: AxisOptions = {}): Tensor {
  checkOptions('scatterAdd', options, AXIS_OPTIONS, 'source, index, length, ');
  checkTensor('scatterAdd', source, 'the source');
  checkTensor('scatterAdd', index, 'the index');
  const { axis = -1 } = options;
  const at = normalizeAxis('scatterAdd', axis, source.rank);
  checkShape('scatterAdd', [length]);
  return apply(scatterAddOp, [source, asIndex('scatterAdd', index, length)], { axis: at, length });
}

/** Options of `tril` and `triu`. */
export interface TriangleOptions {
  /** The edge of the triangle: 0 (default) is the main diagonal, 1 the one above it, −1 the one below. */
  diagonal?: number;
}

const TRIANGLE_OPTIONS: OptionNames<TriangleOptions> = { diagonal: true };

/** Keeps the lower triangle of each matrix and sets the elements above `diagonal` to 0. */
export const tril = (x: TensorLike, options: TriangleOptions = {}): Tensor =>
  triangle('tril', x, options, (offset, diagonal) => offset <= diagonal);

/** Keeps the upper triangle of each matrix and sets the elements below `diagonal` to 0. */
export const triu = (x: TensorLike, options: TriangleOptions = {}): Tensor =>
  triangle('triu', x, options, (offset, diagonal) => offset >= diagonal);

/** @param kept - whether an element `offset` columns to the right of the main diagonal is kept */
function triangle(
  op: string,
  x: TensorLike,
  options: TriangleOptions,
  kept: (offset: number, diagonal: number) => boolean,
): Tensor {
  checkOptions(op, options, TRIANGLE_OPTIONS);
  const { diagonal = 0 } = options;
  checkNumber(op, 'diagonal', diagonal, Number.isInteger(diagonal), 'that is whole');
  const t = operandOf(op, x);
  const [rows, columns] = t.shape.slice(-2);
  if (rows === undefined || columns === undefined) {
    throw new ShapeError(
      op,
      [t.shape],
      `the tensor must have at least two axes, found ${formatShape(t.shape)}`,
    );
  }
  const mask = Float32Array.from({ length: rows * columns }, (_, i) =>
    Number(kept((i % columns) - Math.floor(i / columns), diagonal)),
  );
  return wrap(uploadTo(backend(), mask), [rows, columns]).where(t, 0);
}
