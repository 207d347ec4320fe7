/**
 * Elementwise kernels of two operands. An operand advances by `step` bytes a vector: 16 along an array, 0 to read one splatted
 * value again and again. The order of the kinds is that of kinds.ts; on why each has a loop of its own see unary.ts.
 */
import * as math from './math';
import { scratchOf, splatted, TAIL } from './control';

/** 1 where the mask is set, else 0. */
@inline
function truth(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1));
}

/** (max(x, 0) − x·t) + log1p(e^−|x|): in this order the small second term is not lost beside a large x. */
@inline
function bceWithLogits(x: v128, t: v128): v128 {
  const linear = f32x4.sub(f32x4.pmax(x, f32x4.splat(0)), f32x4.mul(x, t));
  return f32x4.add(linear, math.log1pExpMinusAbs(x));
}

/** ½(mu² + (expm1(logVar) − logVar)): −½(1 + logVar − mu² − e^logVar) without its cancellation near the prior. */
@inline
function klStandardNormal(mu: v128, logVar: v128): v128 {
  const excess = f32x4.sub(math.expm1(logVar), logVar);
  return f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.mul(mu, mu), excess));
}

/** x > 0 ? x : slope·x */
@inline
function leakyRelu(x: v128, slope: v128): v128 {
  return v128.bitselect(x, f32x4.mul(x, slope), f32x4.gt(x, f32x4.splat(0)));
}

function addLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  if (stepA == 16 && stepB == 16) {
    for (; out + 64 <= end; out += 64, a += 64, b += 64) {
      v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
      v128.store(out, f32x4.add(v128.load(a, 16), v128.load(b, 16)), 16);
      v128.store(out, f32x4.add(v128.load(a, 32), v128.load(b, 32)), 32);
      v128.store(out, f32x4.add(v128.load(a, 48), v128.load(b, 48)), 48);
    }
  }
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
}

function subLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  if (stepA == 16 && stepB == 16) {
    for (; out + 64 <= end; out += 64, a += 64, b += 64) {
      v128.store(out, f32x4.sub(v128.load(a), v128.load(b)));
      v128.store(out, f32x4.sub(v128.load(a, 16), v128.load(b, 16)), 16);
      v128.store(out, f32x4.sub(v128.load(a, 32), v128.load(b, 32)), 32);
      v128.store(out, f32x4.sub(v128.load(a, 48), v128.load(b, 48)), 48);
    }
  }
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.sub(v128.load(a), v128.load(b)));
}

function mulLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  if (stepA == 16 && stepB == 16) {
    for (; out + 64 <= end; out += 64, a += 64, b += 64) {
      v128.store(out, f32x4.mul(v128.load(a), v128.load(b)));
      v128.store(out, f32x4.mul(v128.load(a, 16), v128.load(b, 16)), 16);
      v128.store(out, f32x4.mul(v128.load(a, 32), v128.load(b, 32)), 32);
      v128.store(out, f32x4.mul(v128.load(a, 48), v128.load(b, 48)), 48);
    }
  }
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.mul(v128.load(a), v128.load(b)));
}

function divLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.div(v128.load(a), v128.load(b)));
}

function powLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, math.pow(v128.load(a), v128.load(b)));
}

function maximumLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.max(v128.load(a), v128.load(b)));
}

function minimumLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, f32x4.min(v128.load(a), v128.load(b)));
}

function eqLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.eq(v128.load(a), v128.load(b))));
}

function neLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.ne(v128.load(a), v128.load(b))));
}

function ltLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.lt(v128.load(a), v128.load(b))));
}

function leLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.le(v128.load(a), v128.load(b))));
}

function gtLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.gt(v128.load(a), v128.load(b))));
}

function geLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, truth(f32x4.ge(v128.load(a), v128.load(b))));
}

function leakyReluLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, leakyRelu(v128.load(a), v128.load(b)));
}

function eluLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, math.elu(v128.load(a), v128.load(b)));
}

function bceWithLogitsLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, bceWithLogits(v128.load(a), v128.load(b)));
}

function klStandardNormalLoop(out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  for (; out < end; out += 16, a += stepA, b += stepB) v128.store(out, klStandardNormal(v128.load(a), v128.load(b)));
}

/** Runs the loop of a kind over whole vectors. */
function binaryVectors(kind: i32, out: usize, end: usize, a: usize, stepA: usize, b: usize, stepB: usize): void {
  switch (kind) {
    case 0: addLoop(out, end, a, stepA, b, stepB); break;
    case 1: subLoop(out, end, a, stepA, b, stepB); break;
    case 2: mulLoop(out, end, a, stepA, b, stepB); break;
    case 3: divLoop(out, end, a, stepA, b, stepB); break;
    case 4: powLoop(out, end, a, stepA, b, stepB); break;
    case 5: maximumLoop(out, end, a, stepA, b, stepB); break;
    case 6: minimumLoop(out, end, a, stepA, b, stepB); break;
    case 7: eqLoop(out, end, a, stepA, b, stepB); break;
    case 8: neLoop(out, end, a, stepA, b, stepB); break;
    case 9: ltLoop(out, end, a, stepA, b, stepB); break;
    case 10: leLoop(out, end, a, stepA, b, stepB); break;
    case 11: gtLoop(out, end, a, stepA, b, stepB); break;
    case 12: geLoop(out, end, a, stepA, b, stepB); break;
    case 13: leakyReluLoop(out, end, a, stepA, b, stepB); break;
    case 14: eluLoop(out, end, a, stepA, b, stepB); break;
    case 15: bceWithLogitsLoop(out, end, a, stepA, b, stepB); break;
    default: klStandardNormalLoop(out, end, a, stepA, b, stepB);
  }
}

/** Whether memory, not arithmetic, sets the pace: all but pow, elu, bceWithLogits and klStandardNormal. */
export function isCheap(kind: i32): bool {
  return kind != 4 && kind <= 13;
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

/** How an operand of `binaryRows` broadcasts against `[rows, columns]`. */
const FULL = 0; // [rows, columns]
const COLUMN = 2; // [rows, 1]; 1 is [columns], the same in every row, and 3 one value

@inline
function rowOf(mode: i32, x: usize, row: usize, columns: usize): usize {
  if (mode == FULL) return x + ((row * columns) << 2);
  return mode == COLUMN ? x + (row << 2) : x;
}

/** `binary` over rows `from` … `to − 1` of `[rows, columns]`. */
export function binaryRows(
  thread: i32, kind: i32, out: usize, a: usize, modeA: i32, b: usize, modeB: i32, columns: usize, from: usize, to: usize,
): void {
  const stepA: usize = modeA < COLUMN ? 16 : 0;
  const stepB: usize = modeB < COLUMN ? 16 : 0;
  for (let row = from; row < to; row++) {
    const rowA = rowOf(modeA, a, row, columns), rowB = rowOf(modeB, b, row, columns);
    binary(thread, kind, out + ((row * columns) << 2), rowA, stepA, rowB, stepB, columns);
  }
}
