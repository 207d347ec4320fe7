/** Proves that a library computes right products, and faster than the wasm kernels. */

import type { ResidentMemory } from '../wasm/memory.js';
import type { KernelExports } from '../wasm/module.generated.js';
import { activationNumber } from '../wasm/module.generated.js';

/** Odd sizes, sizes of whole tiles, and one that is cut into blocks; with and without bias and activation. */
const CASES = [
  { m: 1, n: 1, k: 1, bias: false, activation: 'none' },
  { m: 3, n: 5, k: 7, bias: true, activation: 'relu' },
  { m: 17, n: 33, k: 65, bias: false, activation: 'sigmoid' },
  { m: 64, n: 16, k: 400, bias: true, activation: 'none' },
  { m: 1, n: 129, k: 50, bias: true, activation: 'tanh' },
  { m: 131, n: 243, k: 101, bias: true, activation: 'relu' },
] as const;

/** Largest error of an element for √k = 1; elements are sums of k products of numbers in [−1, 1]. */
const TOLERANCE = 5e-6;

/** The product that is timed, its rounds, and the milliseconds after which a library counts as slow. */
const TIMED = { m: 128, n: 400, k: 784, bias: false, activation: 'none' } as const;
const ROUNDS = 10;
const PATIENCE = 1500;

/** Numbers for the operands of all cases. */
const A: Float32Array = wave(TIMED.m * TIMED.k, 0.7);
const B: Float32Array = wave(TIMED.k * TIMED.n, 0.3);

type Case = (typeof CASES)[number] | typeof TIMED;

/** One product by the wasm kernels (`from` 0) or by the library (`from` 1), and its milliseconds. */
type Multiply = (
  size: Case,
  transposeA: boolean,
  transposeB: boolean,
  from: 0 | 1,
) => { c: Float32Array; time: number };

/** @returns what is wrong, or undefined */
export function findFault(wasm: KernelExports, memory: ResidentMemory): string | undefined {
  const multiply: Multiply = ({ m, n, k, bias, activation }, transposeA, transposeB, from) => {
    wasm.setNative(from, false);
    let time = 0;
    const c = memory.compute(m * n, (out) => {
      const [a, b] = [memory.addressOf(A.subarray(0, m * k)), memory.addressOf(B.subarray(0, k * n))];
      const added = bias ? memory.addressOf(B.subarray(7, 7 + n)) : 0;
      const workspace = memory.temporary(wasm.gemmWorkspace(1));
      const start = performance.now();
      wasm.gemm(
        a,
        b,
        out,
        m,
        n,
        k,
        transposeA,
        transposeB,
        added,
        activationNumber[activation],
        workspace,
        0,
      );
      time = performance.now() - start;
    });
    return { c, time };
  };
  try {
    return findWrong(multiply) ?? findSlow(multiply);
  } finally {
    wasm.setNative(0, false);
  }
}

function findWrong(multiply: Multiply): string | undefined {
  for (const size of CASES) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const right = multiply(size, transposeA, transposeB, 0).c;
        const found = multiply(size, transposeA, transposeB, 1).c;
        const wrong = right.findIndex((x, i) => !(Math.abs(x - found[i]!) <= TOLERANCE * Math.sqrt(size.k)));
        if (wrong < 0) continue;
        const what = `A${transposeA ? 'ᵀ' : ''} · B${transposeB ? 'ᵀ' : ''} with m = ${size.m}, n = ${size.n}, k = ${size.k}`;
        return `element ${wrong} of ${what} must be ${right[wrong]}, found ${found[wrong]}`;
      }
    }
  }
  return undefined;
}

function findSlow(multiply: Multiply): string | undefined {
  let [wasm, library] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const end = performance.now() + PATIENCE;
  for (let round = 0; round < ROUNDS || library >= wasm; round++) {
    wasm = Math.min(wasm, multiply(TIMED, false, true, 0).time);
    library = Math.min(library, multiply(TIMED, false, true, 1).time);
    if (round >= ROUNDS && performance.now() > end)
      return `it is slower than wasm: ${library.toFixed(2)} against ${wasm.toFixed(2)} ms for a product`;
  }
  return undefined;
}

function wave(size: number, step: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));
}
