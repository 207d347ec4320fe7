/** A thread that multiplies matrices until a kernel throws. The main thread starts and kills its workers. */
import { parentPort } from 'node:worker_threads';
import { createWasm } from '@varigrad/core';

const SIZE = 768;
const port = parentPort!;
const wasm = createWasm({
  threads: 2,
  threadHost: {
    cores: 2,
    start: ({ module, memory }, thread) => {
      port.postMessage({ module, memory, thread });
      return () => port.postMessage('stopped');
    },
  },
});
const x = new Float32Array(SIZE * SIZE);
const product = {
  batch: 1,
  m: SIZE,
  n: SIZE,
  k: SIZE,
  transposeA: false,
  transposeB: false,
  strideA: 0,
  strideB: 0,
} as const;
let error: unknown;
while (error === undefined) {
  try {
    wasm.kernels.matmul(x, x, product);
  } catch (thrown) {
    error = thrown;
  }
}
let later: unknown;
try {
  wasm.kernels.matmul(x, x, product);
} catch (thrown) {
  later = thrown;
}
port.postMessage({ error: String(error), later: String(later), description: wasm.description });
