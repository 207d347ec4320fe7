/** Cases of the operations that select elements by index. */
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/indexing.js';
import { type Grid, grid, indices, series } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** [shape, axis, number of indices] */
const selections: readonly (readonly [Shape, number, number])[] = [
  [[4], 0, 6],
  [[4, 3], 0, 2],
  [[2, 4, 3], 1, 5],
  [[2, 3], -1, 3],
  [[4, 3], 0, 0],
  [[1, 3], 0, 2],
  [[4, 0], 0, 2],
];

const selectCases: readonly OpCase[] = selections.map(([shape, axis, count]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  return opCase(
    'indexSelect',
    [{ shape }, { shape: [count], below: shape[at]! }],
    (x, index) => ops.indexSelect(x, index, { axis }),
    (x, index) => grid(shape.with(at, count), (out) => x.at(out.with(at, index.at([out[at]!])))),
    { note: `axis ${axis}` },
  );
});

const addCases: readonly OpCase[] = selections.map(([shape, axis, length]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  const count = shape[at]!;
  // At least one, so that a valid index exists.
  const places = Math.max(1, length);
  return opCase(
    'indexAdd',
    [{ shape }, { shape: [count], below: places }],
    (source, index) => ops.indexAdd(source, index, places, { axis }),
    (source, index) =>
      grid(shape.with(at, places), (out) =>
        series(count, (k) => (index.at([k]) === out[at] ? source.at(out.with(at, k)) : 0)),
      ),
    { note: `axis ${axis} into ${places}` },
  );
});

/** [shape, axis, length of the other side's axis] */
const picks: readonly (readonly [Shape, number, number])[] = [
  [[4], 0, 6],
  [[3, 4], 1, 2],
  [[3, 4], 0, 5],
  [[2, 3, 4], 1, 2],
  [[2, 3], -1, 1],
  [[0, 3], 1, 2],
  [[1], 0, 1],
];

const gatherCases: readonly OpCase[] = picks.map(([shape, axis, count]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  return opCase(
    'gather',
    [{ shape }, { shape: shape.with(at, count), below: shape[at]! }],
    (x, index) => ops.gather(x, index, { axis }),
    (x, index) => grid(index.shape, (out) => x.at(out.with(at, index.at(out)))),
    { note: `axis ${axis}` },
  );
});

function scattered(source: Grid, index: Grid, axis: number, length: number): Grid {
  const everywhere = indices(source.shape);
  return grid(source.shape.with(axis, length), (out) =>
    series(everywhere.length, (k) => {
      const from = everywhere[k]!;
      const target = from.with(axis, index.at(from));
      return target.every((i, a) => i === out[a]) ? source.at(from) : 0;
    }),
  );
}

const scatterCases: readonly OpCase[] = picks.map(([shape, axis, length]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  return opCase(
    'scatterAdd',
    [{ shape }, { shape, below: length }],
    (source, index) => ops.scatterAdd(source, index, length, { axis }),
    (source, index) => scattered(source, index, at, length),
    { note: `axis ${axis} into ${length}` },
  );
});

const triangles: readonly (readonly [Shape, number])[] = [
  [[3, 3], 0],
  [[3, 4], 1],
  [[4, 3], -2],
  [[2, 3, 3], -1],
  [[2, 2], 5],
  [[1, 1], 0],
  [[0, 3], 0],
];

const triangleCases: readonly OpCase[] = triangles.flatMap(([shape, diagonal]) => {
  const keep = (test: (distance: number) => boolean) => (x: Grid) =>
    grid(shape, (index) => (test(index.at(-1)! - index.at(-2)!) ? x.at(index) : 0));
  const note = `diagonal ${diagonal}`;
  return [
    opCase(
      'tril',
      [{ shape }],
      (x) => ops.tril(x, { diagonal }),
      keep((distance) => distance <= diagonal),
      { note },
    ),
    opCase(
      'triu',
      [{ shape }],
      (x) => ops.triu(x, { diagonal }),
      keep((distance) => distance >= diagonal),
      { note },
    ),
  ];
});

export const indexingCases: readonly OpCase[] = [
  ...selectCases,
  ...addCases,
  ...gatherCases,
  ...scatterCases,
  ...triangleCases,
];
