/** sin, cos, tan and atan2 over all float32 arguments. */
import { constant, constant64, fma, ONE, polynomial2, polynomial4, ROUND, ROUND_64, SIGN } from './lanes';

/** (sin r − r) / r³ as a polynomial in r² for |r| ≤ π/4; see fit.mjs. */
const SIN: usize = memory.data<f32>([-0.166666552, 0.00833218917, -0.000195182831]);

/** (cos r − 1 + ½r²) / r⁴ as a polynomial in r² for |r| ≤ π/4; see fit.mjs. */
const COS: usize = memory.data<f32>([0.0416666456, -0.00138873106, 0.0000244325784]);

const MINUS_HALF: usize = memory.data<f32>([-0.5]);

const TWO_OVER_PI: usize = memory.data<f64>([0.6366197723675814]);

/**
 * π/2 in two parts. The first has 33 bits, so n times it is exact for |n| < 2²⁰. The second is the
 * remainder.
 */
const HALF_PI_HIGH: usize = memory.data<f64>([1.5707963267341256]);
const HALF_PI_LOW: usize = memory.data<f64>([6.077100506506192e-11]);

/** Up to here, the two parts of π/2 suffice. Beyond it, `farFraction` is used. */
const FAR: usize = memory.data<f32>([1048576]);

/** 32 zeros, then the binary digits of 2/π. */
const TWO_OVER_PI_DIGITS: usize = memory.data<u32>([
  0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
]);

/** (atan u − u) / u³ as a polynomial in u² for |u| ≤ √2 − 1; see fit.mjs. */
const ATAN: usize = memory.data<f32>([-0.333333164, 0.199985281, -0.14244391, 0.105991721, -0.0609007664]);

/** tan(π/8) */
const SQRT_2_MINUS_1: usize = memory.data<f32>([0.414213562]);

/** π/4, π/2 and π, each followed by its rounding error in float32. */
const QUARTER_PI: usize = memory.data<f32>([0.78539816, -0.000000021855694]);
const HALF_PI: usize = memory.data<f32>([1.5707964, -0.000000043711388]);
const PI: usize = memory.data<f32>([3.1415927, -0.000000087422777]);

const FOUR: usize = memory.data<f32>([4]);
const MINUS_QUARTER: usize = memory.data<f32>([-0.25]);
const TWO_PI: usize = memory.data<f32>([6.2831855]);

/** sin r for |r| ≤ π/4. */
@inline
function sineOfQuarter(r: v128): v128 {
  const square = f32x4.mul(r, r);
  return f32x4.mul(r, fma(square, polynomial2(square, SIN), constant(ONE)));
}

/** cos r for |r| ≤ π/4. */
@inline
function cosineOfQuarter(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const even = fma(square, constant(MINUS_HALF), constant(ONE));
  return fma(f32x4.mul(square, square), polynomial2(square, COS), even);
}

/** sin(r + q·π/2) from the sine and cosine of r, with the integer q in the low two bits. */
@inline
function turnQuarter(sine: v128, cosine: v128, q: v128): v128 {
  const odd = i32x4.shr_s(i32x4.shl(q, 31), 31);
  const negative = v128.and(i32x4.shl(q, 30), constant(SIGN)); // in quarters 2 and 3, the sine is negative
  return v128.xor(v128.bitselect(cosine, sine, odd), negative);
}

/** sin(r + q·π/2) for |r| ≤ π/4. */
@inline
function sinOfQuarter(r: v128, q: v128): v128 {
  return turnQuarter(sineOfQuarter(r), cosineOfQuarter(r), q);
}

/** n + 1.5·2⁵² for the integer n nearest to x / (π/2), in two float64 lanes. */
@inline
function quartersOfTurn(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, constant64(TWO_OVER_PI)), constant64(ROUND_64));
}

/** r = x − n·π/2, in two float64 lanes. */
@inline
function remainderOfQuarter(x: v128, rounded: v128): v128 {
  const n = f64x2.sub(rounded, constant64(ROUND_64));
  const high = f64x2.sub(x, f64x2.mul(n, constant64(HALF_PI_HIGH)));
  return f64x2.sub(high, f64x2.mul(n, constant64(HALF_PI_LOW)));
}

/** sin(x + shift·π/2). The reduction is in float64, because x may be very close to a multiple of π/2. */
@inline
function sinShifted(x: v128, shift: i32): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3));
  const lowQuarters = quartersOfTurn(low);
  const highQuarters = quartersOfTurn(high);
  const r = i32x4.shuffle(
    f32x4.demote_f64x2_zero(remainderOfQuarter(low, lowQuarters)),
    f32x4.demote_f64x2_zero(remainderOfQuarter(high, highQuarters)),
    0, 1, 4, 5,
  );
  const n = i32x4.shuffle(lowQuarters, highQuarters, 0, 2, 4, 6);
  const result = sinOfQuarter(r, shift == 0 ? n : i32x4.add(n, i32x4.splat(shift)));
  const near = f32x4.le(v128.andnot(x, constant(SIGN)), constant(FAR));
  return i32x4.all_true(near) ? result : v128.bitselect(result, sinFar(x, shift), near);
}

/**
 * |x| / (π/2) modulo 4, times 2⁶², for |x| ≥ 4 (Payne–Hanek reduction). |x| = m·2ᵉ with an integer m < 2²⁴. The
 * digits of 2/π that contribute multiples of 4 to m·2ᵉ·(2/π) are left out, as are those that contribute less than
 * 2⁻⁹⁴.
 */
