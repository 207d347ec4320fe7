/** Cases of the elementwise operations of several arguments, over the ways in which shapes can broadcast. */
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import { elementwise } from '../naive.js';
import { type InputSpec, type OpCase, opCase } from '../op-case.js';

type Domain = Omit<InputSpec, 'shape'>;

interface Binary {
  readonly op: string;
  run(a: Tensor, b: Tensor): Tensor;
  /** The definition. */
  f(a: number, b: number): number;
  /** Where the two arguments are drawn from. */
  readonly domains?: readonly [Domain, Domain];
}

const real: Domain = {};
const positive: Domain = { low: 0.3, high: 2.5 };
const awayFromZero: Domain = { kinks: [0] };
// Two lattices that never meet: no ties, which would be kinks.
const lattices = [
  { lattice: { step: 0.25, offset: 0 } },
  { lattice: { step: 0.25, offset: 0.125 } },
] as const;
const small: Domain = { below: 3 };

const binaries: readonly Binary[] = [
  { op: 'add', run: (a, b) => ops.add(a, b), f: (a, b) => a + b },
  { op: 'sub', run: (a, b) => ops.sub(a, b), f: (a, b) => a - b },
  { op: 'mul', run: (a, b) => ops.mul(a, b), f: (a, b) => a * b },
  { op: 'div', run: (a, b) => ops.div(a, b), f: (a, b) => a / b, domains: [real, positive] },
  {
    op: 'pow',
    run: (a, b) => ops.pow(a, b),
    f: (a, b) => Math.exp(b * Math.log(a)),
    domains: [positive, real],
  },
  { op: 'maximum', run: (a, b) => ops.maximum(a, b), f: (a, b) => (a > b ? a : b), domains: lattices },
  { op: 'minimum', run: (a, b) => ops.minimum(a, b), f: (a, b) => (a < b ? a : b), domains: lattices },
  {
    op: 'leakyRelu',
    run: (x, slope) => ops.leakyRelu(x, slope),
    f: (x, slope) => (x > 0 ? x : slope * x),
    domains: [awayFromZero, { low: 0.01, high: 0.3 }],
  },
  {
    op: 'elu',
    run: (x, alpha) => ops.elu(x, alpha),
    f: (x, alpha) => (x > 0 ? x : alpha * (Math.exp(x) - 1)),
    domains: [awayFromZero, positive],
  },
  // Comparisons of small whole numbers, so that many are equal.
  { op: 'eq', run: (a, b) => ops.eq(a, b), f: (a, b) => (a === b ? 1 : 0), domains: [small, small] },
  { op: 'ne', run: (a, b) => ops.ne(a, b), f: (a, b) => (a === b ? 0 : 1), domains: [small, small] },
  { op: 'lt', run: (a, b) => ops.lt(a, b), f: (a, b) => (a < b ? 1 : 0), domains: [small, small] },
  { op: 'le', run: (a, b) => ops.le(a, b), f: (a, b) => (a > b ? 0 : 1), domains: [small, small] },
  { op: 'gt', run: (a, b) => ops.gt(a, b), f: (a, b) => (a > b ? 1 : 0), domains: [small, small] },
  { op: 'ge', run: (a, b) => ops.ge(a, b), f: (a, b) => (a < b ? 0 : 1), domains: [small, small] },
];

const shapePairs: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [2, 2]],
  [[2, 2], []],
  [[], []],
  [[1], [1, 1]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [
    [2, 1],
    [2, 0],
  ],
  [
    [9, 17],
    [9, 17],
  ],
  [
    [9, 17],
    [9, 1],
  ],
];

export const binaryCases: readonly OpCase[] = binaries.flatMap(({ op, run, f, domains = [real, real] }) =>
  shapePairs.map(([a, b]) =>
    opCase(
      op,
      [
        { ...domains[0], shape: a },
        { ...domains[1], shape: b },
      ],
      run,
      (p, q) => elementwise(f, p, q),
    ),
  ),
);

const shapeTriples: readonly (readonly [Shape, Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [[3], [2, 1], []],
  [[2, 1], [], [3]],
  [[], [], []],
  [[0], [1], []],
];

export const whereCases: readonly OpCase[] = shapeTriples.map(([condition, a, b]) =>
  opCase(
    'where',
    [{ shape: condition, below: 2 }, { shape: a }, { shape: b }],
    (c, p, q) => ops.where(c, p, q),
    (c, p, q) => elementwise((test, yes, no) => (test === 1 ? yes : no), c, p, q),
  ),
);
