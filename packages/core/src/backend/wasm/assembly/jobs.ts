/** The jobs that threads share: which function a chunk of each kind is, and which part of the work it covers. */
import { real, setWord, word } from './control';
import { binaryRows, fill, unary, where } from './elementwise';
import { MULTIPLY, multiply, PACK_B, packB } from './gemm';
import { fillNormal, fillUniform } from './philox';
import { dispatch } from './pool';
import { reduceColumns, reduceRows } from './reduce';
import { adam } from './update';

const UNARY = 3;
const BINARY = 4;
const WHERE = 5;
const FILL = 6;
const REDUCE_ROWS = 7;
const REDUCE_COLUMNS = 8;
const UNIFORM = 9;
const NORMAL = 10;
const ADAM = 11;
const COPY = 12;

/** Elements of one chunk of elementwise work: a multiple of 16, so that chunks begin at whole Philox blocks. */
const CHUNK: usize = 16_384;
/** Fewer elements than this are not worth waking a thread for. */
const PARALLEL_FROM: usize = 32_768;

/** Runs one chunk of a job on a thread. */
export function runChunk(kind: i32, thread: i32, chunk: i32): void {
  switch (kind) {
    case PACK_B: packB(chunk); break;
    case MULTIPLY: multiply(thread, chunk); break;
    default: runElements(kind, thread, <usize>chunk);
  }
}

/** Word 0 holds the number of elements (or rows), word 1 those of a chunk, word 2 the result's address. */
function runElements(kind: i32, thread: i32, chunk: usize): void {
  const from = chunk * word(1);
  const to = min(word(0), from + word(1));
  const out = word(2);
  const bytes = from << 2;
  const n = to - from;
  switch (kind) {
    case UNARY: unary(thread, <i32>word(4), out + bytes, word(3) + bytes, n); break;
    case BINARY:
      binaryRows(thread, <i32>word(7), out, word(3), <i32>word(4), word(5), <i32>word(6), word(8), from, to);
      break;
    case WHERE:
      where(
        thread, out + bytes, word(3) + bytes * (word(4) >> 4), word(4), word(5) + bytes * (word(6) >> 4), word(6),
        word(7) + bytes * (word(8) >> 4), word(8), n,
      );
      break;
    case FILL: fill(out + bytes, real(3), n); break;
    case REDUCE_ROWS: reduceRows(<i32>word(5), out, word(3), word(4), from, to); break;
    case REDUCE_COLUMNS: reduceColumns(<i32>word(6), out, word(3), word(4), word(5), from, to); break;
    case UNIFORM: fillUniform(out + bytes, n, <u32>word(3), <u32>word(4), blockLow(from), blockHigh(from)); break;
    case NORMAL: fillNormal(out + bytes, n, <u32>word(3), <u32>word(4), blockLow(from), blockHigh(from)); break;
    case ADAM: adam(out + bytes, word(3) + bytes, word(4) + bytes, word(5) + bytes, n); break;
    default: memory.copy(out + bytes, word(3) + bytes, n << 2);
  }
}

/** The 64-bit counter of the block that element `from` of a draw lies in; words 5 and 6 hold the draw's first. */
@inline
function blockOf(from: usize): u64 {
  return ((<u64>word(6) << 32) | <u64>word(5)) + (from >> 2);
}

@inline
function blockLow(from: usize): u32 {
  return <u32>blockOf(from);
}

@inline
function blockHigh(from: usize): u32 {
  return <u32>(blockOf(from) >> 32);
}

/** Cuts `size` units of work, each of `weight` elements, into chunks of about `CHUNK` elements and runs them. */
function split(kind: i32, size: usize, weight: usize): void {
  let chunk = weight >= CHUNK ? 1 : CHUNK / max(1, weight);
  if (weight > 1 && kind == REDUCE_COLUMNS) chunk = (chunk + 15) & ~15;
  setWord(0, size);
  setWord(1, chunk);
  dispatch(kind, <i32>((size + chunk - 1) / chunk), size * weight >= PARALLEL_FROM);
}

export function runUnary(kind: i32, out: usize, x: usize, n: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, <usize>kind);
  split(UNARY, n, 1);
}

/** Modes of the operands: 0 `[rows, columns]`, 1 `[columns]`, 2 `[rows, 1]`, 3 a scalar. */
export function runBinary(
  kind: i32, out: usize, a: usize, modeA: i32, b: usize, modeB: i32, rows: usize, columns: usize,
): void {
  setWord(2, out); setWord(3, a); setWord(4, <usize>modeA); setWord(5, b); setWord(6, <usize>modeB);
  setWord(7, <usize>kind); setWord(8, columns);
  split(BINARY, rows, columns);
}

/** Steps are 16, or 0 for a scalar. */
export function runWhere(
  out: usize, c: usize, stepC: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize,
): void {
  setWord(2, out); setWord(3, c); setWord(4, stepC); setWord(5, a); setWord(6, stepA); setWord(7, b); setWord(8, stepB);
  split(WHERE, n, 1);
}

export function runFill(out: usize, value: f32, n: usize): void {
  setWord(2, out); setWord(3, <usize>reinterpret<u32>(value));
  split(FILL, n, 1);
}

export function runCopy(out: usize, x: usize, n: usize): void {
  setWord(2, out); setWord(3, x);
  split(COPY, n, 1);
}

/** Reduces the rows of `[rows, length]`. */
export function runReduceRows(kind: i32, out: usize, x: usize, rows: usize, length: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, length); setWord(5, <usize>kind);
  split(REDUCE_ROWS, rows, length);
}

/** Reduces the columns of `[length, columns]`. */
export function runReduceColumns(kind: i32, out: usize, x: usize, length: usize, columns: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, length); setWord(5, columns); setWord(6, <usize>kind);
  split(REDUCE_COLUMNS, columns, length);
}

export function runUniform(out: usize, n: usize, key0: u32, key1: u32, low: u32, high: u32): void {
  setWord(2, out); setWord(3, key0); setWord(4, key1); setWord(5, low); setWord(6, high);
  split(UNIFORM, n, 1);
}

export function runNormal(out: usize, n: usize, key0: u32, key1: u32, low: u32, high: u32): void {
  setWord(2, out); setWord(3, key0); setWord(4, key1); setWord(5, low); setWord(6, high);
  split(NORMAL, n, 1);
}

/** The numbers of one step lie in words 6 to 14; see `adam`. */
export function runAdam(
  param: usize, grad: usize, m: usize, v: usize, n: usize, beta1: f32, beta2: f32, stepSize: f32, rootCorrection: f32,
  epsilon: f32, decay: f32, shrink: f32,
): void {
  setWord(2, param); setWord(3, grad); setWord(4, m); setWord(5, v);
  setWord(6, reinterpret<u32>(beta1)); setWord(7, reinterpret<u32>(1 - beta1));
  setWord(8, reinterpret<u32>(beta2)); setWord(9, reinterpret<u32>(1 - beta2));
  setWord(10, reinterpret<u32>(stepSize)); setWord(11, reinterpret<u32>(rootCorrection));
  setWord(12, reinterpret<u32>(epsilon)); setWord(13, reinterpret<u32>(decay)); setWord(14, reinterpret<u32>(shrink));
  split(ADAM, n, 1);
}
