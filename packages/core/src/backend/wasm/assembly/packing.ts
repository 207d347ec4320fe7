/** Copies pieces of matrices into panels, which the inner loops of products read sequentially. */

/** Takes four vectors as rows of a 4×4 block and writes its columns, `stride` bytes apart. */
@inline
export function storeTransposed(to: usize, stride: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const b = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const c = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(a, c, 0, 2));
  v128.store(to + stride, i64x2.shuffle(a, c, 1, 3));
  v128.store(to + 2 * stride, i64x2.shuffle(b, d, 0, 2));
  v128.store(to + 3 * stride, i64x2.shuffle(b, d, 1, 3));
}

/**
 * Copies `lines` (1 to 4) stored lines of length `count`, `pitch` bytes apart. Element p of line i is written to
 * to + p·stride + 4i. Missing lines become zeros.
 */
export function packLines(to: usize, stride: usize, from: usize, pitch: usize, lines: usize, count: usize): void {
  let p: usize = 0;
  if (lines == 4) {
    for (; p + 4 <= count; p += 4) {
      const at = from + (p << 2);
      storeTransposed(
        to + p * stride, stride,
        v128.load(at), v128.load(at + pitch), v128.load(at + 2 * pitch), v128.load(at + 3 * pitch),
      );
    }
  }
  for (; p < count; p++) {
    for (let i: usize = 0; i < 4; i++) {
      store<f32>(to + p * stride + (i << 2), i < lines ? load<f32>(from + i * pitch + (p << 2)) : 0);
    }
  }
}

/** Copies `width` (up to 4) neighbouring columns of `count` lines. Missing columns become zeros. */
export function packColumns(to: usize, stride: usize, from: usize, pitch: usize, width: usize, count: usize): void {
  if (width == 4) {
    for (let p: usize = 0; p < count; p++, to += stride, from += pitch) v128.store(to, v128.load(from));
    return;
  }
  for (let p: usize = 0; p < count; p++, to += stride, from += pitch) {
    for (let i: usize = 0; i < 4; i++) store<f32>(to + (i << 2), i < width ? load<f32>(from + (i << 2)) : 0);
  }
}

@inline
export function atMost4(x: isize): usize {
  return x <= 0 ? 0 : x >= 4 ? 4 : <usize>x;
}
