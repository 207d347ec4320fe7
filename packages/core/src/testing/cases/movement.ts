/** Cases of the operations that change the shape or the order of axes. */
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/movement.js';
import { type Grid, grid, gridOf, stretched } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** A case of an operation that changes only the shape and keeps the order of the elements. */
function relabel(op: string, shape: Shape, run: OpCase['run'], result: Shape, note: string): OpCase {
  return opCase(op, [{ shape }], run, (x) => gridOf(result, x.data), { note });
}

const relabelCases: readonly OpCase[] = [
  relabel('reshape', [2, 3], (x) => ops.reshape(x, [3, 2]), [3, 2], 'to [3, 2]'),
  relabel('reshape', [2, 3], (x) => ops.reshape(x, [-1]), [6], 'to [-1]'),
  relabel('reshape', [2, 6], (x) => ops.reshape(x, [2, -1, 3]), [2, 2, 3], 'to [2, -1, 3]'),
  relabel('reshape', [1, 1], (x) => ops.reshape(x, []), [], 'to []'),
  relabel('reshape', [0, 3], (x) => ops.reshape(x, [2, 0]), [2, 0], 'to [2, 0]'),
  relabel('flatten', [2, 3, 4], (x) => ops.flatten(x), [24], ''),
  relabel('flatten', [2, 3, 4], (x) => ops.flatten(x, 1), [2, 12], 'from 1'),
  relabel('flatten', [2, 3, 4], (x) => ops.flatten(x, 0, -2), [6, 4], 'to -2'),
  relabel('flatten', [1, 3], (x) => ops.flatten(x), [3], ''),
  relabel('flatten', [], (x) => ops.flatten(x), [1], ''),
  relabel('flatten', [0, 2], (x) => ops.flatten(x), [0], ''),
  relabel('squeeze', [1, 2, 1, 3], (x) => ops.squeeze(x), [2, 3], ''),
  relabel('squeeze', [1, 2, 1], (x) => ops.squeeze(x, -1), [1, 2], 'axis -1'),
  relabel('squeeze', [1, 2, 1], (x) => ops.squeeze(x, [0, 2]), [2], 'axis [0, 2]'),
  relabel('squeeze', [1, 0], (x) => ops.squeeze(x, 0), [0], 'axis 0'),
  relabel('unsqueeze', [2, 3], (x) => ops.unsqueeze(x, 0), [1, 2, 3], 'axis 0'),
  relabel('unsqueeze', [2, 3], (x) => ops.unsqueeze(x, -1), [2, 3, 1], 'axis -1'),
  relabel('unsqueeze', [0, 1], (x) => ops.unsqueeze(x, 1), [0, 1, 1], 'axis 1'),
  relabel('unsqueeze', [], (x) => ops.unsqueeze(x, 0), [1], 'axis 0'),
  relabel('clone', [2, 3], (x) => ops.clone(x), [2, 3], ''),
  relabel('clone', [2, 1], (x) => ops.clone(x), [2, 1], ''),
  relabel('clone', [], (x) => ops.clone(x), [], ''),
  relabel('clone', [0], (x) => ops.clone(x), [0], ''),
];

/** The result's axis i is axis order[i] of x. */
function permuted(x: Grid, order: readonly number[]): Grid {
  return grid(
    order.map((a) => x.shape[a]!),
    (index) => x.at(x.shape.map((_, a) => index[order.indexOf(a)]!)),
  );
}

const orderCases: readonly OpCase[] = [
  opCase(
    'transpose',
    [{ shape: [0, 3] }],
    (x) => ops.transpose(x),
    (x) => permuted(x, [1, 0]),
  ),
  opCase(
    'permute',
    [{ shape: [2, 1, 3] }],
    (x) => ops.permute(x, [1, 2, 0]),
    (x) => permuted(x, [1, 2, 0]),
  ),
  ...[
    [2, 0, 1],
    [0, 2, 1],
    [2, 1, 0],
    [0, 1, 2],
  ].map((order) =>
    opCase(
      'permute',
      [{ shape: [2, 3, 4] }],
      (x) => ops.permute(x, order),
      (x) => permuted(x, order),
      {
        note: JSON.stringify(order),
      },
    ),
  ),
  opCase(
    'permute',
    [{ shape: [2, 0, 3] }],
    (x) => ops.permute(x, [-1, 0, 1]),
    (x) => permuted(x, [2, 0, 1]),
  ),
  opCase(
    'permute',
    [{ shape: [] }],
    (x) => ops.permute(x, []),
    (x) => x,
  ),
  opCase(
    'transpose',
    [{ shape: [2, 3] }],
    (x) => ops.transpose(x),
    (x) => permuted(x, [1, 0]),
  ),
  opCase(
    'transpose',
    [{ shape: [35, 18] }],
    (x) => ops.transpose(x),
    (x) => permuted(x, [1, 0]),
  ),
  opCase(
    'transpose',
    [{ shape: [2, 3, 4] }],
    (x) => ops.transpose(x),
    (x) => permuted(x, [0, 2, 1]),
  ),
  opCase(
    'transpose',
    [{ shape: [2, 3, 4] }],
    (x) => ops.transpose(x, 0, -1),
    (x) => permuted(x, [2, 1, 0]),
    {
      note: '0 -1',
    },
  ),
  opCase(
    'transpose',
    [{ shape: [1, 3] }],
    (x) => ops.transpose(x),
    (x) => permuted(x, [1, 0]),
  ),
];

const expansions: readonly (readonly [Shape, Shape])[] = [
  [
    [0, 1],
    [0, 3],
  ],
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [2, 1, 1],
    [2, 3, 4],
  ],
  [[], [2, 2]],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [1, 3],
    [0, 3],
  ],
  [[1], [1, 1]],
];

const expandCases: readonly OpCase[] = expansions.map(([shape, target]) =>
  opCase(
    'expand',
    [{ shape }],
    (x) => ops.expand(x, target),
    (x) => grid(target, (index) => stretched(x, index)),
    { note: `to [${target.join(', ')}]` },
  ),
);

export const movementCases: readonly OpCase[] = [...relabelCases, ...orderCases, ...expandCases];
