/**
 * A short program that tests/native/run.ts starts many times: it creates a backend, computes until every worker has taken part,
 * and ends. Arguments: `native` or `wide`, and how it ends. It prints `left out: …` and ends if the backend is refused because it is not
 * faster than wasm on this processor.
 */
import { createWasm, type WasmBackend } from '@varigrad/core';
import { type NativeBackend, native } from '@varigrad/core/native';

const [kind, end] = process.argv.slice(2);
const SIZE = 256;
const backend = await create();
const x = new Float32Array(SIZE * SIZE).fill(0.5);
const product = {
  batch: 1,
  m: SIZE,
  n: SIZE,
  k: SIZE,
  transposeA: false,
  transposeB: false,
  strideA: 0,
  strideB: 0,
};
const convolution = {
  batch: 32,
  channels: 4,
  size: [16, 16],
  maps: 8,
  count: [13, 13],
  kernel: [4, 4],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
} as const;
const images = x.subarray(0, 32 * 4 * 16 * 16);
const weight = x.subarray(0, 8 * 4 * 4 * 4);
const stop = performance.now() + 60;
for (let round = 0; round < 4 || performance.now() < stop; round++) {
  const y = backend.kernels.matmul(x, x, product);
  if (y.some((value) => value !== SIZE / 4)) throw new Error('a product is wrong');
  const maps = backend.kernels.conv2d(images, weight, null, convolution);
  if (maps.some((value) => value !== 16)) throw new Error('a convolution is wrong');
}
if (end === 'process.exit') process.exit(0);
if (end === 'dispose') backend.dispose();

async function create(): Promise<WasmBackend | NativeBackend> {
  try {
    return kind === 'wide' ? createWasm({ simd: 'wide', threads: 2 }) : await native({ threads: 2 });
  } catch (error) {
    const { message } = error as Error;
    if (!/it is (not faster here|slower than wasm)/.test(message)) throw error;
    console.log(`left out: ${message.replaceAll('\n', ' ')}`);
    process.exit(0);
  }
}
