/** The passes over recorded programs, each alone, and what holds for the steps and the memory of any program. */
import { createReference, createWasm, type Kernels } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Argument, Call, Program, Slot } from '../../packages/core/src/backend/backend.js';
import { foldConstants, shrinkConstants } from '../../packages/core/src/backend/program/constants.js';
import { removeCopies } from '../../packages/core/src/backend/program/copies.js';
import { dependencies } from '../../packages/core/src/backend/program/dependencies.js';
import { elementwise, isAligned } from '../../packages/core/src/backend/program/elementwise.js';
import { placeIntervals } from '../../packages/core/src/backend/program/placement.js';
import { slotsOf, slotsWrittenBy } from '../../packages/core/src/backend/program/program.js';
import { shareRepeated } from '../../packages/core/src/backend/program/repeated.js';
import { schedule } from '../../packages/core/src/backend/program/schedule.js';
import { slotSpans } from '../../packages/core/src/backend/program/spans.js';
import { removeUnused } from '../../packages/core/src/backend/program/unused.js';
import { randomBody } from '../helpers/random-kernel-calls.js';
import { record } from '../helpers/recorded-programs.js';

/** A program of calls, written as [kernel, arguments, slot of the result]. */
function program(
  slots: readonly Slot[],
  calls: readonly [keyof Kernels, readonly Argument[], number | null][],
  results: readonly number[],
): Program {
  const full = calls.map(
    ([kernel, args, out], i): Call => ({ kernel, args, out, op: kernel, source: String(i) }),
  );
  return { slots, calls: full, results };
}

const input = (length: number): Slot => ({ kind: 'input', length });
const state = (length: number): Slot => ({ kind: 'state', length });
const constant = (length: number): Slot => ({ kind: 'constant', length });
const value = (length: number): Slot => ({ kind: 'value', length });
const slot = (number: number, ...shape: number[]): Argument =>
  shape.length === 0 ? { slot: number } : { slot: number, shape };
/** The calls that are left, by their places before the pass. */
const placesOf = ({ calls }: Program): number[] => calls.map(({ source }) => Number(source));

test('a repeated call is removed, and later calls read the first result', () => {
  const found = shareRepeated(
    program(
      [input(4), value(4), value(4), value(4)],
      [
        ['unary', ['exp', slot(0)], 1],
        ['unary', ['exp', slot(0)], 2],
        ['binary', ['add', slot(1, 4), slot(2, 4), [4]], 3],
      ],
      [3],
    ),
  );
  assert.equal(placesOf(found), [0, 2]);
  assert.equal(found.calls[1]!.args, ['add', slot(1, 4), slot(1, 4), [4]]);
});

test('calls that only look alike stay: signed zeros, infinities, changed values, results', () => {
  const fills = [0, -0, Infinity, -Infinity, NaN].map((x, i): [keyof Kernels, Argument[], number] => [
    'fill',
    [4, x],
    i,
  ]);
  const slots = [...fills.map(() => value(4)), state(4), value(4), value(4)];
  const found = shareRepeated(
    program(
      slots,
      [
        ...fills,
        ['unary', ['exp', slot(5)], 6],
        ['scale', [slot(5), 2], null],
        ['unary', ['exp', slot(5)], 7],
        ['fill', [4, 0], 8],
        ['fill', [4, 0], 9],
        ['scale', [slot(9), 3], null],
      ],
      [0, 1, 2, 3, 4, 6, 7, 8, 9],
    ),
  );
  assert.is(found.calls.length, 11);
});

test('calls without effect are removed, and those that change a state stay', () => {
  const found = removeUnused(
    program(
      [input(4), state(4), value(4), value(4), value(4)],
      [
        ['unary', ['exp', slot(0)], 2],
        ['unary', ['neg', slot(2)], 3],
        ['unary', ['abs', slot(0)], 4],
        ['accumulate', [slot(1), slot(4)], null],
        ['scale', [slot(3), 2], null],
      ],
      [],
    ),
  );
  assert.equal(placesOf(found), [2, 3]);
});

test('a copy in order is the values themselves, unless they change', () => {
  const view = { shape: [2, 1, 3], strides: [3, 7, 1], offset: 0 } as const;
  const calls: [keyof Kernels, Argument[], number][] = [
    ['strided', [slot(0), view], 2],
    ['strided', [slot(1), view], 3],
    ['strided', [slot(0), { shape: [3, 2], strides: [1, 3], offset: 0 }], 4],
    ['binary', ['add', slot(2, 6), slot(3, 6), [6]], 5],
  ];
  const slots = [input(6), state(6), value(6), value(6), value(6), value(6)];
  const found = removeCopies(program(slots, [...calls, ['scale', [slot(1), 2], null]], [4, 5]));
  assert.equal(placesOf(found), [1, 2, 3, 4]);
  assert.equal(found.calls[2]!.args[1], slot(0, 6));
});

