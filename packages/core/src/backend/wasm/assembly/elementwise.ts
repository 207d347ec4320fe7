/** Elementwise kernels. The loops over whole vectors are generated from the tables of functions; see scripts/functions.mjs. */
import { scratchOf, splatted, TAIL } from './control';
import { binaryVectors, MODE_COLUMN, MODE_FULL, MODE_ROW, unaryVectors } from './functions.generated';
import { storeCrossEntropy } from './math';

/** out[i] = f(x[i]) for n elements. The elements beyond whole vectors are computed in the thread's scratch memory. */
export function unary(thread: i32, kind: i32, out: usize, x: usize, n: usize): void {
  const whole = (n & ~3) << 2;
  unaryVectors(kind, out, out + whole, x);
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread) + TAIL;
  unaryVectors(kind, buffer, buffer + 16, x + whole);
  memory.copy(out + whole, buffer, (n & 3) << 2);
}

/** out[i] = f(a[i], b[i]) for n elements; a step of 0 repeats the operand's first float. */
export function binary(
  thread: i32, kind: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize,
): void {
  if (stepA == 0) a = splatted(thread, 0, a);
  if (stepB == 0) b = splatted(thread, 1, b);
  const whole = (n & ~3) << 2;
  binaryVectors(kind, out, out + whole, a, stepA, b, stepB);
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread) + TAIL;
  const done = whole >> 4;
  binaryVectors(kind, buffer, buffer + 16, a + done * stepA, stepA, b + done * stepB, stepB);
  memory.copy(out + whole, buffer, (n & 3) << 2);
}

@inline
function rowOf(mode: i32, x: usize, row: usize, columns: usize): usize {
  if (mode == MODE_FULL) return x + ((row * columns) << 2);
  return mode == MODE_COLUMN ? x + (row << 2) : x;
}

/** `binary` over rows `from` … `to − 1` of `[rows, columns]`. */
export function binaryRows(
  thread: i32, kind: i32, out: usize, a: usize, modeA: i32, b: usize, modeB: i32, columns: usize, from: usize, to: usize,
): void {
  const stepA: usize = modeA == MODE_FULL || modeA == MODE_ROW ? 16 : 0;
  const stepB: usize = modeB == MODE_FULL || modeB == MODE_ROW ? 16 : 0;
  for (let row = from; row < to; row++) {
    const rowA = rowOf(modeA, a, row, columns), rowB = rowOf(modeB, b, row, columns);
    binary(thread, kind, out + ((row * columns) << 2), rowA, stepA, rowB, stepB, columns);
  }
}

/** Stores the first `count` (1 to 3) lanes at `out`. */
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

/** sigmoidCrossEntropy and sigmoidResidual of n logits x and targets t. */
export function crossEntropy(thread: i32, loss: usize, residual: usize, x: usize, t: usize, n: usize): void {
  const end = loss + ((n & ~3) << 2);
  for (; loss < end; loss += 16, residual += 16, x += 16, t += 16) {
    storeCrossEntropy(loss, residual, v128.load(x), v128.load(t));
  }
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread);
  storeCrossEntropy(buffer, buffer + 16, v128.load(x), v128.load(t));
  memory.copy(loss, buffer, (n & 3) << 2);
  memory.copy(residual, buffer + 16, (n & 3) << 2);
}
