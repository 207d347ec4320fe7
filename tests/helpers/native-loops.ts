/** A library for products that is a JavaScript function, and a backend that uses it. */
import { runInThisContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { importsText } from '../../packages/core/src/backend/native/binding.js';
import { nativeConvolutions } from '../../packages/core/src/backend/native/convolutions.js';
import type { KernelMemory } from '../../packages/core/src/backend/wasm/module.js';
import { createKernelBackend, type NativeProducts } from '../../packages/core/src/backend/wasm/wasm.js';

/** A product in plain loops, as a text that also runs in workers. It counts its calls at address 130,000. */
export const LOOPS = `((memory) => (a, lengthA, transposeA, b, lengthB, transposeB, c, lengthC, m, n, k, accumulate) => {
  const x = new Float32Array(memory.buffer);
  Atomics.add(new Int32Array(memory.buffer), 130000 / 4, 1);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum += x[a / 4 + (transposeA ? p * lengthA + i : i * lengthA + p)] * x[b / 4 + (transposeB ? j * lengthB + p : p * lengthB + j)];
      const at = c / 4 + i * lengthC + j;
      x[at] = accumulate ? x[at] + sum : sum;
    }
})`;

export interface Counted {
  readonly backend: ReturnType<typeof createKernelBackend>;
  /** Calls of the library since the last question. */
  calls(): number;
}

/** How the kernels call a library. @param text - of a function (memory) => product */
export function bindingOf(text: string): Pick<NativeProducts, 'description' | 'bind' | 'workerBind'> {
  const workerBind = importsText(text);
  return {
    description: 'loops',
    bind: (memory: KernelMemory) => runInThisContext(workerBind)(memory),
    workerBind,
  };
}

/** @param from - fewest multiply-adds; @param text - the library */
export function backendWith(from: number, threads: number, text: string = LOOPS): Counted {
  let memory: { readonly buffer: ArrayBuffer } | undefined;
  const binding = bindingOf(text);
  const products: NativeProducts = {
    ...binding,
    bind(kernelMemory) {
      memory = kernelMemory;
      return binding.bind(kernelMemory);
    },
    start: (wasm) => wasm.setNative(from, true),
    replace: nativeConvolutions,
  };
  const backend = createKernelBackend('native', { threads }, products);
  const calls = () => Atomics.exchange(new Int32Array(memory!.buffer), 130_000 / 4, 0);
  return { backend, calls };
}

export const numbers = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(step * i)));

export function checkClose(found: Float32Array, right: ArrayLike<number>, k: number, what: string): void {
  assert.is(found.length, right.length, what);
  const wrong = found.findIndex((x, i) => !(Math.abs(x - (right[i] as number)) <= 2e-6 * Math.sqrt(k + 1)));
  assert.is(wrong, -1, `${what}: element ${wrong} is ${found[wrong]}, expected ${right[wrong]}`);
}
