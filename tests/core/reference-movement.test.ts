/** The reference backend's kernels that move elements, against definitions by index. */
import { test } from 'uvu';
import { assertSame, at, count, float64, indices, operand, wholes } from '../helpers/reference-kernels.js';

test('strided: transposes, flips, slices with a step, expands and scalars', () => {
  const x = operand([2, 3, 4]);
  const view = (
    shape: number[],
    strides: number[],
    offset: number,
    source: (index: number[]) => number[],
  ): void => {
    const expected = indices(shape).map((index) => at(x, source(index)));
    assertSame(float64.strided(x.values, { shape, strides, offset }), expected, `strides ${strides}`);
  };
  view([4, 2, 3], [1, 12, 4], 0, ([a, b, c]) => [b, c, a] as number[]);
  view([2, 3, 4], [12, -4, -1], 11, ([a, b, c]) => [a, 2 - (b as number), 3 - (c as number)] as number[]);
  view([2, 2], [12, 2], 5, ([a, b]) => [a, 1, 1 + 2 * (b as number)] as number[]);
  view([3, 2, 2], [0, 12, 0], 9, ([, b]) => [b, 2, 1] as number[]);
  view([], [], 7, () => [0, 1, 3]);
  view([2, 0, 3], [12, 4, 1], 0, (index) => index);
});

test('concat: along each axis, empty parts included', () => {
  for (const axis of [0, 1, 2]) {
    for (const lengths of [[2], [1, 3], [2, 0, 1], [0, 0]]) {
      const shapeOf = (length: number): number[] => [2, 3, 2].map((n, a) => (a === axis ? length : n));
      const parts = lengths.map((length, i) =>
        operand(shapeOf(length), wholes(count(shapeOf(length)), 20 + i)),
      );
      const owners = lengths.flatMap((length, part) => Array.from({ length }, (_, i) => ({ part, i })));
      const expected = indices(shapeOf(owners.length)).map((index) => {
        const { part, i } = owners[index[axis] as number] as { part: number; i: number };
        return at(parts[part] as (typeof parts)[0], index.with(axis, i));
      });
      assertSame(float64.concat(parts, axis), expected, `axis ${axis}, lengths ${lengths}`);
    }
  }
});

test('pad: adds elements on every side', () => {
  for (const [shape, before, after] of [
    [
      [2, 3],
      [1, 0],
      [0, 2],
    ],
    [
      [2, 1, 3],
      [0, 2, 1],
      [1, 0, 1],
    ],
    [
      [0, 2],
      [1, 1],
      [0, 0],
    ],
    [[], [], []],
  ] as const) {
    const x = operand(shape);
    const expected = indices(shape.map((n, a) => n + (before[a] ?? 0) + (after[a] ?? 0))).map((index) => {
      const own = index.map((i, a) => i - (before[a] ?? 0));
      return own.every((i, a) => i >= 0 && i < (shape[a] as number)) ? at(x, own) : -7;
    });
    assertSame(float64.pad(x, before, after, -7), expected, `[${shape}]`);
  }
});

test('indexSelect and indexAdd: by index, and adding where an index repeats', () => {
  const spec = { outer: 2, length: 4, inner: 3, count: 5 };
  const index = Float64Array.of(3, 0, 3, 1, 3);
  const x = operand([2, 4, 3]);
  const expected = indices([2, 5, 3]).map(([o, j, i]) => at(x, [o, index[j as number], i] as number[]));
  assertSame(float64.indexSelect(x.values, index, spec), expected);
  const source = operand([2, 5, 3], wholes(30, 4));
  const sums = indices([2, 4, 3]).map(([o, place, i]) =>
    [0, 1, 2, 3, 4].reduce((sum, j) => sum + (index[j] === place ? at(source, [o, j, i] as number[]) : 0), 0),
  );
  assertSame(float64.indexAdd(source.values, index, spec), sums);
  assertSame(float64.indexSelect(x.values, new Float64Array(0), { ...spec, count: 0 }), []);
  assertSame(
    float64.indexAdd(new Float64Array(0), new Float64Array(0), { ...spec, count: 0 }),
    new Array(24).fill(0),
  );
});

test('overlapAdd: each pixel is the sum of the window elements that cover it', () => {
  for (const { kernel, stride, dilation, count: windows, size } of [
    { kernel: [2, 3], stride: [1, 2], dilation: [2, 1], count: [3, 2], size: [5, 5] },
    { kernel: [3, 1], stride: [2, 1], dilation: [1, 1], count: [1, 4], size: [4, 6] },
  ] as const) {
    const [channels, batch] = [2, 3];
    const x = operand([channels, ...kernel, batch, ...windows]);
    const expected = indices([batch, channels, ...size]).map(([n, c, y, z]) =>
      indices([...kernel, ...windows]).reduce((sum, [i, j, p, q]) => {
        const down = (p as number) * stride[0] + (i as number) * dilation[0];
        const across = (q as number) * stride[1] + (j as number) * dilation[1];
        return down === y && across === z ? sum + at(x, [c, i, j, n, p, q] as number[]) : sum;
      }, 0),
    );
    const spec = { batch, channels, size, kernel, stride, dilation, count: windows };
    assertSame(float64.overlapAdd(x.values, spec), expected);
    assertSame(float64.overlapAdd(new Float64Array(0), { ...spec, batch: 0 }), []);
  }
});

test('gather and scatterAdd: one index per element, and adding where an index repeats', () => {
  const spec = { outer: 2, length: 4, inner: 3, count: 2 };
  const index = operand([2, 2, 3], Float64Array.of(3, 0, 1, 3, 2, 1, 0, 0, 0, 1, 2, 3));
  const x = operand([2, 4, 3]);
  const all = indices([2, 2, 3]);
  const target = (place: number[]): number[] => place.with(1, at(index, place));
  assertSame(
    float64.gather(x.values, index.values, spec),
    all.map((place) => at(x, target(place))),
  );
  const source = operand([2, 2, 3], wholes(12, 4));
  const sums = indices([2, 4, 3]).map((place) =>
    all.reduce((sum, from) => sum + (String(target(from)) === String(place) ? at(source, from) : 0), 0),
  );
  assertSame(float64.scatterAdd(source.values, index.values, spec), sums);
  const none = { ...spec, count: 0 };
  assertSame(float64.gather(x.values, new Float64Array(0), none), []);
  assertSame(float64.scatterAdd(new Float64Array(0), new Float64Array(0), none), new Array(24).fill(0));
});

test.run();
