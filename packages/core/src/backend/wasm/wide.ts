/** Proves that the tile of 16 columns computes the same bits as the tile of 8, and faster. */
import type { ResidentMemory } from './memory.js';
import type { KernelExports } from './module.generated.js';
import { refusal } from './simd.js';

/** Sizes with incomplete tiles on both sides, and more than one block of K. */
const [M, N, K] = [67, 214, 401];
/** Milliseconds until V8 must have optimized the tile. It usually takes 20. */
const PATIENCE = 3000;
/** Products of each kind after the first that was faster. */
const MORE = 5;

/**
 * Turns the wide tile on. Products are compared from the first one, which V8 has not optimized, until some time after it has.
 * @throws BackendError if the results differ, or if the wide tile is not faster
 */
export function startWide(wasm: KernelExports, memory: ResidentMemory): void {
  const [a, b] = [wave(M * K, 0.7), wave(K * N, 0.3)];
  const multiply = (wide: boolean): { c: Float32Array; time: number } => {
    wasm.setWide(wide);
    let time = 0;
    const c = memory.compute(M * N, (out) => {
      const [p, q, workspace] = [
        memory.addressOf(a),
        memory.addressOf(b),
        memory.temporary(wasm.gemmWorkspace(1)),
      ];
      const start = performance.now();
      wasm.gemm(p, q, out, M, N, K, false, false, 0, 0, workspace, 0);
      time = performance.now() - start;
    });
    return { c, time };
  };
  const end = performance.now() + PATIENCE;
  let [narrow, wide] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let left = MORE; left > 0; left -= wide < narrow ? 1 : 0) {
    const [right, found] = [multiply(false), multiply(true)];
    const wrong = right.c.findIndex((value, i) => !Object.is(value, found.c[i]));
    if (wrong >= 0) {
      wasm.setWide(false);
      throw refusal(
        'wide',
        `element ${wrong} of a product must be ${right.c[wrong]}, found ${found.c[wrong]}`,
      );
    }
    narrow = Math.min(narrow, right.time);
    wide = Math.min(wide, found.time);
    if (performance.now() > end) {
      wasm.setWide(false);
      const times = `${wide.toFixed(2)} ms for a product, against ${narrow.toFixed(2)} ms`;
      throw refusal('wide', `it is not faster here: ${times}`);
    }
  }
}

function wave(size: number, step: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));
}
