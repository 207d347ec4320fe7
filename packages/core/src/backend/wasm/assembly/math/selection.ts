/** Functions that select lanes, and the constants and comparisons that other expressions need. */

/** 1 in every lane. */
@inline
export function one(): v128 {
  return f32x4.splat(1);
}

/** 1 where the mask is set, else 0. */
@inline
export function truth(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1));
}

/** −1 or 1; ±0 and NaN are returned as they are. */
@inline
export function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  const magnitude = v128.bitselect(one(), x, f32x4.ne(f32x4.abs(x), zero));
  const signed = v128.or(magnitude, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(signed, x, f32x4.eq(x, x));
}

/** x < 0 ? 0 : x, which propagates NaN. */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** x > 0 ? x : slope·x */
@inline
export function leakyRelu(x: v128, slope: v128): v128 {
  return v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, f32x4.splat(0)));
}

/** dy·slope; 0 where dy = 0 for any slope, and where slope = 0 for any dy but NaN. */
@inline
export function chainMul(dy: v128, slope: v128): v128 {
  const zero = f32x4.splat(0);
  const flat = v128.and(f32x4.eq(slope, zero), f32x4.eq(dy, dy));
  return v128.andnot(f32x4.mul(dy, slope), v128.or(f32x4.eq(dy, zero), flat));
}
