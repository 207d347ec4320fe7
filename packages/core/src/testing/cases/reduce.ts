/** Cases of reductions and of the functions built on them. */
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/reduce.js';
import * as statistics from '../../ops/statistics.js';
import type { Tensor } from '../../tensor.js';
import { type Grid, grid, reduced, series } from '../naive.js';
import { type InputSpec, type OpCase, opCase } from '../op-case.js';

interface Reduction {
  readonly op: string;
  run(x: Tensor, options: statistics.VarianceOptions): Tensor;
  /** The definition: one result from the elements that are reduced to it. */
  f(values: number[], correction: number): number;
  readonly domain?: Omit<InputSpec, 'shape'>;
  readonly options?: readonly statistics.VarianceOptions[];
  /** Whether the reduction of an empty axis is defined. */
  readonly empty?: boolean;
  /** Minimum number of elements for which the derivative exists. */
  readonly fewest?: number;
}

const total = (values: number[]): number => series(values.length, (k) => values[k]!);
const average = (values: number[]): number => total(values) / values.length;
const squares = (values: number[], correction: number): number =>
  total(values.map((x) => (x - average(values)) ** 2)) / Math.max(0, values.length - correction);
const apart = { lattice: { step: 0.25, offset: 0 } };
const corrections = [{}, { correction: 0 }];

const reductions: readonly Reduction[] = [
  { op: 'sum', run: (x, o) => ops.sum(x, o), f: total },
  { op: 'mean', run: (x, o) => statistics.mean(x, o), f: average },
  {
    op: 'amax',
    run: (x, o) => ops.amax(x, o),
    f: (v) => v.toSorted((a, b) => b - a)[0]!,
    domain: apart,
    empty: false,
  },
  {
    op: 'amin',
    run: (x, o) => ops.amin(x, o),
    f: (v) => v.toSorted((a, b) => a - b)[0]!,
    domain: apart,
    empty: false,
  },
  { op: 'prod', run: (x, o) => statistics.prod(x, o), f: (v) => v.reduce((a, b) => a * b, 1) },
  { op: 'logSumExp', run: (x, o) => ops.logSumExp(x, o), f: (v) => Math.log(total(v.map(Math.exp))) },
  { op: 'variance', run: (x, o) => statistics.variance(x, o), f: squares, options: corrections },
  {
    op: 'std',
    run: (x, o) => statistics.std(x, o),
    f: (v, c) => Math.sqrt(squares(v, c)),
    options: corrections,
    fewest: 2,
  },
];

interface Where {
  readonly shape: Shape;
  readonly axis?: number | readonly number[];
  /** The axes that `axis` selects, from 0. */
  readonly axes: readonly number[];
  readonly keepDims?: boolean;
}

const places: readonly Where[] = [
  { shape: [2, 3], axes: [0, 1] },
  { shape: [2, 3], axis: 0, axes: [0] },
  { shape: [2, 3], axis: -1, axes: [1], keepDims: true },
  { shape: [2, 3, 4], axis: 1, axes: [1] },
  { shape: [2, 3, 4], axis: [2, 0], axes: [0, 2] },
  { shape: [2, 3, 4], axis: [0, -1], axes: [0, 2], keepDims: true },
  { shape: [2, 3, 4], axes: [0, 1, 2], keepDims: true },
  { shape: [5, 33], axis: 1, axes: [1] },
  { shape: [33, 5], axis: 0, axes: [0] },
  { shape: [3, 0], axis: 0, axes: [0] },
  { shape: [4], axes: [0] },
  { shape: [], axes: [] },
  { shape: [1, 3], axis: 0, axes: [0] },
  { shape: [3, 1], axis: 1, axes: [1], keepDims: true },
  { shape: [2, 2], axis: [], axes: [] },
];

/** Reductions over empty axes. */
const nothing: readonly Where[] = [
  { shape: [0], axes: [0] },
  { shape: [2, 0], axis: 1, axes: [1] },
  { shape: [2, 0, 3], axis: [0, 1], axes: [0, 1], keepDims: true },
];

function reductionCase(reduction: Reduction, where: Where, extra: statistics.VarianceOptions): OpCase {
  const { op, run, f, domain = {}, fewest = 0 } = reduction;
  const { shape, axis, axes, keepDims = false } = where;
  const options = { axis, keepDims, ...extra };
  const count = axes.reduce((product, a) => product * shape[a]!, 1);
  const correction = extra.correction ?? (op === 'variance' || op === 'std' ? 1 : 0);
  const defined = count >= fewest && count > correction;
  return opCase(
    op,
    [{ ...domain, shape }],
    (x) => run(x, options),
    (x) => reduced(x, axes, keepDims, (values) => f(values, correction)),
    { note: JSON.stringify(options), ...(defined ? {} : { wrt: [] }) },
  );
}

