/**
 * Random numbers: Philox 4×32-10, a counter-based generator.
 *
 * Block number c (a 64-bit counter) under a key gives four 32-bit words, by ten rounds of multiplying and mixing. There is
 * no hidden state, so any place of the stream can be computed on any device: element i of a draw that starts at block
 * c is word i mod 4 of block c + ⌊i/4⌋.
 *
 * - uniform: (word >>> 8)·2⁻²⁴, in [0, 1)
 * - normal (Box–Muller): words w, w′ in pairs; r = √(−2 ln u₁) with u₁ = ((w >>> 8) + 1)·2⁻²⁴ and u₂ = (w′ >>> 8)·2⁻²⁴
 *   give r·cos 2πu₂ and r·sin 2πu₂
 *
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
 */
import type { HostArray, PhiloxState } from './backend/backend.js';
import { ArgumentError } from './errors.js';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const UNIT = 2 ** -24;

/** The upper half of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const low = aLow * bLow;
  const middle1 = aHigh * bLow + (low >>> 16);
  const middle2 = aLow * bHigh + (middle1 & 0xffff);
  return (aHigh * bHigh + Math.floor(middle1 / 65536) + (middle2 / 65536)) >>> 0;
}

/** Writes the four words of one block. */
function philoxBlock(words: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = words as unknown as [number, number, number, number];
  let [k0, k1] = [key0, key1];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** Philox 4×32-10 of one counter (four words) under a key (two words). */
export function philox4x32(counter: readonly number[], key: readonly [number, number]): number[] {
  const words = Uint32Array.from(counter);
  philoxBlock(words, key[0] >>> 0, key[1] >>> 0);
  return [...words];
}

/** Calls `use` for each block of a draw, with the block's words and the place of its first element. */
function forEachBlock(size: number, { key, counter }: PhiloxState, use: (words: Uint32Array, at: number) => void): void {
  const words = new Uint32Array(4);
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

/** Fills `out` with uniform draws in [0, 1). */
export function fillUniform(out: HostArray, state: PhiloxState): void {
  forEachBlock(out.length, state, (words, at) => {
    for (let i = 0; i < 4; i++) out[at + i] = ((words[i] as number) >>> 8) * UNIT;
  });
}

/** Fills `out` with draws of N(0, 1). */
export function fillNormal(out: HostArray, state: PhiloxState): void {
  forEachBlock(out.length, state, (words, at) => {
    for (let i = 0; i < 4; i += 2) {
      const u1 = (((words[i] as number) >>> 8) + 1) * UNIT;
      const u2 = ((words[i + 1] as number) >>> 8) * UNIT;
      const radius = Math.sqrt(-2 * Math.log(u1));
      out[at + i] = radius * Math.cos(2 * Math.PI * u2);
      out[at + i + 1] = radius * Math.sin(2 * Math.PI * u2);
    }
  });
}

/** Where a generator stands, as plain data for a file. */
export interface GeneratorState {
  readonly key: readonly [number, number];
  readonly counter: readonly [number, number];
}

/** A stream of random numbers with a serialisable state. Same seed, same numbers, on every backend. */
export class Generator {
  #key: [number, number];
  #counter: [number, number] = [0, 0];

  /** @param seed - a whole number from 0 to 2⁶⁴ − 1. @throws ArgumentError for another one */
  constructor(seed: number | bigint = 0) {
    if (typeof seed === 'number' && !(Number.isSafeInteger(seed) && seed >= 0)) {
      throw new ArgumentError('Generator', `a seed is a whole number ≥ 0, not ${seed}`);
    }
    const wide = BigInt.asUintN(64, BigInt(seed));
    this.#key = [Number(wide & 0xffffffffn), Number(wide >> 32n)];
  }

  /** Reserves the numbers for a draw of `size` elements and returns where they begin. */
  take(size: number): PhiloxState {
    const state = this.state;
    const low = (this.#counter[0] as number) + Math.ceil(size / 4);
    this.#counter = [low >>> 0, (this.#counter[1] + Math.floor(low / 2 ** 32)) >>> 0];
    return state;
  }

  get state(): GeneratorState {
    return { key: [...this.#key], counter: [...this.#counter] };
  }

  set state({ key, counter }: GeneratorState) {
    const words = [...key, ...counter];
    if (words.length !== 4 || !words.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32)) {
      throw new ArgumentError('Generator', `a state is two pairs of 32-bit words, not ${JSON.stringify({ key, counter })}`);
    }
    this.#key = [...key];
    this.#counter = [...counter];
  }

  /** `size` raw 32-bit words. */
  words(size: number): Uint32Array {
    const out = new Uint32Array(size);
    forEachBlock(size, this.take(size), (words, at) => out.set(words.subarray(0, Math.min(4, size - at)), at));
    return out;
  }

  /** 0 … n − 1 in random order, every order equally likely (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    let pool = this.words(n);
    let used = 0;
    for (let i = n - 1; i > 0; i--) {
      const bound = i + 1;
      const limit = 2 ** 32 - (2 ** 32 % bound); // words beyond it would favour small remainders
      let word: number;
      do {
        if (used === pool.length) [pool, used] = [this.words(64), 0];
        word = pool[used++] as number;
      } while (word >= limit);
      const j = word % bound;
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return order;
  }
}

let standard = new Generator(0);

/** The generator that random functions use when they are given none. */
export function defaultGenerator(): Generator {
  return standard;
}

/** Restarts the default generator: from here on, the same numbers for the same seed. */
export function manualSeed(seed: number | bigint): void {
  standard = new Generator(seed);
}
