/** Cases of norms and of sums of products. */
import type { Shape } from '../../errors.js';
import { einsum } from '../../ops/einsum.js';
import { norm } from '../../ops/statistics.js';
import { type Grid, grid, indices, reduced, series } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** The definition of the norm. */
function normOf(values: readonly number[], p: number): number {
  const sizes = values.map(Math.abs);
  if (p === Number.POSITIVE_INFINITY) return Math.max(...sizes);
  if (p === Number.NEGATIVE_INFINITY) return Math.min(...sizes);
  if (p === 0) return sizes.filter((x) => x !== 0).length;
  return series(sizes.length, (k) => sizes[k]! ** p) ** (1 / p);
}

const normPlaces: readonly { shape: Shape; axis?: number | number[]; axes: number[]; keepDims?: boolean }[] =
  [
    { shape: [2, 3], axes: [0, 1] },
    { shape: [3, 4], axis: -1, axes: [1], keepDims: true },
    { shape: [2, 3, 4], axis: [0, 2], axes: [0, 2] },
    { shape: [1, 3], axis: 0, axes: [0] },
    { shape: [3, 0], axis: 0, axes: [0] },
  ];

export const normCases: readonly OpCase[] = [2, 1, 3, 0.5, -1, 0, Infinity, -Infinity].flatMap((p) =>
  normPlaces.map(({ axes, shape, ...where }) =>
    opCase(
      'norm',
      // Distinct magnitudes, none of them 0.
      [{ shape, lattice: { step: 0.5, offset: 0.125 } }],
      (x) => norm(x, { ...where, p }),
      (x) => reduced(x, axes, where.keepDims ?? false, (values) => normOf(values, p)),
      { note: JSON.stringify({ ...where, p: String(p) }), ...(p === 0 ? { wrt: [] } : {}) },
    ),
  ),
);

/** The sum over all values of the letters that the result lacks. */
function einsumOf(equation: string, xs: readonly Grid[]): Grid {
  const [left, output] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const letters = [...new Set(left.replaceAll(',', ''))];
  const lengthOf = (letter: string): number => {
    const term = terms.findIndex((t) => t.includes(letter));
    return xs[term]!.shape[terms[term]!.indexOf(letter)]!;
  };
  const everything = indices(letters.map(lengthOf));
  return grid([...output].map(lengthOf), (place) =>
    series(everything.length, (k) => {
      const value = (letter: string): number => everything[k]![letters.indexOf(letter)]!;
      if ([...output].some((letter, i) => value(letter) !== place[i])) return 0;
      return xs.reduce((product, x, i) => product * x.at([...terms[i]!].map(value)), 1);
    }),
  );
}

const sums: readonly (readonly [equation: string, ...shapes: Shape[]])[] = [
  ['ij,jk->ik', [2, 3], [3, 4]],
  ['ij->ji', [2, 3]],
  ['ij->', [2, 3]],
  ['ij->j', [2, 3]],
  ['ii->i', [3, 3]],
  ['ii->', [3, 3]],
  ['iji->ji', [2, 3, 2]],
  ['i,i->', [4], [4]],
  ['i,j->ji', [2], [3]],
  ['bij,bjk->bik', [2, 3, 4], [2, 4, 2]],
  ['bij,jb->ib', [2, 3, 4], [4, 2]],
  ['ij,jk,kl->il', [2, 3], [3, 1], [1, 2]],
  ['ij,ij,ij->ij', [2, 2], [2, 2], [2, 2]],
  ['i,ij,j->', [2], [2, 3], [3]],
  ['ab,cd->', [2, 2], [1, 3]],
  ['ij,jk->ik', [2, 0], [0, 2]],
  [',i->i', [], [3]],
];

export const einsumCases: readonly OpCase[] = sums.map(([equation, ...shapes]) =>
  opCase(
    'einsum',
    shapes.map((shape) => ({ shape })),
    (...xs) => einsum(equation, ...xs),
    (...xs) => einsumOf(equation, xs),
    { note: equation },
  ),
);
