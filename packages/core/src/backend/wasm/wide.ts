/** Proves that the tile of 16 columns computes the same bits as the tile of 8, and faster. */
import type { ResidentMemory } from './memory.js';
import type { KernelExports } from './module.generated.js';
import { refusal } from './simd.js';

/** Sizes with incomplete tiles on both sides, and more than one block of K. */
const [M, N, K] = [67, 214, 401];
/** Milliseconds until V8 must have optimized the tile. It usually takes 20, and seconds on a busy machine. */
const PATIENCE = 15_000;
/** Milliseconds between products until then, which leave a busy processor to V8's own threads. */
const PAUSE = 2;
/** Products that are compared once the wide tile is faster. */
const FASTER = 5;

/** One product, and its milliseconds. */
type Multiply = (wide: boolean) => { c: Float32Array; time: number };

/**
 * Turns the wide tile on. Products are compared from the first one, which V8 has not optimized, until some time after it has.
 * @throws BackendError if the results differ, or if the wide tile is not faster
 */
export function startWide(wasm: KernelExports, memory: ResidentMemory): void {
  const [x, y] = [wave(M * K, 0.7), wave(K * N, 0.3)];
  const fault = findFault((wide) => {
    wasm.setWide(wide);
    let time = 0;
    const c = memory.compute(M * N, (out) => {
      const [a, b] = [memory.addressOf(x), memory.addressOf(y)];
      const workspace = memory.temporary(wasm.gemmWorkspace(1));
      const start = performance.now();
      wasm.gemm(a, b, out, M, N, K, false, false, 0, 0, workspace, 0);
      time = performance.now() - start;
    });
    return { c, time };
  });
  if (fault === undefined) return;
  wasm.setWide(false);
  throw refusal('wide', fault);
}

/** @returns what is wrong, or undefined; the last product is a wide one */
function findFault(multiply: Multiply): string | undefined {
  const end = performance.now() + PATIENCE;
  let [narrow, wide, faster] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  while (faster < FASTER) {
    const [right, found] = [multiply(false), multiply(true)];
    const wrong = right.c.findIndex((value, i) => !Object.is(value, found.c[i]));
    if (wrong >= 0) return `element ${wrong} of a product must be ${right.c[wrong]}, found ${found.c[wrong]}`;
    narrow = Math.min(narrow, right.time);
    wide = Math.min(wide, found.time);
    if (wide < narrow) faster++;
    else if (performance.now() > end)
      return `it is not faster here: ${wide.toFixed(2)} ms for a product, against ${narrow.toFixed(2)} ms`;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
  return undefined;
}

function wave(size: number, step: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));
}
