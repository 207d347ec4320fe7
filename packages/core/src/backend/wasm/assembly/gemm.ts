/**
 * Matrix product C = op(A)·op(B), with bias and activation applied to finished elements.
 *
 * K and N are cut into blocks that fit in the caches. Within a block, A is copied into panels of 4 rows and B into panels of
 * 8 columns ("packing"), so that the inner loop reads both sequentially. A transposed operand is only packed differently.
 * The inner loop keeps a 4×8 tile of C in 8 vector registers: per step of k it loads 2 vectors of B and 4 numbers of A, and
 * does 8 multiply-adds.
 *
 * Threads share the packed B, and each computes blocks of rows, in one job: the rows wait until B is packed. K is never split
 * among threads, so the result is bit-identical for any number of threads. A chain of elementwise kernels may follow on each
 * chunk of rows; see chains.ts.
 */
import { runBlocks } from './chains';
import { ACTIVATION_NONE } from './functions.generated';
import { fma } from './math';
import { PACKED, scratchOf, setWord, word } from './control';
import { nativeGemm, takesNative } from './gemm-native';
import { isWide, wideTile } from './gemm-wide';
import { atMost4, packColumns, packLines } from './packing';
import { awaitCount, dispatch, threads } from './pool';
import { finish } from './tile';

const KC: usize = 384;
const NC: usize = 1024;
/** Rows that a thread packs at a time. */
const MC: usize = 96;
/** Columns of a panel of B, and of a tile: usually, and for `isWide`. */
const NARROW: usize = 8, WIDEST: usize = 16;
/** Floats of the packed B. */
const PACKED_SIZE: usize = KC * (NC + WIDEST);
/** Columns of B per chunk of packing work. */
const PACK_COLUMNS: usize = 64;
/** Approximate nanoseconds per multiply-add, to decide whether to share the work. */
const COST: f64 = 0.04;

// Parameters of the job.
const A = 0, B = 1, C = 2, M = 3, N = 4, K = 5, TRANSPOSE_A = 6, TRANSPOSE_B = 7, BIAS = 8, ACTIVATION = 9;
const PACKED_A = 10, PACKED_B = 11, K_START = 12, K_COUNT = 13, N_START = 14, N_COUNT = 15, CHUNK_ROWS = 16, CHAIN = 17;
const K_BLOCK = 18, PACKS = 19;

/** Bytes of workspace for `gemm`: the packed B, and a packed block of A for each thread. */
export function gemmWorkspace(threads: i32): usize {
  return (PACKED_SIZE + <usize>threads * KC * MC) << 2;
}

/** Rows of C per chunk of work: a multiple of 4, at most MC, chosen so that all threads get the same number of chunks. */
function rowsOfChunk(m: usize): usize {
  const share = 2 * <usize>threads();
  const chunks = ((m + MC - 1) / MC + share - 1) / share * share;
  return max(8, ((m + chunks - 1) / chunks + 3) & ~3);
}

/**
 * @param bias - address of n floats, or 0
 * @param activation - the number of an activation
 * @param chain - a chain that runs on the finished rows of C, or 0
 */
export function gemm(
  a: usize, b: usize, c: usize, m: usize, n: usize, k: usize,
  transposeA: bool, transposeB: bool, bias: usize, activation: i32, workspace: usize, chain: usize,
): void {
  if (takesNative(m, n, k)) {
    nativeGemm(a, b, c, m, n, k, transposeA, transposeB, bias, activation, chain);
    return;
  }
  const blocks = max(1, (k + KC - 1) / KC);
  const kc = (k + blocks - 1) / blocks;
  const rows = rowsOfChunk(m);
  setWord(A, a); setWord(B, b); setWord(C, c); setWord(M, m); setWord(N, n); setWord(K, k);
  setWord(TRANSPOSE_A, <usize>transposeA); setWord(TRANSPOSE_B, <usize>transposeB);
  setWord(BIAS, bias); setWord(ACTIVATION, <usize>activation);
  setWord(PACKED_B, workspace); setWord(PACKED_A, workspace + (PACKED_SIZE << 2));
  setWord(CHUNK_ROWS, rows); setWord(CHAIN, chain); setWord(K_BLOCK, kc);
  for (let j: usize = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    const packs = (nc + PACK_COLUMNS - 1) / PACK_COLUMNS;
    setWord(N_START, j); setWord(N_COUNT, nc); setWord(PACKS, packs);
    const together = PACKED_SIZE / (packedColumns() * kc) * kc; // whole blocks of K whose packed B fits
    for (let p: usize = 0; p < k; p += together) {
      const count = min(together, k - p);
      setWord(K_START, p); setWord(K_COUNT, count);
      atomic.store<i32>(PACKED, 0);
      dispatch(packOrMultiply, <i32>(packs + (m + rows - 1) / rows), <f64>m * <f64>nc * <f64>count * COST);
    }
  }
}

