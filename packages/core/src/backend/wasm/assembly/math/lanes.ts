/**
 * The building blocks of this folder: multiply-add, constants, polynomials, rounding.
 *
 * A `v128` holds four float32 lanes. Each function works on all four, and all functions are inlined.
 */

/**
 * a·b + c in each lane: one instruction and one rounding with relaxed SIMD, otherwise two of each.
 */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * The float32 or 32-bit integer at `address`, in every lane. Constants are read from memory, because some engines
 * rebuild a `v128.const` in every iteration of a loop, which costs more than the load.
 */
@inline
export function constant(address: usize): v128 {
  return v128.load32_splat(address);
}

/** As `constant`, for the two float64 lanes of a `v128`. */
@inline
export function constant64(address: usize): v128 {
  return v128.load64_splat(address);
}

/*
 * polynomialN(x, c) = c[0] + c[1]·x + … + c[N]·xᴺ by Horner's rule; `c` is the address of the float32
 * coefficients.
 */

@inline
export function polynomial1(x: v128, c: usize): v128 {
  return fma(x, constant(c + 4), constant(c));
}

@inline
export function polynomial2(x: v128, c: usize): v128 {
  return fma(x, polynomial1(x, c + 4), constant(c));
}

@inline
export function polynomial3(x: v128, c: usize): v128 {
  return fma(x, polynomial2(x, c + 4), constant(c));
}

@inline
export function polynomial4(x: v128, c: usize): v128 {
  return fma(x, polynomial3(x, c + 4), constant(c));
}

@inline
export function polynomial5(x: v128, c: usize): v128 {
  return fma(x, polynomial4(x, c + 4), constant(c));
}

@inline
export function polynomial6(x: v128, c: usize): v128 {
  return fma(x, polynomial5(x, c + 4), constant(c));
}

@inline
export function polynomial7(x: v128, c: usize): v128 {
  return fma(x, polynomial6(x, c + 4), constant(c));
}

@inline
export function polynomial8(x: v128, c: usize): v128 {
  return fma(x, polynomial7(x, c + 4), constant(c));
}

@inline
export function polynomial9(x: v128, c: usize): v128 {
  return fma(x, polynomial8(x, c + 4), constant(c));
}

/** 1. */
export const ONE: usize = memory.data<f32>([1]);

/** −0: only the sign bit is set. */
export const SIGN: usize = memory.data<u32>([0x80000000]);

/**
 * 1.5·2²³. The spacing of float32 numbers of this size is 1, so adding it to x (|x| < 2²²) rounds x to an integer
 * n in the low bits of the sum. Subtracting it again gives n as a float32.
 */
export const ROUND: usize = memory.data<f32>([12582912]);

/** 1.5·2⁵², the same for float64. */
export const ROUND_64: usize = memory.data<f64>([6755399441055744]);
