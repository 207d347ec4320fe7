/**
 * Random numbers: Philox 4×32-10, a counter-based generator.
 *
 * Block number c (a 64-bit counter) under a key gives four 32-bit words, by ten rounds of multiplying and
 * mixing. There is no hidden state, so any position of the stream can be computed on any device: element i of an
 * array that starts at block c is word i mod 4 of block c + ⌊i/4⌋.
 *
 * - uniform: (word >>> 8)·2⁻²⁴, in [0, 1)
 * - normal (Box–Muller): words w, w′ in pairs; r = √(−2 ln u₁) with u₁ = ((w >>> 8) + 1)·2⁻²⁴ and
 *   u₂ = (w′ >>> 8)·2⁻²⁴ give r·cos 2πu₂ and r·sin 2πu₂
 *
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
 */

import { allocate } from './backend/allocate.js';
import type { HostArray, PhiloxState } from './backend/backend.js';
import { checkFunction, checkWhole, describeValue, isArrayOf, refusePromise } from './checks/arguments.js';
import { dependsOn, onEachCall, onRollback, refuseInside, setsItself } from './compile/active.js';
import { ArgumentError } from './errors.js';
import { checkShape, MOST_ELEMENTS } from './shape.js';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const UNIT = 2 ** -24;

/** The upper half of the 64-bit product of two unsigned 32-bit numbers, from four exact 16-bit products. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const low = Math.imul(aLow, bLow) >>> 16;
  const middle1 = aHigh * bLow + low; // below 2³², as is every sum here
  const middle2 = aLow * bHigh + (middle1 & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle1 >>> 16) + (middle2 >>> 16)) | 0;
}

/** Replaces the four words of a counter by the four words of its block. */
function philoxBlock(words: Int32Array, key0: number, key1: number): void {
  let c0 = words[0]!;
  let c1 = words[1]!;
  let c2 = words[2]!;
  let c3 = words[3]!;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const mixed = high1 ^ c1 ^ k0;
    c1 = Math.imul(MULTIPLIER_1, c2);
    c2 = high0 ^ c3 ^ k1;
    c3 = Math.imul(MULTIPLIER_0, c0);
    c0 = mixed;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** Philox 4×32-10 of one counter (four 32-bit words) under a key (two): four words from 0 to 2³² − 1. */
export function philox4x32(counter: readonly number[], key: readonly [number, number]): number[] {
  const words = Int32Array.from(counter);
  philoxBlock(words, key[0], key[1]);
  return Array.from(words, (word) => word >>> 0);
}

/** Calls `use` for each block of an array of random numbers, with the block's words and the index of its first element. */
function forEachBlock(
  size: number,
  { key, counter }: PhiloxState,
  use: (words: Int32Array, at: number) => void,
): void {
  const words = new Int32Array(4);
  let [low, high] = counter;
  for (let at = 0; at < size; at += 4) {
    words[0] = low;
    words[1] = high;
    words[2] = 0;
    words[3] = 0;
    philoxBlock(words, key[0], key[1]);
    use(words, at);
    low = (low + 1) >>> 0;
    if (low === 0) high = (high + 1) >>> 0;
  }
}

/** Fills `out` with uniform samples in [0, 1): multiples of 2⁻²⁴. */
export function fillUniform(out: HostArray, state: PhiloxState): void {
  // Words of the last block beyond the end of `out` are ignored: a typed array drops such writes.
  forEachBlock(out.length, state, (words, at) => {
    for (let i = 0; i < 4; i++) out[at + i] = (words[i]! >>> 8) * UNIT;
  });
}

/** Fills `out` with samples of N(0, 1), of magnitude 5.77 at most (√(−2 ln 2⁻²⁴)). */
export function fillNormal(out: HostArray, state: PhiloxState): void {
  forEachBlock(out.length, state, (words, at) => {
    for (let i = 0; i < 4; i += 2) {
      const u1 = ((words[i]! >>> 8) + 1) * UNIT;
      const u2 = (words[i + 1]! >>> 8) * UNIT;
      const radius = Math.sqrt(-2 * Math.log(u1));
      out[at + i] = radius * Math.cos(2 * Math.PI * u2);
      out[at + i + 1] = radius * Math.sin(2 * Math.PI * u2);
    }
  });
}

/** The state of a generator, as plain data for a file. */
export interface GeneratorState {
  readonly key: readonly [number, number];
  readonly counter: readonly [number, number];
}

/** A stream of random numbers with a serialisable state. Same seed, same numbers, on every backend. */
export class Generator {
  #key: readonly [number, number];
  #counter: readonly [number, number] = [0, 0];

  /** @param seed - a whole number from 0 to 2⁶⁴ − 1. @throws ArgumentError for any other value */
  constructor(seed: number | bigint = 0) {
    checkSeed('Generator', seed);
    const wide = BigInt(seed);
    this.#key = [Number(wide & 0xffffffffn), Number(wide >> 32n)];
  }

  /** The seed of the stream: the constructor's, or the seed of the last state that was set. */
  get seed(): bigint {
    return (BigInt(this.#key[1]) << 32n) | BigInt(this.#key[0]);
  }

  /** Reserves `size` numbers, in blocks of four, and returns where they begin in the stream. */
  take(size: number): PhiloxState {
    checkWhole('Generator', 'the number of samples', size, 0);
    onRollback(() => {
      const before = this.state;
      return () => {
        this.state = before;
      };
    });
    return onEachCall(() => this.#advance(size));
  }

  #advance(size: number): PhiloxState {
    const { state } = this;
    const low = this.#counter[0] + Math.ceil(size / 4);
    this.#counter = [low >>> 0, (this.#counter[1] + Math.floor(low / 2 ** 32)) >>> 0];
    return state;
  }

  /**
   * The position in the stream, as a copy. Setting it continues from there.
   * @throws ArgumentError if the value set is not a state
   */
  get state(): GeneratorState {
    return { key: [...this.#key], counter: [...this.#counter] };
  }

  set state(state: GeneratorState) {
    refuseInside('the state of a generator is set', 'set it before the call');
    if (!isPairOfWords(state?.key) || !isPairOfWords(state.counter)) {
      const got = JSON.stringify(state);
      throw new ArgumentError(
        'Generator',
        `the state must be { key, counter } with two 32-bit words each, found ${got}`,
      );
    }
    this.#key = [...state.key];
    this.#counter = [...state.counter];
  }

  /** `size` uniform samples in [0, 1), in host memory: the numbers that `rand` returns with this generator. */
  uniform(size: number): Float32Array {
    checkShape('Generator', [size]);
    const out = allocate('Generator', 4 * size, () => new Float32Array(size));
    fillUniform(out, this.take(size));
    return out;
  }

  /** `size` raw 32-bit words, uniform from 0 to 2³² − 1. */
  words(size: number): Uint32Array {
    checkShape('Generator', [size]);
    const out = allocate('Generator', 4 * size, () => new Uint32Array(size));
    forEachBlock(size, this.take(size), (words, at) => {
      for (let i = 0; i < 4; i++) out[at + i] = words[i]!;
    });
    return out;
  }

  /**
   * 0 … n − 1 in random order, every order equally likely (Fisher–Yates).
   * @throws ArgumentError unless n is a whole number from 0 to 2³⁰
   */
  permutation(n: number): Uint32Array {
    if (!(Number.isInteger(n) && n >= 0 && n <= MOST_ELEMENTS)) {
      throw new ArgumentError(
        'permutation',
        `the count must be a whole number from 0 to 2³⁰, found ${describeValue(n)}`,
      );
    }
    const order = allocate('permutation', 4 * n, () => new Uint32Array(n));
    for (let i = 0; i < n; i++) order[i] = i;
    const below = this.#bounded(n);
    for (let i = n - 1; i > 0; i--) {
      const j = below(i + 1);
      const chosen = order[j]!;
      order[j] = order[i]!;
      order[i] = chosen;
    }
    return order;
  }

  /** A sampler of whole numbers from 0 to bound − 1, each equally likely. `count` is the expected number of samples. */
  #bounded(count: number): (bound: number) => number {
    let pool = this.words(count);
    let used = 0;
    return (bound) => {
      const limit = 2 ** 32 - (2 ** 32 % bound); // words from here on would favour small remainders
      for (;;) {
        if (used === pool.length) [pool, used] = [this.words(64), 0];
        const word = pool[used++]!;
        if (word < limit) return word % bound;
      }
    };
  }
}

function checkSeed(op: string, seed: number | bigint): void {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed);
  if (whole && seed >= 0 && BigInt(seed) >> 64n === 0n) return;
  const fix = typeof seed === 'number' && seed >= 2 ** 53 ? ' — write a large one as a bigint' : '';
  throw new ArgumentError(
    op,
    `the seed must be a whole number from 0 to 2⁶⁴ − 1, found ${describeValue(seed)}${fix}`,
  );
}

function isPairOfWords(pair: unknown): boolean {
  const isWord = (word: unknown): boolean => Number.isInteger(word) && word === (word as number) >>> 0;
  return isArrayOf(pair, isWord) && pair.length === 2;
}

let current = new Generator(0);

/** The generator that random functions use by default. */
export function defaultGenerator(): Generator {
  return dependsOn(currentGenerator);
}

function currentGenerator(): Generator {
  return current;
}

/**
 * Runs `f` with another default generator, and restores the current one. Inside, layers such as Dropout draw from it, too.
 * @throws ArgumentError if `f` is asynchronous
 */
export function withGenerator<T>(generator: Generator, f: () => T): T {
  if (!(generator instanceof Generator))
    throw new ArgumentError(
      'withGenerator',
      `the generator must be a Generator, found ${describeValue(generator)} — write new Generator(seed)`,
    );
  checkFunction('withGenerator', f, 'the second argument');
  const before = current;
  setsItself(currentGenerator);
  current = generator;
  try {
    return refusePromise('withGenerator', f());
  } finally {
    current = before;
  }
}

/** Restarts the default generator. @param seed - as for `Generator`. @throws ArgumentError for any other value */
export function manualSeed(seed: number | bigint): void {
  checkSeed('manualSeed', seed);
  current.state = new Generator(seed).state;
}
