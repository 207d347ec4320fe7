/**
 * The inner loop of convolutions: a 4×8 tile of sums of products, whose factors are runs of packed panels.
 *
 * A holds 4 numbers per step (16 bytes) and B holds 8 (32 bytes), as in `gemm`. There, one run of K steps makes a tile. Here a
 * tile is the sum over all pairs of a row entry and a column entry, which say where a run starts: a window of an image is some
 * rows of pixels, and a part of each. So the products read the packed image directly, and no window is ever copied.
 */
import { fma } from './math';

/** Bytes of a row entry: the byte offsets in A and in B. */
export const ROW_ENTRY: usize = 8;
/** Bytes of a column entry: the byte offsets in A and in B, and the length of the run in bytes of A, at least 16. */
export const COLUMN_ENTRY: usize = 12;
/** Bytes of a tile: 4 rows of 8 floats. */
export const TILE: usize = 128;

/** Writes the tile of all runs to `out`, or adds it to the tile there. */
// prettier-ignore
export function runTile(
  out: usize, a: usize, b: usize, row: usize, rowsEnd: usize, columns: usize, columnsEnd: usize, add: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (; row < rowsEnd; row += ROW_ENTRY) {
    const rowA = a + load<u32>(row), rowB = b + load<u32>(row, 4);
    for (let column = columns; column < columnsEnd; column += COLUMN_ENTRY) {
      let p = rowA + load<u32>(column), q = rowB + load<u32>(column, 4);
      const end = p + load<u32>(column, 8);
      // Four steps with a test after each: the engine then keeps the loads of a step close to their use.
      while (true) {
        let b0 = v128.load(q), b1 = v128.load(q, 16);
        let x = v128.load32_splat(p);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(p, 4);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(p, 8);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(p, 12);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
        if (p + 16 == end) break;

        b0 = v128.load(q, 32); b1 = v128.load(q, 48);
        x = v128.load32_splat(p, 16);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(p, 20);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(p, 24);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(p, 28);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
        if (p + 32 == end) break;

        b0 = v128.load(q, 64); b1 = v128.load(q, 80);
        x = v128.load32_splat(p, 32);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(p, 36);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(p, 40);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(p, 44);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
        if (p + 48 == end) break;

        b0 = v128.load(q, 96); b1 = v128.load(q, 112);
        x = v128.load32_splat(p, 48);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(p, 52);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(p, 56);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(p, 60);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
        p += 64;
        q += 128;
        if (p == end) break;
      }
    }
  }
  if (add) {
    c00 = f32x4.add(c00, v128.load(out)); c01 = f32x4.add(c01, v128.load(out, 16));
    c10 = f32x4.add(c10, v128.load(out, 32)); c11 = f32x4.add(c11, v128.load(out, 48));
    c20 = f32x4.add(c20, v128.load(out, 64)); c21 = f32x4.add(c21, v128.load(out, 80));
    c30 = f32x4.add(c30, v128.load(out, 96)); c31 = f32x4.add(c31, v128.load(out, 112));
  }
  v128.store(out, c00); v128.store(out, c01, 16);
  v128.store(out, c10, 32); v128.store(out, c11, 48);
  v128.store(out, c20, 64); v128.store(out, c21, 80);
  v128.store(out, c30, 96); v128.store(out, c31, 112);
}
