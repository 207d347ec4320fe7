/** Nested arrays of numbers, and their flat form. */
import { allocate } from './backend/allocate.js';
import { describeValue } from './checks/arguments.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from './errors.js';
import { checkShape, MOST_AXES, MOST_ELEMENTS } from './shape.js';

/** Nested arrays of numbers: an argument of `tensor` and the result of `toArray`. */
export type NestedArray = number | NestedArray[];

/**
 * The numbers in row-major order, and the lengths of the arrays at each depth.
 * @throws ShapeError if the arrays are ragged or too large, or contain themselves; ArgumentError for other values
 */
export function flattenNested(values: NestedArray): { data: Float64Array; shape: number[] } {
  const shape = lengthsOf(values);
  checkShape('tensor', shape);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = allocate('tensor', 8 * size, () => new Float64Array(size));
  let count = 0;
  const visit = (value: NestedArray, axis: number): void => {
    const expected = shape[axis];
    const found = Array.isArray(value) ? value.length : undefined;
    if (found !== expected) {
      throw new ShapeError(
        'tensor',
        [shape],
        `nested arrays are ragged: at depth ${axis}, expected ${describe(expected)}, found ${describe(found)}`,
      );
    }
    if (Array.isArray(value)) {
      for (const item of value) visit(item, axis + 1);
    } else if (typeof value === 'number') {
      data[count++] = value;
    } else {
      throw new ArgumentError('tensor', `values must be numbers, found ${describeValue(value)}`);
    }
  };
  visit(values, 0);
  return { data, shape };
}

function lengthsOf(values: NestedArray): number[] {
  const shape: number[] = [];
  for (let level: NestedArray | undefined = values; Array.isArray(level); level = level[0]) {
    if (shape.length === MOST_AXES) {
      const problem = `nested arrays have at most ${MOST_AXES} levels, found more`;
      throw new ShapeError('tensor', [shape], `${problem} — does an array contain itself?`);
    }
    shape.push(level.length);
  }
  return shape;
}

function describe(length: number | undefined): string {
  return length === undefined ? 'a number' : `an array of length ${length}`;
}

/** Row-major values as nested arrays. @throws ShapeError if there are too many arrays, which may all be empty */
export function nest(data: ArrayLike<number>, shape: Shape): NestedArray {
  const empty = shape.indexOf(0);
  const arrays = shape.slice(0, empty < 0 ? -1 : empty).reduce((product, length) => product * length, 1);
  if (arrays > MOST_ELEMENTS / 8) {
    throw new ShapeError(
      'toArray',
      [shape],
      `${formatShape(shape)} has ${arrays} rows — read data() instead`,
    );
  }
  const build = (axis: number, offset: number, size: number): NestedArray => {
    if (axis === shape.length) return data[offset]!;
    const length = shape[axis]!;
    const step = length === 0 ? 0 : size / length;
    return Array.from({ length }, (_, i) => build(axis + 1, offset + i * step, step));
  };
  return build(0, 0, data.length);
}
