/** exp, expm1 and the functions computed from them: sigmoid, tanh, elu, sinh, cosh. */
import { constant, fma, ONE, polynomial4, ROUND, SIGN } from './lanes';

/** log₂ e */
const LOG2_E: usize = memory.data<f32>([1.44269504]);

/**
 * −ln 2 in two parts. The first has 16 bits, so n times it is exact for |n| < 256. The second is the
 * remainder.
 */
const MINUS_LN2_HIGH: usize = memory.data<f32>([-0.693145752]);
const MINUS_LN2_LOW: usize = memory.data<f32>([-0.00000142860677]);

/** (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2; see fit.mjs. */
const EXPM1: usize = memory.data<f32>([
  0.49999997, 0.16666539, 0.041667752, 0.00836713053, 0.00138360111,
]);

/** Below the first, eˣ is less than half the smallest denormal; above the second, it exceeds the largest float32. */
const EXP_LEAST: usize = memory.data<f32>([-104]);
const EXP_MOST: usize = memory.data<f32>([89]);

/** e⁻¹⁸·¹ − 1 is −1 in float32, and tanh 9.05 is 1. */
const EXPM1_LEAST: usize = memory.data<f32>([-18.1]);

/** Above 127.5·ln 2 the scale factor 2ⁿ of `expm1Between` would be infinite. */
const EXPM1_MOST: usize = memory.data<f32>([88.3]);

/** The bits of `ROUND`, minus 254. */
const ROUND_BITS: usize = memory.data<i32>([0x4b400000 - 254]);

/** 2^−151 rounds to 0 in float32, and 2^129 to ∞. */
const EXP2_LEAST: usize = memory.data<f32>([-151]);
const EXP2_MOST: usize = memory.data<f32>([129]);
const LN2: usize = memory.data<f32>([0.693147181]);

/** ½·e^90 is infinite in float32. */
const HALF_EXP_MOST: usize = memory.data<f32>([90]);

/** From e^192 on, the smallest denormal becomes infinite, and below e^−192 the largest number 0. */
const MUL_EXP_LEAST: usize = memory.data<f32>([-200]);
const MUL_EXP_MOST: usize = memory.data<f32>([200]);

/** ½ ln 2, to which the polynomial `EXPM1` reaches. */
const HALF_LN2: usize = memory.data<f32>([0.34657359]);

const ZERO: usize = memory.data<f32>([0]);
const HALF: usize = memory.data<f32>([0.5]);
const QUARTER: usize = memory.data<f32>([0.25]);
const TWO: usize = memory.data<f32>([2]);

/*
 * Range reduction: x = n·ln 2 + r with n an integer and |r| ≤ ½ ln 2, so that eˣ = 2ⁿ·eʳ.
 */

/** n + 1.5·2²³ for the integer n nearest to x / ln 2; n is in the low bits. */
@inline
export function powersOfTwo(x: v128): v128 {
  return fma(x, constant(LOG2_E), constant(ROUND));
}

/** r = x − n·ln 2, given `powersOfTwo(x)`. */
@inline
export function remainderOfLn2(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, constant(ROUND));
  return fma(n, constant(MINUS_LN2_LOW), fma(n, constant(MINUS_LN2_HIGH), x));
}

/** eʳ − 1 = r + r²·q(r) for |r| ≤ ½ ln 2. */
@inline
export function expm1Polynomial(r: v128): v128 {
  return fma(f32x4.mul(r, r), polynomial4(r, EXPM1), r);
}

/**
 * y·2ⁿ, with n in the low bits of `rounded`, −252 ≤ n ≤ 254. It multiplies by 2^⌊n/2⌋ and 2^⌈n/2⌉, because a
 * single factor could not reach the denormals. Only the second product can round.
 */
@inline
export function scale(y: v128, rounded: v128): v128 {
  const biased = i32x4.sub(rounded, constant(ROUND_BITS)); // n + 2·127
  const half = i32x4.shr_u(biased, 1); // ⌊n/2⌋ + 127 is the exponent field of the first factor
  const rest = i32x4.sub(biased, half);
  return f32x4.mul(f32x4.mul(y, i32x4.shl(half, 23)), i32x4.shl(rest, 23));
}

