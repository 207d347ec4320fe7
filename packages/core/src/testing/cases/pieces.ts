/** Cases of slicing, splitting, padding, joining and flipping. */
import type { Shape } from '../../errors.js';
import { flip } from '../../ops/movement.js';
import * as ops from '../../ops/pieces.js';
import { type Grid, grid } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** [shape, axis, start, end, first index of the result, length of the result] */
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
    (x) => ops.slice(x, start, end, { axis }),
    (x) => grid(shape.with(at, count), (index) => x.at(index.with(at, index[at]! + first))),
    { note: `axis ${axis} from ${start} to ${end}` },
  );
});

/** [shape, size, axis, lengths of the pieces] */
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
      (x) => ops.split(x, size, { axis })[piece] ?? x,
      (x) => grid(shape.with(at, length), (index) => x.at(index.with(at, index[at]! + start))),
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
    (x) => flip(x, axis === undefined ? {} : { axis }),
    (x) => grid(shape, (index) => x.at(index.map((i, a) => (axes.includes(a) ? shape[a]! - 1 - i : i)))),
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
    (x) => ops.pad(x, widths, { value }),
    (x) =>
      grid(
        shape.map((n, a) => n + widths[a]![0] + widths[a]![1]),
        (index) => {
          const own = index.map((i, a) => i - widths[a]![0]);
          return own.every((i, a) => i >= 0 && i < shape[a]!) ? x.at(own) : value;
        },
      ),
    { note: `${JSON.stringify(widths)} with ${value}` },
  ),
);

/** The definition of `concat`: finds the part that contains each index. */
function joined(parts: readonly Grid[], axis: number): Grid {
  const owners = parts.flatMap((part) => Array.from({ length: part.shape[axis]! }, (_, i) => ({ part, i })));
  const shape = (parts[0] as Grid).shape.with(axis, owners.length);
  return grid(shape, (index) => {
    const { part, i } = owners[index[axis]!] as { part: Grid; i: number };
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
    (...parts) => ops.concat(parts, { axis }),
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
    (a, b) => ops.stack([a, b], { axis }),
    (a, b) =>
      grid(shape.toSpliced(at, 0, 2), (index) => (index[at] === 0 ? a : b).at(index.toSpliced(at, 1))),
    { note: `axis ${axis}` },
  );
});

export const pieceCases: readonly OpCase[] = [
  ...sliceCases,
  ...splitCases,
  ...flipCases,
  ...padCases,
  ...concatCases,
  ...stackCases,
];
