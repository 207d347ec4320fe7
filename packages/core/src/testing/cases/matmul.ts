/** Cases of matrix products: vectors, matrices, broadcast batches, transposes, and sizes that are not multiples of a tile. */
import type { Shape } from '../../errors.js';
import { type MatmulOptions, matmul } from '../../ops/matmul.js';
import { commonShape, type Grid, grid, gridOf, series, stretched } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** (AB)ᵢⱼ = Σₖ Aᵢₖ Bₖⱼ for each matrix of the batch. */
function product(a: Grid, b: Grid, { transposeA = false, transposeB = false }: MatmulOptions): Grid {
  const [left, right] = [transposeA ? exchanged(a) : a, transposeB ? exchanged(b) : b];
  const [m, inner] = left.shape.slice(-2) as [number, number];
  const n = right.shape.at(-1)!;
  const batch = commonShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const element = (x: Grid, at: readonly number[], row: number, column: number): number => {
    const matrices = gridOf(x.shape.slice(0, -2), x.shape.slice(0, -2).length === 0 ? [0] : places(x));
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    return x.data[(stretched(matrices, at) * rows + row) * columns + column]!;
  };
  return grid([...batch, m, n], (index) => {
    const [i, j] = index.slice(-2) as [number, number];
    const at = index.slice(0, -2);
    return series(inner, (k) => element(left, at, i, k) * element(right, at, k, j));
  });
}

/** The numbers of the matrices of a batch. */
function places(x: Grid): number[] {
  const count = x.shape.slice(0, -2).reduce((product, length) => product * length, 1);
  return Array.from({ length: count }, (_, i) => i);
}

function exchanged(x: Grid): Grid {
  const swap = <T>(items: readonly T[]): T[] => [...items.slice(0, -2), items.at(-1) as T, items.at(-2) as T];
  return grid(swap(x.shape), (index) => x.at(swap(index)));
}

function matmulCase(a: Shape, b: Shape, options: MatmulOptions = {}): OpCase {
  return opCase(
    'matmul',
    [{ shape: a }, { shape: b }],
    (x, y) => matmul(x, y, options),
    (x, y) => {
      const left = a.length === 1 ? gridOf([1, ...a], x.data) : x;
      const right = b.length === 1 ? gridOf([...b, 1], y.data) : y;
      const full = product(left, right, options);
      const shape = full.shape.filter((_, axis) => {
        const fromRight = full.shape.length - axis;
        return !(a.length === 1 && fromRight === 2) && !(b.length === 1 && fromRight === 1);
      });
      return gridOf(shape, full.data);
    },
    { note: JSON.stringify(options) },
  );
}

export const matmulCases: readonly OpCase[] = [
  matmulCase([2, 3], [3, 4]),
  matmulCase([3, 2], [3, 4], { transposeA: true }),
  matmulCase([2, 3], [4, 3], { transposeB: true }),
  matmulCase([3, 2], [4, 3], { transposeA: true, transposeB: true }),
  matmulCase([3], [3]),
  matmulCase([3], [3, 2]),
  matmulCase([2, 3], [3]),
  matmulCase([4], [2, 4], { transposeB: true }),
  matmulCase([3, 2], [3], { transposeA: true }),
  matmulCase([2, 2, 3], [2, 3, 2]),
  matmulCase([2, 2, 3], [3, 2]),
  matmulCase([2, 3], [2, 3, 2]),
  matmulCase([2, 1, 2, 3], [3, 3, 2]),
  matmulCase([2, 1, 3, 2], [3, 2, 3], { transposeA: true, transposeB: true }),
  matmulCase([2, 2, 3], [3]),
  matmulCase([3], [2, 3, 2]),
  matmulCase([1, 1], [1, 1]),
  matmulCase([1, 3], [3, 1]),
  matmulCase([0, 3], [3, 2]),
  matmulCase([2, 0], [0, 3]),
  matmulCase([0], [0]),
  matmulCase([0, 2, 3], [3, 2]),
  matmulCase([7, 9], [9, 5]),
  matmulCase([9, 7], [9, 5], { transposeA: true }),
  matmulCase([7, 9], [5, 9], { transposeB: true }),
  matmulCase([17, 33], [33, 19]),
  matmulCase([33, 17], [19, 33], { transposeA: true, transposeB: true }),
];
