/** Cases of the elementwise operations: the functions of the tables with every kind of broadcasting, `where` and `clamp`. */
import type { Shape } from '../../errors.js';
import type { Domain } from '../../functions/row.js';
import { binaryRows, unaryRows } from '../../functions/table.js';
import { chainMul, sigmoidResidual, sigmoidSlope } from '../../ops/chain.js';
import * as elementwiseOps from '../../ops/elementwise.js';
import { mulExp, sigmoidCrossEntropy, standardNormalKl } from '../../ops/fused.js';
import type { Tensor } from '../../tensor.js';
import { elementwise } from '../naive.js';
import { definitionOf } from '../notation.js';
import { type OpCase, opCase } from '../op-case.js';

/** The functions of the rows; those of the chain rule are internal. */
const functions = {
  ...elementwiseOps,
  chainMul,
  sigmoidResidual,
  sigmoidSlope,
  mulExp,
  sigmoidCrossEntropy,
  standardNormalKl,
};

/** @throws Error if a row has no public function, which fails the test run */
export function functionOf(name: string): (...inputs: Tensor[]) => Tensor {
  const found = functions[name as keyof typeof functions];
  if (found === undefined) throw new Error(`${name} has a row in functions/ but no function in ops/`);
  return found as (...inputs: Tensor[]) => Tensor;
}

const shapes = [[2, 3], [], [1], [0], [2, 0, 3], [5, 7]];

const unaryCases: readonly OpCase[] = Object.entries(unaryRows).flatMap(([name, row]) => {
  const [run, definition] = [functionOf(name), definitionOf(row)];
  return shapes.map((shape) =>
    opCase(
      name,
      [{ ...row.domain, shape }],
      (x) => run(x),
      (x) => elementwise(definition, x),
    ),
  );
});

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

const EVERYWHERE: readonly [Domain, Domain] = [{}, {}];

const binaryCases: readonly OpCase[] = Object.entries(binaryRows).flatMap(([name, row]) => {
  const [run, definition] = [functionOf(name), definitionOf(row)];
  const [first, second] = row.domains ?? EVERYWHERE;
  return shapePairs.map(([a, b]) =>
    opCase(
      name,
      [
        { ...first, shape: a },
        { ...second, shape: b },
      ],
      (p, q) => run(p, q),
      (p, q) => elementwise(definition, p, q),
    ),
  );
});

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

const whereCases: readonly OpCase[] = shapeTriples.map(([condition, a, b]) =>
  opCase(
    'where',
    [{ shape: condition, below: 2 }, { shape: a }, { shape: b }],
    (c, p, q) => elementwiseOps.where(c, p, q),
    (c, p, q) => elementwise((test, yes, no) => (test === 1 ? yes : no), c, p, q),
  ),
);

/** An omitted bound is infinite. */
const bounds: readonly { min?: number; max?: number }[] = [
  { min: -0.5, max: 1 },
  { min: 0 },
  { max: 0.25 },
  {},
];

const clampCases: readonly OpCase[] = bounds.flatMap((options) =>
  [[2, 5], [], [1], [0, 2]].map((shape) =>
    opCase(
      'clamp',
      [{ shape, kinks: Object.values(options) }],
      (x) => elementwiseOps.clamp(x, options),
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

export const elementwiseCases: readonly OpCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...whereCases,
  ...clampCases,
];
