/** Cases of the elementwise operations of one argument. */
import * as ops from '../../ops/elementwise.js';
import type { Tensor } from '../../tensor.js';
import { elementwise, erfIntegral } from '../naive.js';
import { type InputSpec, type OpCase, opCase } from '../op-case.js';

interface Unary {
  readonly op: string;
  run(x: Tensor): Tensor;
  /** The definition. */
  f(x: number): number;
  /** Where its arguments are drawn from. */
  readonly domain?: Omit<InputSpec, 'shape'>;
}

const positive = { low: 0.2, high: 3 };
const awayFromZero = { kinks: [0] };

const unaries: readonly Unary[] = [
  { op: 'neg', run: (x) => ops.neg(x), f: (x) => 0 - x },
  { op: 'exp', run: (x) => ops.exp(x), f: (x) => Math.E ** x },
  { op: 'expm1', run: (x) => ops.expm1(x), f: (x) => Math.exp(x) - 1 },
  { op: 'log', run: (x) => ops.log(x), f: (x) => Math.log2(x) * Math.LN2, domain: positive },
  { op: 'log1p', run: (x) => ops.log1p(x), f: (x) => Math.log(1 + x), domain: { low: -0.8, high: 3 } },
  { op: 'sqrt', run: (x) => ops.sqrt(x), f: (x) => x ** 0.5, domain: positive },
  { op: 'rsqrt', run: (x) => ops.rsqrt(x), f: (x) => x ** -0.5, domain: positive },
  { op: 'square', run: (x) => ops.square(x), f: (x) => x ** 2 },
  { op: 'abs', run: (x) => ops.abs(x), f: (x) => (x < 0 ? -x : x), domain: awayFromZero },
  { op: 'sign', run: (x) => ops.sign(x), f: (x) => (x < 0 ? -1 : 1), domain: awayFromZero },
  { op: 'reciprocal', run: (x) => ops.reciprocal(x), f: (x) => x ** -1, domain: { low: -2, high: -0.3 } },
  { op: 'sin', run: (x) => ops.sin(x), f: (x) => Math.cos(x - Math.PI / 2) },
  { op: 'cos', run: (x) => ops.cos(x), f: (x) => Math.sin(x + Math.PI / 2) },
  { op: 'erf', run: (x) => ops.erf(x), f: erfIntegral, domain: { low: -3, high: 3 } },
  { op: 'relu', run: (x) => ops.relu(x), f: (x) => (x > 0 ? x : 0), domain: awayFromZero },
  {
    op: 'gelu',
    run: (x) => ops.gelu(x),
    f: (x) => (x * (1 + erfIntegral(x / Math.sqrt(2)))) / 2,
    domain: { low: -3, high: 3 },
  },
  {
    op: 'sigmoid',
    run: (x) => ops.sigmoid(x),
    f: (x) => 1 / (1 + Math.exp(-x)),
    domain: { low: -6, high: 6 },
  },
  {
    op: 'tanh',
    run: (x) => ops.tanh(x),
    f: (x) => (Math.exp(x) - Math.exp(-x)) / (Math.exp(x) + Math.exp(-x)),
  },
  {
    op: 'softplus',
    run: (x) => ops.softplus(x),
    f: (x) => Math.log(1 + Math.exp(x)),
    domain: { low: -6, high: 6 },
  },
  {
    op: 'logSigmoid',
    run: (x) => ops.logSigmoid(x),
    f: (x) => Math.log(1 / (1 + Math.exp(-x))),
    domain: { low: -6, high: 6 },
  },
];

const shapes = [[2, 3], [], [1], [0], [2, 0, 3], [5, 7]];

export const unaryCases: readonly OpCase[] = unaries.flatMap(({ op, run, f, domain = {} }) =>
  shapes.map((shape) =>
    opCase(
      op,
      [{ ...domain, shape }],
      (x) => run(x),
      (x) => elementwise(f, x),
    ),
  ),
);

/** A bound that is left out is infinite. */
const bounds: readonly { min?: number; max?: number }[] = [
  { min: -0.5, max: 1 },
  { min: 0 },
  { max: 0.25 },
  {},
];

export const clampCases: readonly OpCase[] = bounds.flatMap((options) =>
  [[2, 5], [], [1], [0, 2]].map((shape) =>
    opCase(
      'clamp',
      [{ shape, kinks: Object.values(options) }],
      (x) => ops.clamp(x, options),
      (x) =>
        elementwise((value) => {
          if (options.min !== undefined && value < options.min) return options.min;
          if (options.max !== undefined && value > options.max) return options.max;
          return value;
        }, x),
      { note: JSON.stringify(options) },
    ),
  ),
);