test('calls on constants run once, when the program is prepared', () => {
  const original = program(
    [constant(2), input(2), value(2), value(2), value(2), value(2)],
    [
      ['unary', ['neg', slot(0)], 2],
      ['binary', ['add', slot(2, 2), slot(0, 2), [2]], 3],
      ['uniform', [2, { setting: 0 }], 4],
      ['binary', ['add', slot(3, 2), slot(1, 2), [2]], 5],
    ],
    [5],
  );
  const { kernels } = createReference();
  const bound = new Map([[0, Float32Array.of(1, 2) as Float32Array]]);
  const found = foldConstants(kernels as Kernels<Float32Array>, { program: original, bound });
  assert.equal(placesOf(found.program), [2, 3]);
  assert.equal(found.bound.get(3), Float32Array.of(0, 0));
  assert.is(found.program.slots[3]!.kind, 'constant');
  // Both elements of the folded constant are 0, so the addition reads one of them.
  const shrunk = shrinkConstants(found);
  const [operand] = shrunk.program.calls[1]!.args.slice(1) as [{ slot: number; shape: number[] }];
  assert.equal(operand.shape, []);
  assert.equal(shrunk.bound.get(operand.slot), Float32Array.of(0));
});

/** Recorded random programs. */
const single = createWasm({ threads: 1 });
function randomPrograms(count: number): Program[] {
  return Array.from({ length: count }, (_, seed) => {
    const body = randomBody(seed, 30);
    return record(
      single.kernels,
      body,
      body.states.map((values) => values.slice()),
    ).program;
  });
}

test('steps keep each call once and after all calls that it depends on', () => {
  let joined = 0;
  for (const found of randomPrograms(200)) {
    const steps = schedule(found);
    const order = steps.flatMap(({ places }) => places);
    assert.equal(
      [...order].sort((a, b) => a - b),
      found.calls.map((_, i) => i),
    );
    const position = new Map(order.map((place, i) => [place, i]));
    dependencies(found).forEach((earlier, i) => {
      for (const before of earlier)
        assert.ok(position.get(before)! < position.get(i)!, `${before} before ${i}`);
    });
    joined += steps.filter(({ places }) => places.length > 1).length;
  }
  assert.ok(joined > 400, `${joined} steps of several calls`);
});

test('a chain reads only its own elements of what it computes, and changes no operand of its product', () => {
  let products = 0;
  for (const found of randomPrograms(200)) {
    for (const { kind, call, places } of schedule(found)) {
      if (kind !== 'chain' && kind !== 'product') continue;
      const calls = places.map((place) => found.calls[place]!);
      const made = new Set(calls.flatMap((one) => (one.out === null ? slotsWrittenBy(one) : [one.out])));
      for (const one of calls) {
        if (one === call) continue;
        const { readings, elements } = elementwise(found, one)!;
        assert.is(elements, found.slots[calls[0]!.out ?? slotsOf(calls[0]!)[0]!]!.length);
        for (const reading of readings) {
          if (typeof reading !== 'number' && made.has(reading.slot)) assert.ok(isAligned(reading));
        }
      }
      if (call === undefined) continue;
      products++;
      assert.ok(!slotsOf(call).some((operand) => made.has(operand)));
    }
  }
  assert.ok(products > 50, `${products} products with a chain`);
});

test('calls wait if they change what other blocks of the same step still read', () => {
  const spec = { batch: 1, m: 2, n: 2, k: 2, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
  const afterProduct = program(
    [input(4), state(4), value(4), value(4)],
    [
      ['matmul', [slot(0), slot(1), spec], 2],
      ['unary', ['exp', slot(2)], 3],
      ['accumulate', [slot(1), slot(2)], null],
    ],
    [2, 3],
  );
  assert.equal(
    schedule(afterProduct).map(({ places }) => places),
    [[0, 1], [2]],
  );
  const first = { shape: [4], strides: [0], offset: 0 };
  const afterRead = program(
    [input(4), state(4), value(4), value(4)],
    [
      ['strided', [slot(1), first], 2],
      ['binary', ['add', slot(2, 4), slot(0, 4), [4]], 3],
      ['scale', [slot(1), 2], null],
    ],
    [3],
  );
  assert.equal(
    schedule(afterRead).map(({ places }) => places),
    [[0, 1], [2]],
  );
});

test('values that are needed at the same time have different addresses', () => {
  let seed = 1;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  let shared = 0;
  for (let round = 0; round < 200; round++) {
    const intervals = Array.from({ length: 1 + random(40) }, () => {
      const from = random(30) - 1;
      return { bytes: random(2 ** random(12)), from, to: from + random(10) };
    });
    const { offsets, bytes } = placeIntervals(intervals);
    intervals.forEach((a, i) => {
      assert.is(offsets[i]! % 64, 0);
      assert.ok(offsets[i]! + a.bytes <= bytes);
      intervals.slice(0, i).forEach((b, j) => {
        const together = a.from <= b.to && b.from <= a.to;
        const apart = offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
        assert.ok(!together || apart, `round ${round}: ${i} and ${j}`);
        if (!apart) shared++;
      });
    });
  }
  assert.ok(shared > 1000, `${shared} pairs share addresses`);
});

test('a value is needed from the step that computes it to the last that reads it', () => {
  for (const found of randomPrograms(100)) {
    const steps = schedule(found);
    const spans = slotSpans(found, steps);
    steps.forEach(({ places, kind }, i) => {
      for (const call of places.map((place) => found.calls[place]!)) {
        for (const used of call.out === null ? slotsOf(call) : [...slotsOf(call), call.out]) {
          const span = spans[used]!;
          assert.ok(span.from <= i && i <= span.to);
          if (!span.inChain) continue;
          assert.ok(span.from === i && span.to === i && kind !== 'call' && kind !== 'sweep');
          assert.ok(!found.results.includes(used));
        }
      }
    });
    assert.ok(found.results.every((result) => spans[result]!.lasting));
  }
});

test.run();