function farFraction(x: f32): u64 {
  const bits = reinterpret<u32>(x) & 0x7fffffff;
  const m = <u64>((bits & 0x007fffff) | 0x00800000);
  const first = max(bits >> 23, 120) - 120; // index of the first digit taken: 32 + e − 2
  const address = TWO_OVER_PI_DIGITS + ((first >> 5) << 2);
  const shift = <u64>(first & 31);
  const high = ((<u64>load<u32>(address) << 32) | load<u32>(address, 4)) << shift >> 32;
  const middle = (((<u64>load<u32>(address, 4) << 32) | load<u32>(address, 8)) << shift >> 32) & 0xffffffff;
  const low = (((<u64>load<u32>(address, 8) << 32) | load<u32>(address, 12)) << shift >> 32) & 0xffffffff;
  return ((m * high) << 32) + m * middle + ((m * low) >> 32);
}

/** The quarter of a turn nearest to x, |x| ≥ 4. */
function farQuarter(x: f32): i32 {
  const q = <i32>((farFraction(x) + ((<u64>1) << 61)) >> 62);
  return x < 0 ? -q : q;
}

/** x minus `farQuarter(x)` quarters of a turn, in radians; NaN for infinite x and NaN. */
function farRemainder(x: f32): f32 {
  const fraction = farFraction(x);
  const quarter = (fraction + ((<u64>1) << 61)) >> 62;
  const r = <f64>(<i64>(fraction - (quarter << 62))) * (Math.PI / 2 / 4611686018427387904);
  return <f32>(x < 0 ? -r : r) + (x - x);
}

/** sin(x + shift·π/2) for |x| ≥ 4, lane by lane; meaningless in other lanes. */
function sinFar(x: v128, shift: i32): v128 {
  const x0 = f32x4.extract_lane(x, 0);
  const x1 = f32x4.extract_lane(x, 1);
  const x2 = f32x4.extract_lane(x, 2);
  const x3 = f32x4.extract_lane(x, 3);
  let r = f32x4.splat(farRemainder(x0));
  r = f32x4.replace_lane(r, 1, farRemainder(x1));
  r = f32x4.replace_lane(r, 2, farRemainder(x2));
  r = f32x4.replace_lane(r, 3, farRemainder(x3));
  let q = i32x4.splat(farQuarter(x0));
  q = i32x4.replace_lane(q, 1, farQuarter(x1));
  q = i32x4.replace_lane(q, 2, farQuarter(x2));
  q = i32x4.replace_lane(q, 3, farQuarter(x3));
  return sinOfQuarter(r, i32x4.add(q, i32x4.splat(shift)));
}

/** sin x, x in radians. */
@inline
export function sin(x: v128): v128 {
  return sinShifted(x, 0);
}

/** cos x = sin(x + π/2), x in radians. */
@inline
export function cos(x: v128): v128 {
  return sinShifted(x, 1);
}

/** tan x = sin x / cos x. */
@inline
export function tan(x: v128): v128 {
  return f32x4.div(sin(x), cos(x));
}

/** high − p + low, with `high` followed by `low` at the address. */
@inline
function lessFrom(address: usize, p: v128): v128 {
  return f32x4.add(f32x4.sub(constant(address), p), constant(address + 4));
}

/** atan t for 0 ≤ t ≤ 1. Above tan(π/8) it is π/4 + atan((t − 1) / (t + 1)). */
@inline
function atanOfUnit(t: v128): v128 {
  const one = constant(ONE);
  const large = f32x4.gt(t, constant(SQRT_2_MINUS_1));
  const u = v128.bitselect(f32x4.div(f32x4.sub(t, one), f32x4.add(t, one)), t, large);
  const square = f32x4.mul(u, u);
  const p = fma(f32x4.mul(square, u), polynomial4(square, ATAN), u);
  return v128.bitselect(lessFrom(QUARTER_PI, f32x4.neg(p)), p, large);
}

/** The angle of the point (x, y), from −π to π, with the special cases of Math.atan2. */
@inline
export function atan2(y: v128, x: v128): v128 {
  const sign = constant(SIGN);
  const across = v128.andnot(x, sign);
  const up = v128.andnot(y, sign);
  const least = f32x4.min(across, up);
  const most = f32x4.max(across, up);
  // 0/0 gives the angle 0, and ∞/∞ gives π/4.
  let t = f32x4.div(least, most);
  t = v128.bitselect(least, t, f32x4.eq(most, f32x4.splat(0)));
  t = v128.bitselect(constant(ONE), t, f32x4.eq(least, f32x4.splat(Infinity)));
  let angle = atanOfUnit(t);
  angle = v128.bitselect(lessFrom(HALF_PI, angle), angle, f32x4.gt(up, across));
  angle = v128.bitselect(lessFrom(PI, angle), angle, i32x4.shr_s(x, 31));
  // The result has the sign of y.
  return v128.bitselect(y, angle, sign);
}

/** n + 1.5·2²³ for the integer n nearest to 4u: the number of quarter turns in u turns, 0 ≤ u ≤ 1. */
@inline
function quartersOfTurns(u: v128): v128 {
  return fma(u, constant(FOUR), constant(ROUND));
}

/** 2π·(u − n/4), in radians; the difference is exact. */
@inline
function remainderOfTurns(u: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, constant(ROUND));
  return f32x4.mul(fma(n, constant(MINUS_QUARTER), u), constant(TWO_PI));
}

/** sin(2πu) for 0 ≤ u ≤ 1. */
@inline
export function sinOfTurns(u: v128): v128 {
  const rounded = quartersOfTurns(u);
  return sinOfQuarter(remainderOfTurns(u, rounded), rounded);
}

/** cos(2πu) for 0 ≤ u ≤ 1. */
@inline
export function cosOfTurns(u: v128): v128 {
  const rounded = quartersOfTurns(u);
  return sinOfQuarter(remainderOfTurns(u, rounded), i32x4.add(rounded, i32x4.splat(1)));
}
