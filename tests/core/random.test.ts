/** Philox against published vectors and against BigInt arithmetic; the stream's contract; the draws' statistics. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ArgumentError } from '../../packages/core/src/errors.js';
import {
  defaultGenerator,
  fillNormal,
  fillUniform,
  Generator,
  manualSeed,
  philox4x32,
} from '../../packages/core/src/random.js';

type Pair = readonly [number, number];
const MASK = 0xffffffffn;

/** Philox as its paper writes it, on whole 64-bit products. */
function philox(counter: readonly number[], key: Pair): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const [p0, p1] = [0xd2511f53n * c0, 0xcd9e8d57n * c2];
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & MASK, (p0 >> 32n) ^ c3 ^ k1, p0 & MASK];
    [k0, k1] = [(k0 + 0x9e3779b9n) & MASK, (k1 + 0xbb67ae85n) & MASK];
  }
  return [c0, c1, c2, c3].map(Number);
}

/** Word i of a draw that starts at a 64-bit block number. */
function word(i: number, start: bigint, key: Pair): number {
  const block = start + BigInt(Math.floor(i / 4));
  return philox([Number(block & MASK), Number((block >> 32n) & MASK), 0, 0], key)[i % 4] as number;
}

test('philox4x32: the known answers that Random123 publishes', () => {
  const ones = 0xffffffff;
  assert.equal(philox4x32([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assert.equal(
    philox4x32([ones, ones, ones, ones], [ones, ones]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assert.equal(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

test('philox4x32: exact products for a thousand counters and keys', () => {
  let seed = 1;
  const next = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed;
  };
  for (let i = 0; i < 1000; i++) {
    const counter = [next(), next(), next(), next()];
    const key: Pair = [next(), next()];
    assert.equal(philox4x32(counter, key), philox(counter, key));
  }
});

test('fillUniform: element i is word i mod 4 of block c + ⌊i/4⌋, across a carry of the counter too', () => {
  const key: Pair = [123, 0xdeadbeef];
  for (const size of [0, 1, 3, 4, 5, 30]) {
    for (const start of [0n, 7n, 0xfffffffen, 0x5fffffffdn, 0xfffffffffffffffen]) {
      const counter: Pair = [Number(start & MASK), Number(start >> 32n)];
      const out = new Float32Array(size);
      fillUniform(out, { key, counter });
      const expected = Float32Array.from(out, (_, i) => Math.floor(word(i, start, key) / 256) / 2 ** 24);
      assert.equal(out, expected, `${size} from ${start}`);
    }
  }
});

test('fillNormal: Box–Muller on pairs of words', () => {
  const key: Pair = [9, 10];
  for (const size of [0, 1, 2, 3, 7, 40]) {
    const out = new Float64Array(size);
    fillNormal(out, { key, counter: [3, 0] });
    out.forEach((x, i) => {
      const even = i - (i % 2);
      const radius = Math.sqrt(-2 * Math.log((Math.floor(word(even, 3n, key) / 256) + 1) / 2 ** 24));
      const angle = (2 * Math.PI * Math.floor(word(even + 1, 3n, key) / 256)) / 2 ** 24;
      const expected = radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
      assert.ok(Math.abs(x - expected) < 1e-12, `element ${i}: ${x}, expected ${expected}`);
    });
  }
});

test('Generator: the seed is the key; a draw takes whole blocks of four', () => {
  const generator = new Generator(0x1234567890abcdefn);
  assert.is(generator.seed, 0x1234567890abcdefn);
  assert.equal(generator.state, { key: [0x90abcdef, 0x12345678], counter: [0, 0] });
  const starts = [0, 1, 4, 5, 8].map((size) => generator.take(size).counter[0]);
  assert.equal(starts, [0, 0, 1, 2, 4]);
  assert.equal(generator.state.counter, [6, 0]);
  generator.state = { key: [1, 2], counter: [0xffffffff, 6] };
  assert.equal(generator.take(8).counter, [0xffffffff, 6]);
  assert.equal(generator.state.counter, [1, 7]);
  assert.is(new Generator(5).seed, 5n);
  assert.is(new Generator(2 ** 40 + 1).seed, 2n ** 40n + 1n);
});

test('Generator: words follow the stream, and parts that are multiples of four join without a seam', () => {
  const whole = new Generator(77).words(64);
  assert.equal(
    whole,
    Uint32Array.from(whole, (_, i) => word(i, 0n, [77, 0])),
  );
  const parts = new Generator(77);
  const joined = [8, 4, 0, 12, 40].flatMap((size) => [...parts.words(size)]);
  assert.equal(joined, [...whole]);
  assert.is(new Generator(77).words(5).length, 5);
  for (const fill of [fillUniform, fillNormal]) {
    const all = new Float64Array(32);
    fill(all, new Generator(5).take(32));
    const generator = new Generator(5);
    const pieces = [4, 20, 8].flatMap((size) => {
      const piece = new Float64Array(size);
      fill(piece, generator.take(size));
      return [...piece];
    });
    assert.equal(pieces, [...all]);
  }
});

test('Generator: a state that went through JSON continues the same stream; reading it is a copy', () => {
  const generator = new Generator(42);
  generator.permutation(100);
  const saved = JSON.stringify(generator.state);
  const expected = [...generator.words(10), ...generator.permutation(10)];
  const other = new Generator();
  other.state = JSON.parse(saved);
  assert.equal([...other.words(10), ...other.permutation(10)], expected);
  const copy = other.state as { counter: number[] };
  copy.counter[0] = 0;
  assert.is.not(other.state.counter[0], 0);
});

test('manualSeed: restarts the default generator in place', () => {
  const held = defaultGenerator();
  manualSeed(3);
  const first = [...held.words(6)];
  assert.equal(first, [...new Generator(3).words(6)]);
  manualSeed(4);
  assert.is.not(String([...held.words(6)]), String(first));
  manualSeed(3);
  assert.equal([...defaultGenerator().words(6)], first);
  assert.is(defaultGenerator(), held);
});

function refuses(f: () => unknown, message: string): void {
  assert.throws(f, (error: unknown) => error instanceof ArgumentError && error.message === message, message);
}

test('Generator: what it refuses', () => {
  const rule = 'Generator: a seed is a whole number from 0 to 2⁶⁴ − 1, not';
  refuses(() => new Generator(-1), `${rule} -1`);
  refuses(() => new Generator(1.5), `${rule} 1.5`);
  refuses(() => new Generator(Number.NaN), `${rule} NaN`);
  refuses(() => new Generator(2n ** 64n), `${rule} 18446744073709551616`);
  refuses(() => manualSeed(-1n), `${rule} -1`);
  refuses(() => new Generator(2 ** 53), `${rule} 9007199254740992 — write a large one as a bigint`);
  const generator = new Generator(8);
  const before = generator.state;
  for (const state of [
    { key: [1], counter: [0, 0] },
    { key: [1, 2], counter: [0, 2 ** 32] },
    { key: [1, 2] },
    null,
  ]) {
    const message = `Generator: a state is { key, counter }, two 32-bit words each, not ${JSON.stringify(state)}`;
    refuses(() => {
      generator.state = state as unknown as typeof before;
    }, message);
  }
  assert.equal(generator.state, before);
  for (const n of [-1, 2.5, 2 ** 32]) {
    refuses(
      () => generator.permutation(n),
      `permutation: a count is a whole number from 0 to 2³² − 1, not ${n}`,
    );
  }
});

/** Kolmogorov–Smirnov: √n times the largest distance between the draws' distribution and the given one. */
function kolmogorov(draws: Float64Array, distribution: (x: number) => number): number {
  let distance = 0;
  const n = draws.length;
  draws.toSorted().forEach((x, i) => {
    const p = distribution(x);
    distance = Math.max(distance, p - i / n, (i + 1) / n - p);
  });
  return Math.sqrt(n) * distance;
}

/** P(√n·D > 2.23) = 2·exp(−2·2.23²) = 1e-4: true draws fail once in 10⁴ seeds, and the seeds are fixed. */
const KOLMOGOROV_BOUND = 2.23;
/** Means of n terms stay within four standard errors, but for once in 16,000 seeds. */
const SIGMAS = 4;

function average(draws: Float64Array, f: (x: number, i: number) => number): number {
  return draws.reduce((sum, x, i) => sum + f(x, i), 0) / draws.length;
}

function within(actual: number, expected: number, deviation: number, n: number, what: string): void {
  const bound = (SIGMAS * deviation) / Math.sqrt(n);
  assert.ok(Math.abs(actual - expected) < bound, `${what}: ${actual}, expected ${expected} ± ${bound}`);
}

const n = 100_000;

test('fillUniform: distribution, moments and independence of neighbours', () => {
  for (const seed of [1, 2, 3]) {
    const draws = new Float64Array(n);
    fillUniform(draws, new Generator(seed).take(n));
    assert.ok(draws.every((x) => x >= 0 && x < 1));
    const ks = kolmogorov(draws, (x) => x);
    assert.ok(ks < KOLMOGOROV_BOUND, `seed ${seed}: √n·D = ${ks}`);
    within(
      average(draws, (x) => x),
      1 / 2,
      Math.sqrt(1 / 12),
      n,
      'mean',
    );
    within(
      average(draws, (x) => (x - 0.5) ** 2),
      1 / 12,
      Math.sqrt(1 / 180),
      n,
      'variance',
    );
    for (const lag of [1, 2, 3, 4]) {
      const next = (i: number): number => draws[(i + lag) % n] as number;
      within(
        average(draws, (x, i) => (x - 0.5) * (next(i) - 0.5)),
        0,
        1 / 12,
        n,
        `covariance, lag ${lag}`,
      );
    }
  }
});

/** Φ by its series φ(x)·(x + x³/3 + x⁵/15 + …). */
function normalDistribution(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

test('fillNormal: distribution, four moments, tails and independence of neighbours', () => {
  for (const seed of [1, 2, 3]) {
    const draws = new Float64Array(n);
    fillNormal(draws, new Generator(seed).take(n));
    assert.ok(draws.every((x) => Math.abs(x) < 5.77));
    const ks = kolmogorov(draws, normalDistribution);
    assert.ok(ks < KOLMOGOROV_BOUND, `seed ${seed}: √n·D = ${ks}`);
    // The variance of xᵖ is E x²ᵖ − (E xᵖ)², with E x² = 1, E x⁴ = 3, E x⁶ = 15, E x⁸ = 105.
    within(
      average(draws, (x) => x),
      0,
      1,
      n,
      'mean',
    );
    within(
      average(draws, (x) => x ** 2),
      1,
      Math.sqrt(2),
      n,
      'second moment',
    );
    within(
      average(draws, (x) => x ** 3),
      0,
      Math.sqrt(15),
      n,
      'third moment',
    );
    within(
      average(draws, (x) => x ** 4),
      3,
      Math.sqrt(96),
      n,
      'fourth moment',
    );
    const tail = 2 * (1 - normalDistribution(3));
    within(
      average(draws, (x) => Number(Math.abs(x) > 3)),
      tail,
      Math.sqrt(tail),
      n,
      'beyond 3σ',
    );
    for (const lag of [1, 2, 3, 4]) {
      const next = (i: number): number => draws[(i + lag) % n] as number;
      within(
        average(draws, (x, i) => x * next(i)),
        0,
        1,
        n,
        `covariance, lag ${lag}`,
      );
      within(
        average(draws, (x, i) => (x ** 2 - 1) * (next(i) ** 2 - 1)),
        0,
        2,
        n,
        `of squares, lag ${lag}`,
      );
    }
  }
});

/** The value that chi-square exceeds with probability 1e-4 (Wilson & Hilferty's approximation). */
function chiSquareBound(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}

function chiSquare(counts: Iterable<number>, expected: number): number {
  let sum = 0;
  for (const seen of counts) sum += (seen - expected) ** 2 / expected;
  return sum;
}

test('permutation: holds every number once', () => {
  const generator = new Generator(6);
  for (const size of [0, 1, 2, 3, 100, 60_000]) {
    const order = generator.permutation(size);
    assert.instance(order, Uint32Array);
    assert.equal(
      order.toSorted(),
      Uint32Array.from({ length: size }, (_, i) => i),
    );
  }
});

test('permutation: all 24 orders of four are equally likely', () => {
  const generator = new Generator(7);
  const rounds = 48_000;
  const seen = new Map<string, number>();
  for (let i = 0; i < rounds; i++) {
    const order = generator.permutation(4).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assert.is(seen.size, 24);
  const statistic = chiSquare(seen.values(), rounds / 24);
  assert.ok(statistic < chiSquareBound(23), `χ² = ${statistic}, bound ${chiSquareBound(23)}`);
});

test('permutation: every number is equally likely at every place', () => {
  const generator = new Generator(8);
  const size = 30;
  const rounds = 20_000;
  const counts = new Float64Array(size * size);
  for (let i = 0; i < rounds; i++) {
    generator.permutation(size).forEach((value, place) => {
      counts[place * size + value] = (counts[place * size + value] as number) + 1;
    });
  }
  // Rows and columns of the table have fixed sums, and n/(n − 1) of χ² has (n − 1)² degrees of freedom.
  const statistic = (chiSquare(counts, rounds / size) * (size - 1)) / size;
  const bound = chiSquareBound((size - 1) ** 2);
  assert.ok(statistic < bound, `χ² = ${statistic}, bound ${bound}`);
});

test.run();