/** Job: the first chunks pack B. The others compute rows of C, and wait until B is packed. */
function packOrMultiply(thread: i32, chunk: i32): void {
  const packs = <i32>word(PACKS);
  if (chunk < packs) {
    packB(chunk);
    atomic.add<i32>(PACKED, 1);
    return;
  }
  awaitCount(PACKED, packs);
  const row = <usize>(chunk - packs) * word(CHUNK_ROWS);
  const rows = min(word(CHUNK_ROWS), word(M) - row);
  const end = word(K_START) + word(K_COUNT);
  for (let k = word(K_START); k < end; k += word(K_BLOCK)) multiply(thread, row, rows, k, min(word(K_BLOCK), end - k));
  const n = word(N);
  const finished = end == word(K) && word(N_START) + word(N_COUNT) == n;
  if (finished && word(CHAIN)) runBlocks(thread, word(CHAIN), row * n, (row + rows) * n);
}

/** Columns of a panel of B. */
@inline
function panelWidth(): usize {
  return isWide() ? WIDEST : NARROW;
}

/** Columns of the packed block of B, in whole panels. */
@inline
function packedColumns(): usize {
  const panel = panelWidth();
  return (word(N_COUNT) + panel - 1) / panel * panel;
}

/** Address of the packed panel of B that begins with `column`, in the block of K that begins with `k` and has `kc` elements. */
@inline
function packedPanel(column: usize, k: usize, kc: usize): usize {
  return word(PACKED_B) + ((packedColumns() * (k - word(K_START)) + column * kc) << 2);
}

/** Packs a chunk of B into panels `[k][panelWidth()]`. */
function packB(chunk: i32): void {
  const end = word(K_START) + word(K_COUNT), panel = panelWidth();
  const first = <usize>chunk * PACK_COLUMNS;
  const last = min(first + PACK_COLUMNS, packedColumns());
  for (let k = word(K_START); k < end; k += word(K_BLOCK)) {
    const kc = min(word(K_BLOCK), end - k);
    for (let j = first; j < last; j += panel) packPanel(packedPanel(j, k, kc), j, panel, k, kc);
  }
}

/** Packs a panel of B from `column` of the block of N on. */
function packPanel(to: usize, column: usize, panel: usize, k: usize, kc: usize): void {
  for (let j: usize = 0; j < panel; j += 4) {
    const at = word(N_START) + column + j;
    const width = atMost4(<isize>(word(N_START) + word(N_COUNT)) - <isize>at);
    if (word(TRANSPOSE_B)) {
      const pitch = word(K) << 2;
      packLines(to + (j << 2), panel << 2, word(B) + at * pitch + (k << 2), pitch, width, kc);
    } else {
      const pitch = word(N) << 2;
      packColumns(to + (j << 2), panel << 2, word(B) + k * pitch + (at << 2), pitch, width, kc);
    }
  }
}

/** Packs `rows` rows of A from `row` on into panels `[k][4]`. */
function packA(to: usize, row: usize, rows: usize, k: usize, kc: usize): void {
  for (let i: usize = 0; i < rows; i += 4, to += kc << 4) {
    const height = atMost4(<isize>(rows - i));
    if (word(TRANSPOSE_A)) {
      const pitch = word(M) << 2;
      packColumns(to, 16, word(A) + k * pitch + ((row + i) << 2), pitch, height, kc);
    } else {
      const pitch = word(K) << 2;
      packLines(to, 16, word(A) + (row + i) * pitch + (k << 2), pitch, height, kc);
    }
  }
}

