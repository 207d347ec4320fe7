/** The jobs that threads share: the function of each kind, and the part of the work that a chunk covers. */
import { costOfChain, runBlocks } from './chains';
import { real, setReal, setWord, word } from './control';
import { binary, binaryRows, fill, unary, where } from './elementwise';
import { isCheapBinary, isCheapUnary, REDUCE_LOG_SUM_EXP } from './functions.generated';
import { blockLength, strided, stridedBlocks } from './movement';
import { fillNormal, fillUniform } from './philox';
import { dispatch, threads } from './pool';
import { reduceColumns, reduceRows } from './reduce';
import { sweep, sweepLength } from './update';
import { overlapAdd, setOverlap } from './windows';

/** The parameter word with the kind of a job. The words before it are the kind's own parameters. */
const KIND = 16;

const UNARY = 0;
const BINARY = 1;
const BINARY_ROWS = 2;
const WHERE = 3;
const FILL = 4;
const REDUCE_ROWS = 5;
const REDUCE_COLUMNS = 6;
const UNIFORM = 7;
const NORMAL = 8;
const SWEEP = 9;
const COPY = 10;
const STRIDED = 11;
const OVERLAP_ADD = 12;
const CHAIN = 13;

/** Maximum number of elements per chunk of elementwise work (or one row). */
const CHUNK: usize = 16_384;

// Approximate nanoseconds per element, to decide whether to share the work.
const MOVING: f64 = 0.1; // copies, additions, comparisons
const COMPUTING: f64 = 1; // exp and similar functions
const DRAWING: f64 = 3;
const ADAM_COST: f64 = 0.8;
const REDUCING: f64 = 0.15;
const STRIDING: f64 = 0.5; // short rows, and steps between elements

/**
 * Job: a chunk of elements (or rows). Word 0 holds their number, word 1 the number per chunk, word 2 the address of the
 * result, and word `KIND` the kind of the job.
 */
function runElements(thread: i32, chunk: i32): void {
  const kind = <i32>word(KIND);
  const from = <usize>chunk * word(1);
  const to = min(word(0), from + word(1));
  const out = word(2);
  const bytes = from << 2;
  const n = to - from;
  switch (kind) {
    case UNARY: unary(thread, <i32>word(4), out + bytes, word(3) + bytes, n); break;
    case BINARY:
      binary(
        thread, <i32>word(7), out + bytes, word(3) + bytes * (word(4) >> 4), word(4), word(5) + bytes * (word(6) >> 4),
        word(6), n,
      );
      break;
    case BINARY_ROWS:
      binaryRows(thread, <i32>word(7), out, word(3), <i32>word(4), word(5), <i32>word(6), word(8), from, to);
      break;
    case WHERE:
      where(
        thread, out + bytes, word(3) + bytes * (word(4) >> 4), word(4), word(5) + bytes * (word(6) >> 4), word(6),
        word(7) + bytes * (word(8) >> 4), word(8), n,
      );
      break;
    case FILL: fill(out + bytes, real(3), n); break;
    case REDUCE_ROWS: reduceRows(<i32>word(5), out, word(3), word(4), word(6), word(7), from, to); break;
    case REDUCE_COLUMNS: reduceColumns(<i32>word(6), out, word(3), word(4), word(5), from, to); break;
    case UNIFORM: fillUniform(out + bytes, n, <u32>word(3), <u32>word(4), blockLow(from), blockHigh(from)); break;
    case NORMAL: fillNormal(out + bytes, n, <u32>word(3), <u32>word(4), blockLow(from), blockHigh(from)); break;
    case SWEEP: sweep(<i32>word(3), out, from, to); break;
    case CHAIN: runBlocks(thread, out, from, to); break;
    case STRIDED: stridedBlocks(out, word(3), <i32>word(4), word(5), from, to); break;
    case OVERLAP_ADD: overlapAdd(out, word(3), from, to); break;
    default: memory.copy(out + bytes, word(3) + bytes, n << 2);
  }
}

/** The 64-bit counter of the Philox block of element `from`; words 5 and 6 hold the counter of the first block. */
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

/**
 * Cuts `size` units of work, each of `weight` elements, into even chunks of about `CHUNK` elements, the same number for
 * each thread, and runs them.
 * Unless units are large, the bounds are multiples of 16 units, so that chunks begin at whole Philox blocks.
 */
function split(kind: i32, size: usize, weight: usize, cost: f64): void {
  const most = weight >= CHUNK ? 1 : CHUNK / max(1, weight);
  const hands = <usize>threads();
  const chunks = ((size + most - 1) / most + hands - 1) / hands * hands;
  let chunk = chunks == 0 ? 1 : (size + chunks - 1) / chunks;
  if (weight == 1 || kind == REDUCE_COLUMNS) chunk = (chunk + 15) & ~15;
  setWord(0, size);
  setWord(1, chunk);
  setWord(KIND, kind);
  dispatch(runElements, <i32>((size + chunk - 1) / chunk), <f64>size * <f64>weight * cost);
}

