/**
 * Chains: several elementwise kernels in one loop over blocks of elements. A value that only the chain itself uses stays in a
 * scratch block, which the first-level cache holds. Each step runs the same loop as the kernel of its own, so the bits are
 * equal.
 *
 * A chain in memory, in 4-byte words: the number of steps, the address of the scratch memory, its bytes per thread, and the
 * steps of 10 words each: kind, function, and (address, place) of the result and of up to three operands. Scratch blocks have
 * a number in place of an address. The last words of `spread` are: address of x, length, inner; see `spread`. The last pair of
 * `crossEntropy` is its second result.
 */
import { binary, crossEntropy, fill, unary, where } from './elementwise';
import {
  CHAIN_BINARY, CHAIN_COPY, CHAIN_CROSS_ENTROPY, CHAIN_SPREAD, CHAIN_UNARY, CHAIN_WHERE, isCheapBinary, isCheapUnary, PLACE_ARRAY, PLACE_SCALAR,
  PLACE_SCRATCH,
} from './functions.generated';

/** Elements of a block. */
export const BLOCK: usize = 1024;
const HEADER: usize = 12;
const STEP: usize = 40;

/** Runs a chain on its elements `from` to `to`. */
export function runBlocks(thread: i32, chain: usize, from: usize, to: usize): void {
  const end = chain + HEADER + <usize>load<u32>(chain) * STEP;
  const scratch = <usize>load<u32>(chain, 4) + <usize>thread * <usize>load<u32>(chain, 8);
  for (let at = from; at < to; at += BLOCK) {
    const n = min(BLOCK, to - at);
    for (let step = chain + HEADER; step < end; step += STEP) runStep(thread, step, scratch, at, n);
  }
}

/** The address of operand number `i` at the block that begins with element `at`; number 0 is the result. */
@inline
function placeOf(step: usize, i: usize, scratch: usize, at: usize): usize {
  const address = <usize>load<u32>(step + 8 + (i << 3));
  const place = load<i32>(step + 12 + (i << 3));
  if (place == PLACE_SCRATCH) return scratch + ((address * BLOCK) << 2);
  return place == PLACE_ARRAY ? address + (at << 2) : address;
}

@inline
function stepOf(step: usize, i: usize): usize {
  return load<i32>(step + 12 + (i << 3)) == PLACE_SCALAR ? 0 : 16;
}

function runStep(thread: i32, step: usize, scratch: usize, at: usize, n: usize): void {
  const kind = load<i32>(step);
  const named = load<i32>(step, 4);
  const out = placeOf(step, 0, scratch, at);
  if (kind == CHAIN_SPREAD) {
    spread(out, load<u32>(step, 16), load<u32>(step, 20), load<u32>(step, 24), at, n);
    return;
  }
  const a = placeOf(step, 1, scratch, at);
  if (kind == CHAIN_BINARY) {
    binary(thread, named, out, a, stepOf(step, 1), placeOf(step, 2, scratch, at), stepOf(step, 2), n);
  } else if (kind == CHAIN_UNARY) {
    unary(thread, named, out, a, n);
  } else if (kind == CHAIN_COPY) {
    if (stepOf(step, 1) == 0) fill(out, load<f32>(a), n);
    else memory.copy(out, a, n << 2);
  } else if (kind == CHAIN_WHERE) {
    where(
      thread, out, a, stepOf(step, 1), placeOf(step, 2, scratch, at), stepOf(step, 2), placeOf(step, 3, scratch, at),
      stepOf(step, 3), n,
    );
  } else if (kind == CHAIN_CROSS_ENTROPY) {
    crossEntropy(thread, out, placeOf(step, 3, scratch, at), a, placeOf(step, 2, scratch, at), n);
  } else unreachable();
}

/** Elements `at` … `at + n − 1` of out `[outer, length, inner]`, out[o, j, i] = x[j]. */
function spread(out: usize, x: usize, length: usize, inner: usize, at: usize, n: usize): void {
  const end = out + (n << 2);
  let j = at / inner % length;
  if (inner == 1) {
    while (out < end) {
      const bytes = min((length - j) << 2, end - out);
      memory.copy(out, x + (j << 2), bytes);
      out += bytes;
      j = 0;
    }
    return;
  }
  let left = inner - at % inner;
  while (out < end) {
    const count = min(left, (end - out) >> 2);
    fill(out, load<f32>(x + (j << 2)), count);
    out += count << 2;
    left = inner;
    j = j + 1 == length ? 0 : j + 1;
  }
}

/** Approximate nanoseconds per element. */
export function costOfChain(chain: usize): f64 {
  let cost: f64 = 0;
  const end = chain + HEADER + <usize>load<u32>(chain) * STEP;
  for (let step = chain + HEADER; step < end; step += STEP) {
    const kind = load<i32>(step), named = load<i32>(step, 4);
    const cheap = kind == CHAIN_UNARY ? isCheapUnary(named) : kind == CHAIN_BINARY ? isCheapBinary(named) : kind != CHAIN_CROSS_ENTROPY;
    cost += cheap ? 0.1 : 1;
  }
  return cost;
}
