/**
 * Arrays for definitions: every element is a formula of its index. There are no strides and no kernels, so that results of
 * the library can be compared with textbook formulas.
 */
import type { Shape } from '../errors.js';

/** An array with element access by index. */
export interface Grid {
  readonly shape: Shape;
  /** The elements in row-major order. */
  readonly data: readonly number[];
  at(index: readonly number[]): number;
}

/** Every index of a shape, in row-major order. */
export function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (heads, length) => heads.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  );
}

/** The array whose element at each index is `define(index)`. */
export function grid(shape: Shape, define: (index: number[]) => number): Grid {
  return gridOf(shape, indices(shape).map(define));
}

/** The array of the given elements. */
export function gridOf(shape: Shape, data: readonly number[]): Grid {
  return {
    shape,
    data,
    at: (index) => data[index.reduce((place, i, axis) => place * shape[axis]! + i, 0)]!,
  };
}

/** The shape of several arrays under NumPy's broadcasting: aligned at the last axis, and a length of 1 is stretched. */
export function commonShape(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return lengths.find((length) => length !== 1) ?? 1;
  });
}

/** The element of x at `index` of the larger array to which x is broadcast. */
export function stretched(x: Grid, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return x.at(own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)));
}

/** f of the elements of several arrays, broadcast against each other. */
export function elementwise(f: (...values: number[]) => number, ...xs: Grid[]): Grid {
  const shape = commonShape(...xs.map((x) => x.shape));
  return grid(shape, (index) => f(...xs.map((x) => stretched(x, index))));
}

/** f of all elements that differ only in their index along `axes`. */
export function reduced(
  x: Grid,
  axes: readonly number[],
  keepDims: boolean,
  f: (values: number[]) => number,
): Grid {
  const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const groups = grid(kept, (place) =>
    f(
      indices(x.shape)
        .filter((index) => index.every((i, axis) => axes.includes(axis) || i === place[axis]))
        .map((index) => x.at(index)),
    ),
  );
  return keepDims
    ? groups
    : gridOf(
        x.shape.filter((_, axis) => !axes.includes(axis)),
        groups.data,
      );
}

/** Σ term(k) for k = 0 … count − 1. */
export function series(count: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
}

/** ∫₀ˣ f by Boole's rule: Richardson extrapolation of Simpson's rule with 400 and 800 intervals. */
export function integral(f: (t: number) => number, x: number): number {
  const simpson = (pieces: number): number => {
    const h = x / pieces;
    const weight = (k: number) => (k === 0 || k === pieces ? 1 : k % 2 === 1 ? 4 : 2);
    return (h / 3) * series(pieces + 1, (k) => f(k * h) * weight(k));
  };
  return (16 * simpson(800) - simpson(400)) / 15;
}
