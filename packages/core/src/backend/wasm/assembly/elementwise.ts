/** Elementwise kernels that are neither unary nor binary. */
import { splatted } from './control';

/** The first `count` (1 to 3) lanes go to `out`. */
@inline
function storeTail(out: usize, value: v128, count: usize): void {
  v128.store32_lane(out, value, 0);
  if (count > 1) v128.store32_lane(out, value, 1, 4);
  if (count > 2) v128.store32_lane(out, value, 2, 8);
}

/** out[i] = c[i] ≠ 0 ? a[i] : b[i]; a step of 0 repeats the operand's first float. */
export function where(
  thread: i32, out: usize, c: usize, stepC: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize,
): void {
  if (stepC == 0) c = splatted(thread, 0, c);
  if (stepA == 0) a = splatted(thread, 1, a);
  if (stepB == 0) b = splatted(thread, 2, b);
  const zero = f32x4.splat(0);
  for (let left = n; left > 0; ) {
    const value = v128.bitselect(v128.load(a), v128.load(b), f32x4.ne(v128.load(c), zero));
    if (left < 4) {
      storeTail(out, value, left);
      break;
    }
    v128.store(out, value);
    out += 16;
    c += stepC;
    a += stepA;
    b += stepB;
    left -= 4;
  }
}

/** Writes `value` n times. */
export function fill(out: usize, value: f32, n: usize): void {
  const vector = f32x4.splat(value);
  const end = out + ((n & ~3) << 2);
  for (; out < end; out += 16) v128.store(out, vector);
  if (n & 3) storeTail(out, vector, n & 3);
}