/** eˣ for −104 ≤ x ≤ 89, or NaN. */
@inline
export function expBetween(x: v128): v128 {
  const rounded = powersOfTwo(x);
  const r = remainderOfLn2(x, rounded);
  return scale(f32x4.add(expm1Polynomial(r), constant(ONE)), rounded);
}

/** e⁻|ˣ|, for sigmoid and softplus; it cannot overflow. */
@inline
export function expMinusAbs(x: v128): v128 {
  return expBetween(f32x4.pmax(v128.or(x, constant(SIGN)), constant(EXP_LEAST)));
}

/** eˣ. `pmin(a, b)` is `b < a ? b : a`, which returns NaN if the first argument is NaN. */
@inline
export function exp(x: v128): v128 {
  return expBetween(f32x4.pmax(f32x4.pmin(x, constant(EXP_MOST)), constant(EXP_LEAST)));
}

/** eˣ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1) for −18.1 ≤ x ≤ 88.3, or NaN; without the sign of −0. */
@inline
export function expm1Between(x: v128): v128 {
  const rounded = powersOfTwo(x);
  const r = remainderOfLn2(x, rounded);
  const one = constant(ONE);
  const power = i32x4.add(i32x4.shl(rounded, 23), one); // n in the exponent field of 1: 2ⁿ
  return fma(power, expm1Polynomial(r), f32x4.sub(power, one));
}

/** eˣ − 1, also accurate near 0. */
@inline
export function expm1(x: v128): v128 {
  const most = constant(EXPM1_MOST);
  const inside = expm1Between(f32x4.pmax(f32x4.pmin(x, most), constant(EXPM1_LEAST)));
  const big = f32x4.gt(x, most);
  const result = v128.any_true(big) ? v128.bitselect(exp(x), inside, big) : inside;
  return v128.or(result, v128.and(x, constant(SIGN)));
}

/** x > 0 ? x : alpha·(eˣ − 1) */
@inline
export function elu(x: v128, alpha: v128): v128 {
  const zero = i32x4.splat(0);
  const negative = expm1Between(f32x4.pmax(f32x4.pmin(x, zero), constant(EXPM1_LEAST)));
  return v128.bitselect(x, f32x4.mul(alpha, negative), f32x4.ge(x, zero));
}

/**
 * 1 / (1 + e⁻ˣ) for x ≥ 0, and the equal eˣ / (1 + eˣ) for x < 0: both use e⁻|ˣ|.
 */
@inline
export function sigmoid(x: v128): v128 {
  const e = expMinusAbs(x);
  const one = constant(ONE);
  const numerator = v128.bitselect(e, one, i32x4.shr_s(x, 31));
  return f32x4.div(numerator, f32x4.add(one, e));
}

/** σ(x)·σ(−x) = e / (1 + e)² with e = e⁻|ˣ| */
@inline
export function sigmoidSlope(x: v128): v128 {
  const e = expMinusAbs(x);
  const sum = f32x4.add(constant(ONE), e);
  return f32x4.div(e, f32x4.mul(sum, sum));
}

/** σ(x) − t. For x > 0 it is (1 − t) − σ(−x), because σ(x) rounds to 1 for large x. */
@inline
export function sigmoidResidual(x: v128, t: v128): v128 {
  return residualFrom(expMinusAbs(x), x, t);
}

/** The same, given e = e^−|x|. */
@inline
export function residualFrom(e: v128, x: v128, t: v128): v128 {
  const one = constant(ONE);
  const tail = f32x4.div(e, f32x4.add(one, e)); // σ(−|x|)
  const above = f32x4.sub(f32x4.sub(one, t), tail);
  return v128.bitselect(above, f32x4.sub(tail, t), f32x4.gt(x, f32x4.splat(0)));
}

/** tanh |x| = −e / (2 + e) with e = e^(−2|x|) − 1; then the sign of x. */
@inline
export function tanh(x: v128): v128 {
  const sign = constant(SIGN);
  const minusTwice = v128.or(f32x4.add(x, x), sign);
  const e = expm1Between(f32x4.pmax(minusTwice, constant(EXPM1_LEAST)));
  return v128.bitselect(x, f32x4.div(e, f32x4.add(e, constant(TWO))), sign);
}

