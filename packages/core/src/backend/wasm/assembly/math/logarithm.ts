/** log, log1p, and the functions computed from log(1 + e⁻|ˣ|): softplus and logSigmoid. */
import { expMinusAbs } from './exponential';
import { constant, fma, ONE, polynomial7, polynomial8, SIGN } from './lanes';

/**
 * ln 2 in two parts. The first has 16 bits, so k times it is exact for |k| < 256. The second is the
 * remainder.
 */
const LN2_HIGH: usize = memory.data<f32>([0.693145752]);
const LN2_LOW: usize = memory.data<f32>([0.00000142860677]);

/** (log(1 + f) − f + ½f²) / f³ for √½ ≤ 1 + f ≤ √2; see fit.mjs. */
const LOG1P: usize = memory.data<f32>([
  0.333333313, -0.250008225, 0.200012445, -0.166233048, 0.142015785, -0.131607756, 0.127618045,
  -0.0763168186,
]);

/** (log(1 + e) − e) / e² for 0 ≤ e ≤ 1; see fit.mjs. */
const LOG1P_UNIT: usize = memory.data<f32>([
  -0.499999315, 0.333304822, -0.249583319, 0.196942478, -0.15352498, 0.106763914, -0.0576309711,
  0.0201908778, -0.00331633165,
]);

const MINUS_HALF: usize = memory.data<f32>([-0.5]);
const MINUS_ONE: usize = memory.data<f32>([-1]);
const ZERO: usize = memory.data<f32>([0]);
const INFINITE: usize = memory.data<f32>([Infinity]);

/** The bits of √½. */
const SQRT_HALF_BITS: usize = memory.data<u32>([0x3f3504f3]);

/** Sign and exponent of a float32. */
const EXPONENT: usize = memory.data<u32>([0xff800000]);

/**
 * Added to the bits of a float32, it maps the positive normal numbers, 0x00800000 to 0x7f7fffff, to the smallest
 * signed integers, −2³¹ to NORMAL_LAST.
 */
const NORMAL_SHIFT: usize = memory.data<u32>([0x7f800000]);
const NORMAL_LAST: usize = memory.data<u32>([0xfeffffff]);

/** 2⁻¹²⁶, the smallest normal number. */
const LEAST_NORMAL: usize = memory.data<f32>([1.17549435e-38]);
const TWO_TO_23: usize = memory.data<f32>([8388608]);
const TWENTY_THREE: usize = memory.data<f32>([23]);

/** Where 1 + x = x in float32, and 2⁻ᵏ is still a normal number. */
const LOG1P_MOST: usize = memory.data<f32>([1e30]);

/** k·ln 2 + log(1 + f), the small parts first. */
@inline
function sumOfLogs(k: v128, f: v128): v128 {
  const square = f32x4.mul(f, f);
  const cubic = fma(k, constant(LN2_LOW), f32x4.mul(f32x4.mul(square, f), polynomial7(f, LOG1P)));
  const small = fma(square, constant(MINUS_HALF), cubic);
  return fma(k, constant(LN2_HIGH), f32x4.add(f, small));
}

/** The k of x = 2ᵏ·m with √½ ≤ m < √2, as an integer in the exponent field; x positive and normal. */
@inline
function exponentField(x: v128): v128 {
  return v128.and(i32x4.sub(x, constant(SQRT_HALF_BITS)), constant(EXPONENT));
}

/** The k of `exponentField` as a float32. */
@inline
function exponentOf(field: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(field, 23));
}

/** log x = k·ln 2 + log m for positive normal x. */
@inline
export function logOfNormal(x: v128): v128 {
  const field = exponentField(x);
  const m = i32x4.sub(x, field);
  return sumOfLogs(exponentOf(field), f32x4.sub(m, constant(ONE)));
}

/** Replaces the lanes of `result` whose x is denormal, zero, negative, infinite or NaN. */
function logOfOthers(x: v128, result: v128): v128 {
  const denormal = f32x4.lt(x, constant(LEAST_NORMAL));
  const scaled = f32x4.mul(x, constant(TWO_TO_23));
  const field = exponentField(scaled);
  const k = f32x4.sub(exponentOf(field), constant(TWENTY_THREE));
  const m = i32x4.sub(scaled, field);
  let y = v128.bitselect(sumOfLogs(k, f32x4.sub(m, constant(ONE))), result, denormal);
  // log ∞ = ∞ and log NaN = NaN: x itself
  y = v128.bitselect(y, x, f32x4.lt(x, constant(INFINITE)));
  const zero = constant(ZERO);
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, zero));
  return v128.bitselect(f32x4.splat(NaN), y, f32x4.lt(x, zero));
}

/** log x; −∞ at ±0, NaN below. */
@inline
export function log(x: v128): v128 {
  const result = logOfNormal(x);
  const others = i32x4.gt_s(i32x4.add(x, constant(NORMAL_SHIFT)), constant(NORMAL_LAST));
  return v128.any_true(others) ? logOfOthers(x, result) : result;
}

/**
 * log(1 + x) for −1 < x < 1e30. With 1 + x = 2ᵏ·(1 + f), f = 2⁻ᵏ·x + (2⁻ᵏ − 1) is rounded only once, and not at
 * all if k = 0. So the rounding of the sum 1 + x does not affect it.
 */
@inline
function log1pInside(x: v128): v128 {
  const one = constant(ONE);
  const field = exponentField(f32x4.add(x, one));
  const power = i32x4.sub(one, field); // 2⁻ᵏ
  const f = fma(x, power, f32x4.sub(power, one));
  return sumOfLogs(exponentOf(field), f);
}

/** log(1 + x), also accurate near 0; −∞ at −1, NaN below. */
@inline
export function log1p(x: v128): v128 {
  const signed = v128.or(log1pInside(x), v128.and(x, constant(SIGN))); // −0 stays −0
  const inside = v128.and(f32x4.gt(x, constant(MINUS_ONE)), f32x4.lt(x, constant(LOG1P_MOST)));
  if (i32x4.all_true(inside)) return signed;
  return v128.bitselect(signed, log1pOutside(x), inside);
}

/** log(1 + x) for all x outside the range of `log1pInside`. */
function log1pOutside(x: v128): v128 {
  return log(f32x4.add(x, constant(ONE)));
}

/** log(1 + e⁻|ˣ|) */
@inline
export function log1pExpMinusAbs(x: v128): v128 {
  return log1pUnit(expMinusAbs(x));
}

/** log(1 + e) for e in [0, 1], where no range reduction is needed. */
@inline
export function log1pUnit(e: v128): v128 {
  return fma(f32x4.mul(e, e), polynomial8(e, LOG1P_UNIT), e);
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e⁻|ˣ|), which cannot overflow. */
@inline
export function softplus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, constant(ZERO)), log1pExpMinusAbs(x));
}

/** log(1 / (1 + e⁻ˣ)) = −softplus(−x) = min(x, −0) − log(1 + e⁻|ˣ|), which tends to −0, not 0. */
@inline
export function logSigmoid(x: v128): v128 {
  return f32x4.sub(f32x4.pmin(x, constant(SIGN)), log1pExpMinusAbs(x));
}
