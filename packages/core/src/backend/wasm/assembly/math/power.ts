/** pow, by |x|^y = 2^(y·log₂|x|), and logarithms to other bases. */
import { expm1Polynomial, scale } from './exponential';
import { constant, constant64, ONE, ROUND_64, SIGN } from './lanes';
import { log } from './logarithm';

/*
 * y·log₂|x| can be as large as 150, and its absolute error becomes the relative error of the result: float32 would lose
 * seven bits. So the logarithm and the product are in float64, two lanes at a time. Only 2ʳ is in float32.
 */

/**
 * The bits of √½ in float64, minus 1023 in the exponent field, so that the resulting exponent is biased by
 * 1023.
 */
const SQRT_HALF_BIASED: usize = memory.data<u64>([0x3fe6a09e667f3bcd - 0x3ff0000000000000]);
const EXPONENT_64: usize = memory.data<u64>([0x7ff0000000000000]);
const ONE_64: usize = memory.data<f64>([1]);
const LOG10_2: usize = memory.data<f64>([0.30102999566398120]);

/** 2⁵². With an integer below 2⁵² in its low bits, the number is 2⁵² + that integer. */
const TWO_TO_52: usize = memory.data<f64>([4503599627370496]);
const TWO_TO_52_AND_BIAS: usize = memory.data<f64>([4503599627371519]);

/** log₂((1 + s) / (1 − s)) / s as a polynomial in s² for √½ ≤ (1 + s) / (1 − s) ≤ √2; see fit.mjs. */
const LOG2: usize = memory.data<f64>([
  2.8853900817900806, 0.9617966733597912, 0.577083581653885, 0.41167291048789395, 0.34072663843523093,
]);

/** 2^−160 rounds to 0 in float32, 2^160 to ∞. */
const POWER_LEAST: usize = memory.data<f64>([-160]);
const POWER_MOST: usize = memory.data<f64>([160]);
const LN2_64: usize = memory.data<f64>([0.6931471805599453]);

/** For the test of positive finite x: the offset of the bits of the smallest positive float32, and the size of the range. */
const POSITIVE_SHIFT: usize = memory.data<u32>([0x7fffffff]);
const POSITIVE_LAST: usize = memory.data<u32>([0xff7ffffe]);

/** log₂ x for positive finite x, in two float64 lanes. The values are float32 numbers, so they are normal in float64. */
@inline
function log2Pair(x: v128): v128 {
  const biased = i64x2.sub(x, constant64(SQRT_HALF_BIASED));
  const field = v128.and(biased, constant64(EXPONENT_64));
  const m = i64x2.add(i64x2.sub(x, field), constant64(ONE_64)); // x = 2ᵏ·m, √½ ≤ m < √2
  const k = f64x2.sub(v128.or(i64x2.shr_u(field, 52), constant64(TWO_TO_52)), constant64(TWO_TO_52_AND_BIAS));
  const one = constant64(ONE_64);
  const s = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  let sum = constant64(LOG2 + 32);
  sum = f64x2.add(f64x2.mul(sum, z), constant64(LOG2 + 24));
  sum = f64x2.add(f64x2.mul(sum, z), constant64(LOG2 + 16));
  sum = f64x2.add(f64x2.mul(sum, z), constant64(LOG2 + 8));
  sum = f64x2.add(f64x2.mul(sum, z), constant64(LOG2));
  return f64x2.add(f64x2.mul(s, sum), k);
}

/** factor·log₂ x in float64; −∞ at ±0, NaN below. */
@inline
function scaledLog2(x: v128, factor: usize): v128 {
  const k = constant64(factor);
  const low = f64x2.mul(log2Pair(f64x2.promote_low_f32x4(x)), k);
  const high = f64x2.mul(log2Pair(f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3))), k);
  const result = i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
  const others = i32x4.gt_s(i32x4.add(x, constant(POSITIVE_SHIFT)), constant(POSITIVE_LAST));
  // The natural logarithm has the same special values.
  return v128.any_true(others) ? v128.bitselect(log(x), result, others) : result;
}