export function runUnary(kind: i32, out: usize, x: usize, n: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, <usize>kind);
  split(UNARY, n, 1, isCheapUnary(kind) ? MOVING : COMPUTING);
}

/** n elements; steps are 16, or 0 for a scalar. */
export function runBinary(kind: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize): void {
  setWord(2, out); setWord(3, a); setWord(4, stepA); setWord(5, b); setWord(6, stepB); setWord(7, <usize>kind);
  split(BINARY, n, 1, isCheapBinary(kind) ? MOVING : COMPUTING);
}

/** `[rows, columns]`; `modeA` and `modeB` are the numbers of operand modes. */
export function runBinaryRows(
  kind: i32, out: usize, a: usize, modeA: i32, b: usize, modeB: i32, rows: usize, columns: usize,
): void {
  setWord(2, out); setWord(3, a); setWord(4, <usize>modeA); setWord(5, b); setWord(6, <usize>modeB);
  setWord(7, <usize>kind); setWord(8, columns);
  split(BINARY_ROWS, rows, columns, isCheapBinary(kind) ? MOVING : COMPUTING);
}

/** Steps are 16, or 0 for a scalar. */
export function runWhere(
  out: usize, c: usize, stepC: usize, a: usize, stepA: usize, b: usize, stepB: usize, n: usize,
): void {
  setWord(2, out); setWord(3, c); setWord(4, stepC); setWord(5, a); setWord(6, stepA); setWord(7, b); setWord(8, stepB);
  split(WHERE, n, 1, MOVING);
}

export function runFill(out: usize, value: f32, n: usize): void {
  setWord(2, out); setReal(3, value);
  split(FILL, n, 1, MOVING);
}

export function runCopy(out: usize, x: usize, n: usize): void {
  setWord(2, out); setWord(3, x);
  split(COPY, n, 1, MOVING);
}

/** See `strided`. With three or more axes, the first two are shared among threads. */
export function runStrided(out: usize, x: usize, rank: i32, dims: usize): void {
  if (rank < 3) {
    strided(out, x, rank, dims);
    return;
  }
  setWord(2, out); setWord(3, x); setWord(4, <usize>rank); setWord(5, dims);
  split(STRIDED, <usize>load<u32>(dims) * <usize>load<u32>(dims + 4), blockLength(rank, dims), STRIDING);
}

/** See `Kernels.overlapAdd`: x `[channels, kernel, batch, count]` to out `[batch, channels, height, width]`. */
export function runOverlapAdd(
  out: usize, x: usize, batch: usize, channels: usize, height: usize, width: usize, kernelDown: usize, kernelAcross: usize,
  strideDown: usize, strideAcross: usize, dilationDown: usize, dilationAcross: usize, countDown: usize, countAcross: usize,
): void {
  setWord(2, out); setWord(3, x);
  setOverlap(
    batch, channels, height, width, kernelDown, kernelAcross, strideDown, strideAcross, dilationDown, dilationAcross,
    countDown, countAcross,
  );
  split(OVERLAP_ADD, batch * channels, kernelDown * kernelAcross * countDown * countAcross, STRIDING);
}

/** Reduces the first and last axes of `[arrays, rows, length]`. For logSumExp, there must be one array. */
export function runReduceRows(kind: i32, out: usize, x: usize, arrays: usize, rows: usize, length: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, length); setWord(5, <usize>kind);
  setWord(6, arrays); setWord(7, (rows * length) << 2);
  split(REDUCE_ROWS, rows, arrays * length, kind == REDUCE_LOG_SUM_EXP ? COMPUTING : REDUCING);
}

/** Reduces the columns of `[length, columns]`. */
export function runReduceColumns(kind: i32, out: usize, x: usize, length: usize, columns: usize): void {
  setWord(2, out); setWord(3, x); setWord(4, length); setWord(5, columns); setWord(6, <usize>kind);
  split(REDUCE_COLUMNS, columns, length, REDUCING);
}

export function runUniform(out: usize, n: usize, key0: u32, key1: u32, low: u32, high: u32): void {
  setWord(2, out); setWord(3, key0); setWord(4, key1); setWord(5, low); setWord(6, high);
  split(UNIFORM, n, 1, COMPUTING);
}

export function runNormal(out: usize, n: usize, key0: u32, key1: u32, low: u32, high: u32): void {
  setWord(2, out); setWord(3, key0); setWord(4, key1); setWord(5, low); setWord(6, high);
  split(NORMAL, n, 1, DRAWING);
}

/** One optimizer step on each of `count` parameters; see `sweep`. */
export function runSweep(kind: i32, list: usize, count: i32): void {
  setWord(2, list); setWord(3, <usize>kind);
  split(SWEEP, sweepLength(list, count), 1, ADAM_COST);
}

/** A chain of elementwise kernels on n elements; see chains.ts. */
export function runChain(chain: usize, n: usize): void {
  setWord(2, chain);
  split(CHAIN, n, 1, costOfChain(chain));
}