export const reductionCases: readonly OpCase[] = reductions.flatMap((reduction) =>
  [...places, ...(reduction.empty === false ? [] : nothing)].flatMap((where) =>
    (reduction.options ?? [{}]).map((extra) => reductionCase(reduction, where, extra)),
  ),
);

const first = (values: number[]): number => values.indexOf(Math.max(...values));

export const argmaxCases: readonly OpCase[] = [
  opCase(
    'argmax',
    [{ shape: [1, 3], below: 5 }],
    (x) => ops.argmax(x, { axis: 0 }),
    (x) => reduced(x, [0], false, first),
  ),
  opCase(
    'argmax',
    [{ shape: [3, 4], below: 5 }],
    (x) => ops.argmax(x),
    (x) => reduced(x, [0, 1], false, first),
  ),
  opCase(
    'argmax',
    [{ shape: [], below: 5 }],
    (x) => ops.argmax(x),
    () => grid([], () => 0),
  ),
  ...[0, 1, 2].map((axis) =>
    opCase(
      'argmax',
      [{ shape: [3, 4, 2], below: 4 }],
      (x) => ops.argmax(x, { axis: axis - 3, keepDims: axis === 1 }),
      (x) => reduced(x, [axis], axis === 1, first),
      { note: `axis ${axis}` },
    ),
  ),
  opCase(
    'argmax',
    [{ shape: [0, 3], below: 5 }],
    (x) => ops.argmax(x, { axis: 1 }),
    (x) => reduced(x, [1], false, first),
  ),
];

/** The definition of softmax: eˣ divided by its sum along `axes`. */
function share(x: Grid, axes: readonly number[]): Grid {
  const totals = reduced(x, axes, true, (values) => total(values.map(Math.exp)));
  return grid(
    x.shape,
    (index) => Math.exp(x.at(index)) / totals.at(index.map((i, a) => (axes.includes(a) ? 0 : i))),
  );
}

const softmaxPlaces: readonly Where[] = [
  { shape: [3, 4], axes: [1] },
  { shape: [3, 4], axis: 0, axes: [0] },
  { shape: [2, 3, 4], axis: [0, 2], axes: [0, 2] },
  { shape: [2, 3, 4], axis: -2, axes: [1] },
  { shape: [4, 1], axes: [1] },
  { shape: [2, 0], axes: [1] },
  { shape: [0, 2], axes: [1] },
  { shape: [7, 33], axes: [1] },
];

export const softmaxCases: readonly OpCase[] = softmaxPlaces.flatMap(({ shape, axis, axes }) => {
  const options = axis === undefined ? {} : { axis };
  const note = JSON.stringify(options);
  return [
    opCase(
      'softmax',
      [{ shape }],
      (x) => ops.softmax(x, options),
      (x) => share(x, axes),
      { note },
    ),
    opCase(
      'logSoftmax',
      [{ shape }],
      (x) => ops.logSoftmax(x, options),
      (x) => grid(x.shape, (index) => Math.log(share(x, axes).at(index))),
      { note },
    ),
  ];
});

const cumsumPlaces: readonly (readonly [Shape, number])[] = [
  [[5], 0],
  [[2, 3], -1],
  [[2, 3], 0],
  [[2, 3, 4], 1],
  [[1, 3], 0],
  [[2, 0], 1],
  [[0, 3], 1],
];

export const cumsumCases: readonly OpCase[] = cumsumPlaces.map(([shape, axis]) =>
  opCase(
    'cumsum',
    [{ shape }],
    (x) => ops.cumsum(x, { axis }),
    (x) => {
      const along = axis < 0 ? axis + shape.length : axis;
      return grid(shape, (index) => series(index[along]! + 1, (k) => x.at(index.with(along, k))));
    },
    { note: `axis ${axis}` },
  ),
);

/** [shape, smaller shape that it is summed to, axes of the larger shape that are summed] */
const sizes: readonly (readonly [Shape, Shape, readonly number[]])[] = [
  [[2, 3], [3], [0]],
  [[2, 3], [2, 1], [1]],
  [
    [4, 2, 3],
    [2, 1],
    [0, 2],
  ],
  [[2, 3], [], [0, 1]],
  [[2, 3], [2, 3], []],
  [[0, 3], [1, 3], [0]],
  [[1, 1], [1], [0]],
];

export const sumToSizeCases: readonly OpCase[] = sizes.map(([shape, target, axes]) =>
  opCase(
    'sumToSize',
    [{ shape }],
    (x) => ops.sumToSize(x, target),
    (x) => {
      const sums = reduced(x, axes, true, total);
      const added = shape.length - target.length;
      return grid(target, (index) => sums.at([...new Array<number>(added).fill(0), ...index]));
    },
    { note: `to [${target.join(', ')}]` },
  ),
);