/** log₂ x */
@inline
export function log2(x: v128): v128 {
  return scaledLog2(x, ONE_64);
}

/** log₁₀ x = log₁₀ 2 · log₂ x */
@inline
export function log10(x: v128): v128 {
  return scaledLog2(x, LOG10_2);
}

/** y·log₂ x, clamped to the exponent range of float32. */
@inline
function exponent(x: v128, y: v128): v128 {
  const product = f64x2.mul(log2Pair(f64x2.promote_low_f32x4(x)), f64x2.promote_low_f32x4(y));
  return f64x2.pmax(f64x2.pmin(product, constant64(POWER_MOST)), constant64(POWER_LEAST));
}

/** (w − n)·ln 2, as two lanes of float32. */
@inline
function fraction(w: v128, rounded: v128): v128 {
  const n = f64x2.sub(rounded, constant64(ROUND_64));
  return f32x4.demote_f64x2_zero(f64x2.mul(f64x2.sub(w, n), constant64(LN2_64)));
}

/** x^y for positive finite x and any y; 1 for x = 1, where y·log₂ x is NaN if y is infinite or NaN. */
@inline
function powOfPositive(x: v128, y: v128): v128 {
  const low = exponent(x, y);
  const high = exponent(i32x4.shuffle(x, x, 2, 3, 2, 3), i32x4.shuffle(y, y, 2, 3, 2, 3));
  const lowRounded = f64x2.add(low, constant64(ROUND_64));
  const highRounded = f64x2.add(high, constant64(ROUND_64));
  const r = i32x4.shuffle(fraction(low, lowRounded), fraction(high, highRounded), 0, 1, 4, 5);
  const n = i32x4.shuffle(lowRounded, highRounded, 0, 2, 4, 6);
  const one = constant(ONE);
  return v128.bitselect(one, scale(f32x4.add(expm1Polynomial(r), one), n), f32x4.eq(x, one));
}

/** Replaces the lanes of |x|^y where x is negative, ±0, infinite or NaN. */
function powOfOthers(x: v128, y: v128, result: v128): v128 {
  const zero = f32x4.splat(0);
  const infinite = f32x4.splat(Infinity);
  const magnitude = f32x4.abs(x);
  const isZero = f32x4.eq(x, zero);
  // 0^y is 0 for y > 0 and ∞ for y < 0; ∞^y is the reverse
  const grows = v128.xor(f32x4.gt(y, zero), isZero);
  const limit = v128.and(infinite, grows);
  let power = v128.bitselect(limit, result, v128.or(isZero, f32x4.eq(magnitude, infinite)));
  // A power of a negative base is NaN unless y is an integer. It is negative for odd y.
  const half = f32x4.mul(y, f32x4.splat(0.5));
  const isInteger = f32x4.eq(f32x4.floor(y), y);
  const isOdd = v128.andnot(isInteger, f32x4.eq(f32x4.floor(half), half));
  power = v128.xor(power, v128.and(v128.and(x, constant(SIGN)), isOdd));
  const negative = v128.and(f32x4.lt(x, zero), f32x4.lt(magnitude, infinite));
  const nothing = v128.or(v128.andnot(negative, isInteger), v128.or(f32x4.ne(x, x), f32x4.ne(y, y)));
  power = v128.bitselect(f32x4.splat(NaN), power, nothing);
  const one = constant(ONE);
  return v128.bitselect(one, power, v128.or(f32x4.eq(y, zero), f32x4.eq(x, one)));
}

/** x^y, with the special cases of IEEE 754 and C99. */
@inline
export function pow(x: v128, y: v128): v128 {
  const result = powOfPositive(v128.andnot(x, constant(SIGN)), y);
  const others = i32x4.gt_s(i32x4.add(x, constant(POSITIVE_SHIFT)), constant(POSITIVE_LAST));
  return v128.any_true(others) ? powOfOthers(x, y, result) : result;
}
