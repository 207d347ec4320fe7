/** Philox against published vectors and BigInt arithmetic, and the properties of the stream. */
import { rand, randn } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ArgumentError } from '../../packages/core/src/errors.js';
import { fillNormal, fillUniform, philox4x32 } from '../../packages/core/src/philox.js';
import { defaultGenerator, Generator, manualSeed, withGenerator } from '../../packages/core/src/random.js';

type Pair = readonly [number, number];
const MASK = 0xffffffffn;

/** Philox as in its paper, with 64-bit products. */
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

/** Word i of an array that starts at a 64-bit block number. */
function word(i: number, start: bigint, key: Pair): number {
  const block = start + BigInt(Math.floor(i / 4));
  return philox([Number(block & MASK), Number((block >> 32n) & MASK), 0, 0], key)[i % 4] as number;
}

test('philox4x32: the published known answers of Random123', () => {
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

test('fillUniform: element i is word i mod 4 of block c + ⌊i/4⌋, also across a carry of the counter', () => {
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

test('Generator: the seed is the key; each request takes whole blocks of four', () => {
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

test('Generator: words follow the stream, and parts whose sizes are multiples of four join exactly', () => {
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

test('Generator: uniform gives the samples of rand, and advances the stream as far', () => {
  const [host, tensors] = [new Generator(6), new Generator(6)];
  for (const size of [5, 64, 0]) {
    assert.equal([...host.uniform(size)], [...rand([size], { generator: tensors }).dataSync()]);
    assert.equal(host.state, tensors.state);
  }
});

test('Generator: a state from JSON continues the same stream; reading the state copies it', () => {
  const generator = new Generator(42);
  generator.permutation(100);
  const saved = JSON.stringify(generator.state);
  const expected = [...generator.words(10), ...generator.permutation(10)];
  const other = new Generator();
  other.state = JSON.parse(saved);
  assert.equal([...other.words(10), ...other.permutation(10)], expected);
  const copy = other.state.counter as [number, number];
  copy[0] = 0;
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

test('Generator: invalid seeds, states and counts are refused', () => {
  const rule = 'Generator: the seed must be a whole number from 0 to 2⁶⁴ − 1, found';
  refuses(() => new Generator(-1), `${rule} -1`);
  refuses(() => new Generator(1.5), `${rule} 1.5`);
  refuses(() => new Generator(Number.NaN), `${rule} NaN`);
  refuses(() => new Generator(2n ** 64n), `${rule} 18446744073709551616`);
  refuses(() => manualSeed(-1n), `${rule.replace('Generator', 'manualSeed')} -1`);
  refuses(() => new Generator(2 ** 53), `${rule} 9007199254740992 — write a large one as a bigint`);
  const generator = new Generator(8);
  const before = generator.state;
  for (const state of [
    { key: [1], counter: [0, 0] },
    { key: [1, 2], counter: [0, 2 ** 32] },
    { key: [1, 2] },
    null,
  ]) {
    const message = `Generator: the state must be { key, counter } with two 32-bit words each, found ${JSON.stringify(state)}`;
    refuses(() => {
      generator.state = state as unknown as typeof before;
    }, message);
  }
  assert.equal(generator.state, before);
  for (const n of [-1, 2.5, 2 ** 32]) {
    refuses(
      () => generator.permutation(n),
      `permutation: the count must be a whole number from 0 to 2³⁰, found ${n}`,
    );
  }
});

test('permutation: contains every number once', () => {
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

test('withGenerator: another default generator inside a function, restored even after an error', () => {
  const outer = defaultGenerator();
  manualSeed(3);
  const expected = randn([5], { generator: new Generator(8) }).dataSync();
  const after = new Generator(3).words(4);
  const own = new Generator(8);
  withGenerator(own, () => {
    assert.is(defaultGenerator(), own);
    assert.equal(randn([5]).dataSync(), expected);
    withGenerator(new Generator(1), () => manualSeed(5)); // seeds the inner one only
    assert.is(own.seed, 8n);
  });
  assert.is(defaultGenerator(), outer);
  assert.equal(outer.words(4), after);
  assert.throws(
    () =>
      withGenerator(own, () => {
        throw new Error('stop');
      }),
    'stop',
  );
  assert.is(defaultGenerator(), outer);
  refuses(
    () => withGenerator(own, async () => {}),
    'withGenerator: the function is asynchronous — await outside of withGenerator',
  );
  refuses(
    () => withGenerator(7 as unknown as Generator, () => {}),
    'withGenerator: the generator must be a Generator, found 7 — write new Generator(seed)',
  );
});

test.run();
