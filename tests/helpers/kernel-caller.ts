/** A thread that multiplies matrices, by a kernel or (`?program`) a recorded program, until it throws. The main thread starts and kills its workers. */
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
const length = x.length;
const replay = wasm.prepare(
  {
    slots: [
      { kind: 'input', length },
      { kind: 'value', length },
    ],
    calls: [
      { kernel: 'matmul', args: [{ slot: 0 }, { slot: 0 }, product], out: 1, op: 'matmul', source: '' },
    ],
    results: [1],
  },
  new Map(),
);
const multiply = import.meta.url.endsWith('?program')
  ? () => replay.run([x], [])
  : () => wasm.kernels.matmul(x, x, product);
let error: unknown;
while (error === undefined) {
  try {
    multiply();
  } catch (thrown) {
    error = thrown;
  }
}
let later: unknown;
try {
  multiply();
} catch (thrown) {
  later = thrown;
}
port.postMessage({ error: String(error), later: String(later), description: wasm.description });
