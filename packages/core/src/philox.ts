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

import type { HostArray, PhiloxState } from './backend/backend.js';

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
export function forEachBlock(
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