/** 2ˣ = 2ⁿ·e^((x − n)·ln 2) with n the integer nearest to x. */
@inline
export function exp2(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, constant(EXP2_MOST)), constant(EXP2_LEAST));
  const rounded = f32x4.add(inside, constant(ROUND));
  const r = f32x4.mul(f32x4.sub(inside, f32x4.sub(rounded, constant(ROUND))), constant(LN2));
  return scale(f32x4.add(expm1Polynomial(r), constant(ONE)), rounded);
}

/** ½·eᵃ for a ≥ 0, or NaN; it overflows later than eᵃ. */
@inline
function halfExp(a: v128): v128 {
  const most = f32x4.pmin(a, constant(HALF_EXP_MOST));
  const rounded = powersOfTwo(most);
  const r = remainderOfLn2(most, rounded);
  return scale(f32x4.add(expm1Polynomial(r), constant(ONE)), i32x4.sub(rounded, i32x4.splat(1)));
}

/** cosh x = h + ¼/h with h = ½·e^|x|. */
@inline
export function cosh(x: v128): v128 {
  const h = halfExp(v128.andnot(x, constant(SIGN)));
  return f32x4.add(h, f32x4.div(constant(QUARTER), h));
}

/** sinh |x| = h − ¼/h; below 1, where that would cancel, ½(e + e/(e + 1)) with e = e^|x| − 1; then the sign of x. */
@inline
export function sinh(x: v128): v128 {
  const sign = constant(SIGN);
  const one = constant(ONE);
  const a = v128.andnot(x, sign);
  const h = halfExp(a);
  const far = f32x4.sub(h, f32x4.div(constant(QUARTER), h));
  const e = expm1Between(f32x4.pmin(a, one));
  const near = f32x4.mul(constant(HALF), f32x4.add(e, f32x4.div(e, f32x4.add(e, one))));
  return v128.bitselect(x, v128.bitselect(near, far, f32x4.lt(a, one)), sign);
}

/**
 * a·eᵇ = (a·e^(b/2))·e^(b/2): eᵇ alone could overflow. Each power of two is multiplied before the factor e^r, which would
 * round denormal numbers. The last e^r is doubled, so that its power of two cannot overflow before it. A zero a stays, also
 * where b is NaN.
 */
@inline
export function mulExp(a: v128, b: v128): v128 {
  const limited = f32x4.pmax(f32x4.pmin(b, constant(MUL_EXP_MOST)), constant(MUL_EXP_LEAST));
  const half = f32x4.mul(limited, constant(HALF));
  const rounded = powersOfTwo(half);
  const factor = f32x4.add(expm1Polynomial(remainderOfLn2(half, rounded)), constant(ONE));
  const first = f32x4.mul(scale(a, rounded), factor);
  const scaled = scale(first, i32x4.sub(rounded, i32x4.splat(1)));
  const product = f32x4.mul(scaled, f32x4.add(factor, factor));
  return v128.bitselect(a, product, f32x4.eq(a, f32x4.splat(0)));
}

/**
 * ½(eˣ − 1 − x): by the polynomial of eˣ near 0, where the difference would cancel, and by ½eˣ where eˣ may overflow
 * first.
 */
@inline
export function halfExcess(x: v128): v128 {
  const half = constant(HALF);
  const two = constant(TWO);
  const near = f32x4.mul(f32x4.mul(f32x4.mul(half, x), x), polynomial4(x, EXPM1));
  const middle = f32x4.mul(half, f32x4.sub(expm1Between(f32x4.pmax(f32x4.pmin(x, two), constant(EXPM1_LEAST))), x));
  const linear = fma(half, f32x4.pmin(x, constant(HALF_EXP_MOST)), half);
  const far = f32x4.sub(halfExp(f32x4.pmax(x, constant(ZERO))), linear);
  const outside = v128.bitselect(far, middle, f32x4.gt(x, two));
  return v128.bitselect(near, outside, f32x4.lt(f32x4.abs(x), constant(HALF_LN2)));
}

/** 1 / √x */
@inline
export function rsqrt(x: v128): v128 {
  return f32x4.div(constant(ONE), f32x4.sqrt(x));
}
