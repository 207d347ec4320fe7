/** Elementwise kernels of one operand. The order of the kinds is that of kinds.ts. */
import * as math from './math';
import { scratchOf, TAIL } from './control';

@inline
function one(): v128 {
  return f32x4.splat(1);
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

/** Whether memory, not arithmetic, sets the pace: neg, sqrt, square, abs, sign, reciprocal, relu. */
export function isCheap(kind: i32): bool {
  return kind == 0 || kind == 5 || (kind >= 7 && kind <= 10) || kind == 14;
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
