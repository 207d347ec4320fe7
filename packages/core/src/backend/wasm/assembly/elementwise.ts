/**
 * Elementwise kernels. An operand advances by `step` bytes a vector: 16 along an array, 0 to read one splatted value again
 * and again. The order of the kinds is that of kinds.ts.
 */
import * as math from './math';
import { scratchOf } from './control';

/** Where in a thread's scratch memory the last, incomplete vector is computed. */
const TAIL: usize = 192;

/** The first `count` (1 to 3) lanes go to `out`. */
@inline
function storeTail(out: usize, value: v128, count: usize): void {
  v128.store32_lane(out, value, 0);
  if (count > 1) v128.store32_lane(out, value, 1, 4);
  if (count > 2) v128.store32_lane(out, value, 2, 8);
}

@inline
function one(): v128 {
  return f32x4.splat(1);
}

/** 1 where the mask is set, else 0. */
@inline
function truth(mask: v128): v128 {
  return v128.and(mask, one());
}

/** −1, 0 or 1; ±0 and NaN stay. */
@inline
function sign(x: v128): v128 {
  const zero = f32x4.splat(0);
  const magnitude = v128.bitselect(one(), x, f32x4.ne(f32x4.abs(x), zero));
  const signed = v128.or(magnitude, v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(signed, x, f32x4.eq(x, x));
}

@inline
function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0)); // x < 0 ? 0 : x, so NaN stays
}

/*
 * One loop for each kind, over `end − out` bytes (a multiple of 16). They are written out because AssemblyScript has no way of handing a
 * function to a loop that does not cost a call for every vector.
 * The cheapest ones, where the loop itself would cost most, take four vectors at a time.
 */

function negLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, f32x4.neg(v128.load(x)));
}

function expLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.exp(v128.load(x)));
}

function expm1Loop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.expm1(v128.load(x)));
}

function logLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.log(v128.load(x)));
}

function log1pLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.log1p(v128.load(x)));
}

function sqrtLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, f32x4.sqrt(v128.load(x)));
}

function rsqrtLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.rsqrt(v128.load(x)));
}

function squareLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, f32x4.mul(v128.load(x), v128.load(x)));
}

function absLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, f32x4.abs(v128.load(x)));
}

function signLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, sign(v128.load(x)));
}

function reciprocalLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, f32x4.div(one(), v128.load(x)));
}

function sinLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.sin(v128.load(x)));
}

function cosLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.cos(v128.load(x)));
}

function erfLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.erf(v128.load(x)));
}

function reluLoop(out: usize, end: usize, x: usize): void {
  for (; out + 64 <= end; out += 64, x += 64) {
    v128.store(out, relu(v128.load(x)));
    v128.store(out, relu(v128.load(x, 16)), 16);
    v128.store(out, relu(v128.load(x, 32)), 32);
    v128.store(out, relu(v128.load(x, 48)), 48);
  }
  for (; out < end; out += 16, x += 16) v128.store(out, relu(v128.load(x)));
}

function geluLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.gelu(v128.load(x)));
}

function sigmoidLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.sigmoid(v128.load(x)));
}

function tanhLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.tanh(v128.load(x)));
}

function softplusLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.softplus(v128.load(x)));
}

function logSigmoidLoop(out: usize, end: usize, x: usize): void {
  for (; out < end; out += 16, x += 16) v128.store(out, math.logSigmoid(v128.load(x)));
}

/** Runs the loop of a kind over whole vectors. */
function unaryVectors(kind: i32, out: usize, end: usize, x: usize): void {
  switch (kind) {
    case 0: negLoop(out, end, x); break;
    case 1: expLoop(out, end, x); break;
    case 2: expm1Loop(out, end, x); break;
    case 3: logLoop(out, end, x); break;
    case 4: log1pLoop(out, end, x); break;
    case 5: sqrtLoop(out, end, x); break;
    case 6: rsqrtLoop(out, end, x); break;
    case 7: squareLoop(out, end, x); break;
    case 8: absLoop(out, end, x); break;
    case 9: signLoop(out, end, x); break;
    case 10: reciprocalLoop(out, end, x); break;
    case 11: sinLoop(out, end, x); break;
    case 12: cosLoop(out, end, x); break;
    case 13: erfLoop(out, end, x); break;
    case 14: reluLoop(out, end, x); break;
    case 15: geluLoop(out, end, x); break;
    case 16: sigmoidLoop(out, end, x); break;
    case 17: tanhLoop(out, end, x); break;
    case 18: softplusLoop(out, end, x); break;
    default: logSigmoidLoop(out, end, x);
  }
}

/** out[i] = f(x[i]) for n elements. What remains beyond whole vectors is computed in the thread's scratch memory. */
export function unary(thread: i32, kind: i32, out: usize, x: usize, n: usize): void {
  const whole = (n & ~3) << 2;
  unaryVectors(kind, out, out + whole, x);
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread) + TAIL;
  unaryVectors(kind, buffer, buffer + 16, x + whole);
  memory.copy(out + whole, buffer, (n & 3) << 2);
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

/** out[i] = f(a[i], b[i]) for n elements; a step of 0 repeats the four floats at a or b. */
function binary(
  thread: i32, kind: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize,
): void {
  const whole = (n & ~3) << 2;
  binaryVectors(kind, out, out + whole, a, stepA, b, stepB);
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread) + TAIL;
  const done = whole >> 4;
  binaryVectors(kind, buffer, buffer + 16, a + done * stepA, stepA, b + done * stepB, stepB);
  memory.copy(out + whole, buffer, (n & 3) << 2);
}

/** Writes the float at `x` four times to the thread's scratch memory and returns that address. */
@inline
function splatted(thread: i32, slot: usize, x: usize): usize {
  const place = scratchOf(thread) + slot * 16;
  v128.store(place, v128.load32_splat(x));
  return place;
}

/** How an operand of `binaryRows` broadcasts against `[rows, columns]`. */
const FULL = 0; // [rows, columns]
const ROW = 1; // [columns], the same in every row
const COLUMN = 2; // [rows, 1]
const SCALAR = 3; // one value

@inline
function rowOf(thread: i32, slot: usize, mode: i32, x: usize, row: usize, columns: usize): usize {
  if (mode == FULL) return x + ((row * columns) << 2);
  if (mode == ROW) return x;
  return splatted(thread, slot, mode == COLUMN ? x + (row << 2) : x);
}

/** binary over rows `from` … `to − 1` of `[rows, columns]`. */
export function binaryRows(
  thread: i32, kind: i32, out: usize, a: usize, modeA: i32, b: usize, modeB: i32, columns: usize, from: usize, to: usize,
): void {
  const stepA: usize = modeA < COLUMN ? 16 : 0;
  const stepB: usize = modeB < COLUMN ? 16 : 0;
  for (let row = from; row < to; row++) {
    binary(
      thread, kind, out + ((row * columns) << 2),
      rowOf(thread, 0, modeA, a, row, columns), stepA,
      rowOf(thread, 1, modeB, b, row, columns), stepB,
      columns,
    );
  }
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
