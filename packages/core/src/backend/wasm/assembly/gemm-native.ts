/**
 * Matrix products by a library of the machine, on the kernels' own memory. The result is cut into blocks that depend on its
 * shape alone, and threads share the blocks: the bits do not depend on the number of threads.
 */
import { scratchOf, setWord, word } from './control';
import { ACTIVATION_NONE } from './functions.generated';
import { runChain } from './jobs';
import { dispatch } from './pool';
import { activated } from './tile';

/** C ← op(A)·op(B), or C + op(A)·op(B); distances between rows are in elements. */
// @ts-ignore: decorator
@external('env', 'product')
declare function product(
  a: usize, lengthA: usize, transposeA: bool, b: usize, lengthB: usize, transposeB: bool,
  c: usize, lengthC: usize, m: usize, n: usize, k: usize, accumulate: bool,
): void;

/** Most rows of a block, and fewest columns; both multiples of the tiles of common libraries. */
const ROWS: usize = 128, COLUMNS: usize = 192;
/** A product is cut into about this many blocks, so that many threads find work. */
const BLOCKS: usize = 16;
/** Products of fewer multiply-adds are one block. */
const CUT_FROM: u64 = 1_000_000;
/** Approximate nanoseconds per multiply-add, to decide whether to share the work. */
const COST: f64 = 0.02;

// Parameters of the job.
const A = 0, B = 1, C = 2, M = 3, N = 4, K = 5, TRANSPOSE_A = 6, TRANSPOSE_B = 7, BIAS = 8, ACTIVATION = 9;
const BLOCK_ROWS = 10, BLOCK_COLUMNS = 11, BLOCKS_DOWN = 12;

/** Fewest multiply-adds of a product that the library computes; 0 for none. */
let nativeFrom: u64 = 0;
/** Whether every thread can call the library. */
export let isShared: bool = false;

/**
 * Lets a library compute products.
 * @param from - fewest multiply-adds of such a product; 0 for none
 * @param shared - whether worker threads can call the library
 */
export function setNative(from: f64, shared: bool): void {
  nativeFrom = <u64>from;
  isShared = shared;
}

@inline
function multiplyAdds(m: usize, n: usize, k: usize): u64 {
  return <u64>m * <u64>n * <u64>k;
}

/** Whether the library computes a product of these sizes. */
@inline
export function takesNative(m: usize, n: usize, k: usize): bool {
  return nativeFrom != 0 && multiplyAdds(m, n, k) >= nativeFrom;
}

/** The length of each of `parts` parts of `length`, rounded up to a multiple of `step`. */
@inline
function partOf(length: usize, parts: usize, step: usize): usize {
  return (((length + parts - 1) / parts + step - 1) / step) * step;
}

/** See `gemm`. */
export function nativeGemm(
  a: usize, b: usize, c: usize, m: usize, n: usize, k: usize,
  transposeA: bool, transposeB: bool, bias: usize, activation: i32, chain: usize,
): void {
  const isCut = isShared && multiplyAdds(m, n, k) >= CUT_FROM;
  const down = isCut ? (m + ROWS - 1) / ROWS : 1;
  const across = isCut ? max(1, min(n / COLUMNS, (BLOCKS + down - 1) / down)) : 1;
  const rows = partOf(m, down, 8), columns = partOf(n, across, 16);
  const blocksDown = (m + rows - 1) / rows;
  const blocks = <i32>(blocksDown * ((n + columns - 1) / columns));
  setWord(A, a); setWord(B, b); setWord(C, c); setWord(M, m); setWord(N, n); setWord(K, k);
  setWord(TRANSPOSE_A, <usize>transposeA); setWord(TRANSPOSE_B, <usize>transposeB);
  setWord(BIAS, bias); setWord(ACTIVATION, <usize>activation);
  setWord(BLOCK_ROWS, rows); setWord(BLOCK_COLUMNS, columns); setWord(BLOCKS_DOWN, blocksDown);
  dispatch(nativeBlock, blocks, isShared ? <f64>multiplyAdds(m, n, k) * COST : 0);
  if (chain) runChain(chain, m * n);
}

/** Job: computes a block of C. The bias is written first, and the product is added to it. */
function nativeBlock(thread: i32, chunk: i32): void {
  const m = word(M), n = word(N), k = word(K);
  const row = (<usize>chunk % word(BLOCKS_DOWN)) * word(BLOCK_ROWS);
  const column = (<usize>chunk / word(BLOCKS_DOWN)) * word(BLOCK_COLUMNS);
  const rows = min(word(BLOCK_ROWS), m - row), columns = min(word(BLOCK_COLUMNS), n - column);
  const transposeA = <bool>word(TRANSPOSE_A), transposeB = <bool>word(TRANSPOSE_B);
  const a = word(A) + ((transposeA ? row : row * k) << 2);
  const b = word(B) + ((transposeB ? column * k : column) << 2);
  const c = word(C) + ((row * n + column) << 2);
  const bias = word(BIAS), activation = <i32>word(ACTIVATION);
  if (bias != 0) {
    for (let i: usize = 0; i < rows; i++) memory.copy(c + ((i * n) << 2), bias + (column << 2), columns << 2);
  }
  product(a, transposeA ? m : k, transposeA, b, transposeB ? k : n, transposeB, c, n, rows, columns, k, bias != 0);
  if (activation == ACTIVATION_NONE) return;
  for (let i: usize = 0; i < rows; i++) activate(thread, c + ((i * n) << 2), columns, activation);
}

/** Applies an activation to n elements, the last incomplete vector in the thread's scratch memory. */
function activate(thread: i32, at: usize, n: usize, activation: i32): void {
  const end = at + ((n & ~3) << 2);
  for (; at < end; at += 16) v128.store(at, activated(v128.load(at), activation));
  if ((n & 3) == 0) return;
  const buffer = scratchOf(thread);
  memory.copy(buffer, at, (n & 3) << 2);
  v128.store(buffer, activated(v128.load(buffer), activation));
  memory.copy(at, buffer, (n & 3) << 2);
}
