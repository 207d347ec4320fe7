/** Helpers for the tests of the reference backend: operands, indices, element access and comparisons. */
import * as assert from 'uvu/assert';
import type { HostArray, Kernels, Operand } from '../../packages/core/src/backend/backend.js';
import { createReference } from '../../packages/core/src/backend/reference/reference.js';

export const float32: Kernels<HostArray> = createReference().kernels;
export const float64: Kernels<HostArray> = createReference(Float64Array).kernels;

/** Numbers spread over [−2, 2), from a linear congruential sequence. */
export function numbers(size: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  });
}

/** Whole numbers from −8 to 7. Their sums and products are exact, also in float32. */
export const wholes = (size: number, seed = 1): Float64Array =>
  numbers(size, seed).map((x) => Math.floor(4 * x));

export const count = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

export function operand(
  shape: readonly number[],
  values: HostArray = wholes(count(shape)),
): Operand<HostArray> {
  return { values, shape };
}

/** Every index of a shape, in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const n of shape) all = all.flatMap((index) => Array.from({ length: n }, (_, i) => [...index, i]));
  return all;
}

/** x[index], with broadcasting: missing leading axes are ignored, and an axis of length 1 repeats its element. */
export function at(x: Operand<HostArray>, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  let nested: unknown = nest([...x.values], x.shape);
  own.forEach((i, axis) => {
    nested = (nested as unknown[])[x.shape[axis] === 1 ? 0 : i];
  });
  return nested as number;
}

/** Turns a flat list into nested arrays. */
function nest(flat: number[], shape: readonly number[]): unknown {
  const [first, ...rest] = shape;
  if (first === undefined) return flat[0];
  const size = count(rest);
  return Array.from({ length: first }, (_, i) => nest(flat.slice(i * size, (i + 1) * size), rest));
}

/** Asserts equal lengths and identical numbers; NaN equals NaN, and −0 differs from 0. */
export function assertSame(actual: ArrayLike<number>, expected: ArrayLike<number>, what = ''): void {
  assert.is(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Object.is(actual[i], expected[i]), `${what}[${i}]: ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Asserts that numbers are within `tolerance` of the expected ones: relative, or absolute for magnitudes below 1. */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  assert.is(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [actual[i] as number, expected[i] as number];
    const near = Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y));
    assert.ok(near, `${what}[${i}]: ${x}, expected ${y}`);
  }
}
