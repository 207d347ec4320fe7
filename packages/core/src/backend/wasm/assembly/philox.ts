/**
 * Philox 4×32-10, a counter-based generator: ten rounds of multiplication and exclusive-or turn a counter
 * and a key into four random words. Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3".
 *
 * The stream is that of random.ts: the block with the 64-bit counter c has the counter words [c mod 2³²,
 * ⌊c / 2³²⌋, 0, 0], and element i of an array that starts at block c is word i mod 4 of block c + ⌊i / 4⌋. Four
 * blocks are computed at a time, one in each lane. There is no state in memory, so threads may fill parts of one
 * array.
 */
import { constant, ONE } from './math/lanes';
import { logOfNormal } from './math/logarithm';
import { cosOfTurns, sinOfTurns } from './math/trigonometry';

const MULTIPLIER_0: usize = memory.data<u32>([0xd2511f53]);
const MULTIPLIER_1: usize = memory.data<u32>([0xcd9e8d57]);

/** The increments of the key words per round: the fractions of the golden ratio and of √3. */
const WEYL_0: usize = memory.data<u32>([0x9e3779b9]);
const WEYL_1: usize = memory.data<u32>([0xbb67ae85]);

const TWO_TO_MINUS_24: usize = memory.data<f32>([5.9604644775390625e-8]);
const MINUS_TWO: usize = memory.data<f32>([-2]);

/** The conversions that `fill` applies to the words. */
const WORDS = 0;
const UNIFORM = 1;
const NORMAL = 2;

/** The upper or lower 32 bits of four 64-bit products a·b. */
@inline
function upperHalves(a: v128, b: v128): v128 {
  return i32x4.shuffle(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

@inline
function lowerHalves(a: v128, b: v128): v128 {
  return i32x4.shuffle(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 0, 2, 4, 6);
}

/** The upper 24 bits as a whole float32 number. */
@inline
function upperBits(word: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_u(word, 8));
}

/** Stores the first `count` of four lanes at `out`. */
@inline
function storeLanes(out: usize, lanes: v128, count: isize): void {
  if (count >= 4) v128.store(out, lanes);
  else {
    if (count > 0) v128.store32_lane(out, lanes, 0);
    if (count > 1) v128.store32_lane(out, lanes, 1, 4);
    if (count > 2) v128.store32_lane(out, lanes, 2, 8);
  }
}

/** Stores e0 … e3 block by block, where lane b of eᵢ is element i of block b: a 4×4 transpose. */
@inline
function storeBlocks(out: usize, e0: v128, e1: v128, e2: v128, e3: v128, count: isize): void {
  const a = i32x4.shuffle(e0, e1, 0, 4, 1, 5); // blocks 0 and 1, elements 0 and 1 of each
  const b = i32x4.shuffle(e0, e1, 2, 6, 3, 7);
  const c = i32x4.shuffle(e2, e3, 0, 4, 1, 5);
  const d = i32x4.shuffle(e2, e3, 2, 6, 3, 7);
  storeLanes(out, i64x2.shuffle(a, c, 0, 2), count);
  storeLanes(out + 16, i64x2.shuffle(a, c, 1, 3), count - 4);
  storeLanes(out + 32, i64x2.shuffle(b, d, 0, 2), count - 8);
  storeLanes(out + 48, i64x2.shuffle(b, d, 1, 3), count - 12);
}

/** √(−2 ln u₁), u₁ = (⌊word / 2⁸⌋ + 1)·2⁻²⁴ in (0, 1]: the radius of the Box–Muller transform. */
@inline
function radius(word: v128): v128 {
  const u = f32x4.mul(f32x4.add(upperBits(word), constant(ONE)), constant(TWO_TO_MINUS_24));
  return f32x4.sqrt(f32x4.mul(logOfNormal(u), constant(MINUS_TWO)));
}

@inline
function fill(kind: i32, out: usize, count: isize, key0: u32, key1: u32, low: u32, high: u32): void {
  let block = (<u64>high << 32) | low;
  for (; count > 0; count -= 16, out += 64, block += 4) {
    const blockLow = i32x4.splat(<i32>block);
    let x0 = i32x4.add(blockLow, i32x4(0, 1, 2, 3));
    let x1 = i32x4.sub(i32x4.splat(<i32>(block >> 32)), i32x4.lt_u(x0, blockLow)); // carries; true is −1
    let x2 = i32x4.splat(0);
    let x3 = i32x4.splat(0);
    let k0 = i32x4.splat(key0);
    let k1 = i32x4.splat(key1);
    for (let round = 0; round < 10; round++) {
      const y0 = v128.xor(v128.xor(upperHalves(x2, constant(MULTIPLIER_1)), x1), k0);
      const y2 = v128.xor(v128.xor(upperHalves(x0, constant(MULTIPLIER_0)), x3), k1);
      x1 = lowerHalves(x2, constant(MULTIPLIER_1));
      x3 = lowerHalves(x0, constant(MULTIPLIER_0));
      x0 = y0;
      x2 = y2;
      k0 = i32x4.add(k0, constant(WEYL_0));
      k1 = i32x4.add(k1, constant(WEYL_1));
    }
    if (kind == UNIFORM) {
      const unit = constant(TWO_TO_MINUS_24);
      x0 = f32x4.mul(upperBits(x0), unit);
      x1 = f32x4.mul(upperBits(x1), unit);
      x2 = f32x4.mul(upperBits(x2), unit);
      x3 = f32x4.mul(upperBits(x3), unit);
    } else if (kind == NORMAL) {
      const turns0 = f32x4.mul(upperBits(x1), constant(TWO_TO_MINUS_24));
      const turns1 = f32x4.mul(upperBits(x3), constant(TWO_TO_MINUS_24));
      const r0 = radius(x0);
      const r1 = radius(x2);
      x0 = f32x4.mul(r0, cosOfTurns(turns0));
      x1 = f32x4.mul(r0, sinOfTurns(turns0));
      x2 = f32x4.mul(r1, cosOfTurns(turns1));
      x3 = f32x4.mul(r1, sinOfTurns(turns1));
    }
    storeBlocks(out, x0, x1, x2, x3, count);
  }
}

/** Writes `count` words to `out`, from block high·2³² + low of the key's stream (also in the next two functions). */
export function fillWords(out: usize, count: isize, key0: u32, key1: u32, low: u32, high: u32): void {
  fill(WORDS, out, count, key0, key1, low, high);
}

/** Uniform samples in [0, 1): ⌊word / 2⁸⌋·2⁻²⁴, exactly. */
export function fillUniform(out: usize, count: isize, key0: u32, key1: u32, low: u32, high: u32): void {
  fill(UNIFORM, out, count, key0, key1, low, high);
}

/**
 * Samples of N(0, 1) by the Box–Muller transform: each pair of words, (w₀, w₁) and (w₂, w₃) of a block, gives
 * √(−2 ln u₁)·(cos 2πu₂, sin 2πu₂), with u₁ = (⌊w₀ / 2⁸⌋ + 1)·2⁻²⁴ and u₂ = ⌊w₁ / 2⁸⌋·2⁻²⁴ for the first pair.
 */
export function fillNormal(out: usize, count: isize, key0: u32, key1: u32, low: u32, high: u32): void {
  fill(NORMAL, out, count, key0, key1, low, high);
}
