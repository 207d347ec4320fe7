/** Cases of the operations that only move elements. */
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/movement.js';
import { type Grid, grid, gridOf, stretched } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** Operations that leave the elements in their order: only the shape is new. */
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
    order.map((a) => x.shape[a] as number),
    (index) => x.at(x.shape.map((_, a) => index[order.indexOf(a)] as number)),
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

/** [shape, axis, start, end, first element and number of elements that must come out] */
const slices: readonly (readonly [Shape, number, number, number | undefined, number, number])[] = [
  [[1, 3], 0, 0, 1, 0, 1],
  [[5], 0, 1, 3, 1, 2],
  [[5], 0, -3, -1, 2, 2],
  [[5], 0, 2, undefined, 2, 3],
  [[5], 0, 3, 99, 3, 2],
  [[5], 0, -99, 2, 0, 2],
  [[5], 0, 4, 2, 4, 0],
  [[3, 4], 1, 1, 3, 1, 2],
  [[3, 4], -2, 1, undefined, 1, 2],
  [[2, 3, 4], 1, 0, 1, 0, 1],
  [[2, 0], 1, 0, 3, 0, 0],
];

const sliceCases: readonly OpCase[] = slices.map(([shape, axis, start, end, first, count]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  return opCase(
    'slice',
    [{ shape }],
    (x) => ops.slice(x, axis, start, end),
    (x) => grid(shape.with(at, count), (index) => x.at(index.with(at, (index[at] as number) + first))),
    { note: `axis ${axis} from ${start} to ${end}` },
  );
});

/** [shape, size, axis, the pieces' lengths] */
const splits: readonly (readonly [Shape, number | readonly number[], number, readonly number[]])[] = [
  [[1, 3], 2, 0, [1]],
  [[5], 2, 0, [2, 2, 1]],
  [[2, 4], 2, 1, [2, 2]],
  [[2, 4], [1, 0, 3], -1, [1, 0, 3]],
  [[4, 2], [4], 0, [4]],
  [[0, 2], 3, 0, [0]],
];

const splitCases: readonly OpCase[] = splits.flatMap(([shape, size, axis, lengths]) =>
  lengths.map((length, piece) => {
    const at = axis < 0 ? axis + shape.length : axis;
    const start = lengths.slice(0, piece).reduce((sum, n) => sum + n, 0);
    return opCase(
      'split',
      [{ shape }],
      (x) => ops.split(x, size, axis)[piece] ?? x,
      (x) => grid(shape.with(at, length), (index) => x.at(index.with(at, (index[at] as number) + start))),
      { note: `${JSON.stringify(size)} piece ${piece}` },
    );
  }),
);

const flips: readonly (readonly [Shape, number | readonly number[] | undefined, readonly number[]])[] = [
  [[1, 3], 0, [0]],
  [[4], undefined, [0]],
  [[2, 3], undefined, [0, 1]],
  [[2, 3], 0, [0]],
  [
    [2, 3, 4],
    [-1, 0],
    [0, 2],
  ],
  [[2, 0], 1, [1]],
  [[], undefined, []],
];

const flipCases: readonly OpCase[] = flips.map(([shape, axis, axes]) =>
  opCase(
    'flip',
    [{ shape }],
    (x) => ops.flip(x, axis),
    (x) =>
      grid(shape, (index) =>
        x.at(index.map((i, a) => (axes.includes(a) ? (shape[a] as number) - 1 - i : i))),
      ),
    { note: JSON.stringify(axis ?? 'all') },
  ),
);

const pads: readonly (readonly [Shape, readonly (readonly [number, number])[], number])[] = [
  [
    [1, 2],
    [
      [1, 0],
      [0, 1],
    ],
    0,
  ],
  [[3], [[1, 2]], 0],
  [
    [2, 3],
    [
      [0, 1],
      [2, 0],
    ],
    7.5,
  ],
  [
    [2, 3],
    [
      [0, 0],
      [0, 0],
    ],
    1,
  ],
  [
    [0, 2],
    [
      [1, 1],
      [0, 1],
    ],
    -1,
  ],
  [[], [], 3],
];

const padCases: readonly OpCase[] = pads.map(([shape, widths, value]) =>
  opCase(
    'pad',
    [{ shape }],
    (x) => ops.pad(x, widths, value),
    (x) =>
      grid(
        shape.map((n, a) => n + widths[a]![0] + widths[a]![1]),
        (index) => {
          const own = index.map((i, a) => i - widths[a]![0]);
          return own.every((i, a) => i >= 0 && i < (shape[a] as number)) ? x.at(own) : value;
        },
      ),
    { note: `${JSON.stringify(widths)} with ${value}` },
  ),
);

/** Element by element: which part an index falls into. */
function joined(parts: readonly Grid[], axis: number): Grid {
  const owners = parts.flatMap((part) =>
    Array.from({ length: part.shape[axis] as number }, (_, i) => ({ part, i })),
  );
  const shape = (parts[0] as Grid).shape.with(axis, owners.length);
  return grid(shape, (index) => {
    const { part, i } = owners[index[axis] as number] as { part: Grid; i: number };
    return part.at(index.with(axis, i));
  });
}

const concats: readonly (readonly [readonly Shape[], number])[] = [
  [[[2], [3], [1]], 0],
  [
    [
      [2, 3],
      [1, 3],
    ],
    0,
  ],
  [
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    -1,
  ],
  [
    [
      [2, 0],
      [2, 2],
    ],
    1,
  ],
  [
    [
      [2, 1, 2],
      [2, 3, 2],
    ],
    1,
  ],
  [
    [
      [0, 2],
      [0, 1],
    ],
    1,
  ],
  [[[2, 2]], 0],
];

const concatCases: readonly OpCase[] = concats.map(([shapes, axis]) =>
  opCase(
    'concat',
    shapes.map((shape) => ({ shape })),
    (...parts) => ops.concat(parts, axis),
    (...parts) => joined(parts, axis < 0 ? axis + (shapes[0] as Shape).length : axis),
    { note: `axis ${axis}` },
  ),
);

const stackCases: readonly OpCase[] = [
  [[2, 3], 0],
  [[2, 3], 1],
  [[2, 3], -1],
  [[1, 2], 1],
  [[], 0],
  [[0], 1],
].map((row) => {
  const [shape, axis] = row as [Shape, number];
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  return opCase(
    'stack',
    [{ shape }, { shape }],
    (a, b) => ops.stack([a, b], axis),
    (a, b) =>
      grid(shape.toSpliced(at, 0, 2), (index) => (index[at] === 0 ? a : b).at(index.toSpliced(at, 1))),
    { note: `axis ${axis}` },
  );
});

export const movementCases: readonly OpCase[] = [
  ...relabelCases,
  ...orderCases,
  ...expandCases,
  ...sliceCases,
  ...splitCases,
  ...flipCases,
  ...padCases,
  ...concatCases,
  ...stackCases,
];