/** Adds the products of a block of K to `rows` rows of C. */
function multiply(thread: i32, row: usize, rows: usize, k: usize, kc: usize): void {
  const nc = word(N_COUNT), n = word(N), panel = panelWidth();
  const packedA = word(PACKED_A) + ((<usize>thread * KC * MC) << 2);
  packA(packedA, row, rows, k, kc);
  const first = k == 0;
  const last = k + kc == word(K);
  const bias = last ? word(BIAS) : 0;
  const activation = last ? <i32>word(ACTIVATION) : ACTIVATION_NONE;
  for (let j: usize = 0; j < nc; j += panel) {
    const panelB = packedPanel(j, k, kc);
    const column = word(N_START) + j;
    const biasAt = bias == 0 ? 0 : bias + (column << 2);
    for (let i: usize = 0; i < rows; i += 4) {
      const panelA = packedA + ((i * kc) << 2);
      const c = word(C) + (((row + i) * n + column) << 2);
      if (i + 4 <= rows && j + panel <= nc) tile(panelA, panelB, kc, c, n << 2, first, biasAt, activation);
      else borderTile(thread, panelA, panelB, kc, c, n, min(4, rows - i), min(panel, nc - j), first, biasAt, activation);
    }
  }
}

/** Computes a tile of C. `first`: for the first block of K; `bias`: the address for the tile's first column, or 0. */
@inline
function tile(a: usize, b: usize, k: usize, c: usize, pitch: usize, first: bool, bias: usize, activation: i32): void {
  if (isWide()) wideTile(a, b, k, c, pitch, first, bias, activation);
  else narrowTile(a, b, k, c, pitch, first, bias, activation);
}

/** A tile of 8 columns. Adds the products of all steps of k: at each step, a column of A times a row of B. */
// prettier-ignore
function narrowTile(a: usize, b: usize, k: usize, c: usize, pitch: usize, first: bool, bias: usize, activation: i32): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = a + (k << 4);
  // Four steps with a test after each: the engine then keeps the loads of a step close to their use.
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
    if (a + 16 == end) break;

    b0 = v128.load(b, 32); b1 = v128.load(b, 48);
    x = v128.load32_splat(a, 16);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 20);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 24);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 28);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
    if (a + 32 == end) break;

    b0 = v128.load(b, 64); b1 = v128.load(b, 80);
    x = v128.load32_splat(a, 32);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 36);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 40);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 44);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
    if (a + 48 == end) break;

    b0 = v128.load(b, 96); b1 = v128.load(b, 112);
    x = v128.load32_splat(a, 48);
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
    x = v128.load32_splat(a, 52);
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
    x = v128.load32_splat(a, 56);
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
    x = v128.load32_splat(a, 60);
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
    a += 64;
    b += 128;
    if (a == end) break;
  }
  finish(c, c00, c01, first, bias, activation);
  finish(c + pitch, c10, c11, first, bias, activation);
  finish(c + 2 * pitch, c20, c21, first, bias, activation);
  finish(c + 3 * pitch, c30, c31, first, bias, activation);
}

/** A tile that extends beyond C. It is computed in scratch memory, and the part inside C is copied back. */
function borderTile(
  thread: i32, a: usize, b: usize, k: usize, c: usize, n: usize, rows: usize, columns: usize,
  first: bool, bias: usize, activation: i32,
): void {
  const pitch = panelWidth() << 2;
  const buffer = scratchOf(thread);
  const biasBuffer = buffer + 4 * pitch;
  if (!first) {
    for (let i: usize = 0; i < rows; i++) memory.copy(buffer + i * pitch, c + ((i * n) << 2), columns << 2);
  }
  if (bias != 0) memory.copy(biasBuffer, bias, columns << 2);
  tile(a, b, k, buffer, pitch, first, bias == 0 ? 0 : biasBuffer, activation);
  for (let i: usize = 0; i < rows; i++) memory.copy(c + ((i * n) << 2), buffer + i * pitch, columns << 2);
}
