/**
 * The tile of matrix products for engines that join pairs of 128-bit instructions into 256-bit ones. It has 4 rows and 16
 * columns, and two steps of k are unrolled. Each element is the same sum in the same order as in the tile of 8 columns, so
 * the results are bit-identical. Without fused multiply-add the tile is left out of the module.
 */
import { fma } from './math';
import { WIDE } from './control';
import { finish } from './tile';

/** Whether products use this tile, on all threads. */
@inline
export function isWide(): bool {
  return ASC_FEATURE_RELAXED_SIMD && atomic.load<i32>(WIDE) != 0;
}

/** Selects the tile of later products. */
export function setWide(wide: bool): void {
  atomic.store<i32>(WIDE, <i32>wide);
}

/** See `tile` in gemm.ts. */
// prettier-ignore
export function wideTile(
  a: usize, b: usize, k: usize, c: usize, pitch: usize, first: bool, bias: usize, activation: i32,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD) return;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c02 = f32x4.splat(0), c03 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0), c12 = f32x4.splat(0), c13 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c22 = f32x4.splat(0), c23 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0), c32 = f32x4.splat(0), c33 = f32x4.splat(0);
  const end = a + (k << 4);
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let x = v128.load32_splat(a);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01); c02 = fma(x, b2, c02); c03 = fma(x, b3, c03);
    x = v128.load32_splat(a, 4);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11); c12 = fma(x, b2, c12); c13 = fma(x, b3, c13);
    x = v128.load32_splat(a, 8);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21); c22 = fma(x, b2, c22); c23 = fma(x, b3, c23);
    x = v128.load32_splat(a, 12);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31); c32 = fma(x, b2, c32); c33 = fma(x, b3, c33);
    if (a + 16 == end) break;

    b0 = v128.load(b, 64); b1 = v128.load(b, 80); b2 = v128.load(b, 96); b3 = v128.load(b, 112);
    x = v128.load32_splat(a, 16);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01); c02 = fma(x, b2, c02); c03 = fma(x, b3, c03);
    x = v128.load32_splat(a, 20);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11); c12 = fma(x, b2, c12); c13 = fma(x, b3, c13);
    x = v128.load32_splat(a, 24);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21); c22 = fma(x, b2, c22); c23 = fma(x, b3, c23);
    x = v128.load32_splat(a, 28);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31); c32 = fma(x, b2, c32); c33 = fma(x, b3, c33);
    a += 32;
    b += 128;
    if (a == end) break;
  }
  finishRow(c, c00, c01, c02, c03, first, bias, activation);
  finishRow(c + pitch, c10, c11, c12, c13, first, bias, activation);
  finishRow(c + 2 * pitch, c20, c21, c22, c23, first, bias, activation);
  finishRow(c + 3 * pitch, c30, c31, c32, c33, first, bias, activation);
}

@inline
function finishRow(
  c: usize, v0: v128, v1: v128, v2: v128, v3: v128, first: bool, bias: usize, activation: i32,
): void {
  finish(c, v0, v1, first, bias, activation);
  finish(c + 32, v2, v3, first, bias == 0 ? 0 : bias + 32, activation);
}
