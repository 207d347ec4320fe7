/** The flavours of the wasm kernels. A V8 flag holds for the process, so the tests go from the plain flavour to the widest. */
import { createReference, createWasm, type WasmBackend } from '@varigrad/core';
import { compareBackends } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testIf } from '../helpers/native-here.js';
import { refuses } from '../helpers/refuses.js';

const isNode = Number.parseInt(process.versions.node, 10);
const hasAvx2 = process.arch === 'x64';
const reference = createReference();

const values = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));

function products(on: WasmBackend): Float32Array[] {
  const sizes = [
    [1, 1, 1],
    [4, 16, 9],
    [5, 17, 8],
    [33, 31, 385],
    [128, 400, 784],
    [3, 1030, 40],
    [130, 24, 770],
  ] as const;
  return sizes.flatMap(([m, n, k]) => {
    const x = { values: values(m * k, 0.7), shape: [m, k] };
    const weight = { values: values(n * k, 0.3), shape: [n, k] };
    const spec = { batch: 1, m, n, k, strideA: 0, strideB: 0 };
    const [a, b] = [x.values, weight.values];
    return [
      on.kernels.linear(x, weight, null, 'sigmoid'),
      on.kernels.linear(x, weight, values(n, 0.9), 'relu'),
      on.kernels.matmul(a, b, { ...spec, transposeA: false, transposeB: false }),
      on.kernels.matmul(a, b, { ...spec, transposeA: true, transposeB: false }),
      on.kernels.matmul(a, b, { ...spec, transposeA: true, transposeB: true }),
    ];
  });
}

test('an unknown flavour is refused', () => {
  const simd = 'wider' as 'wide';
  assert.throws(
    () => createWasm({ simd }),
    /createWasm: simd must be .*plain.*relaxed.*wide.*, found 'wider'/,
  );
});

test('plain: the kernels without FMA, also where the host has it', async () => {
  const plain = createWasm({ simd: 'plain', threads: 1 });
  assert.is(plain.simd, 'plain');
  assert.match(plain.description, /^wasm \(SIMD, 1 thread\)$/);
  assert.equal(await compareBackends(reference, plain, { tolerance: 2e-5 }), []);
});

testIf(isNode >= 20)('relaxed: with FMA, by a flag on Node 20', async () => {
  const relaxed = createWasm({ simd: 'relaxed', threads: 1 });
  assert.is(relaxed.simd, 'relaxed');
  assert.match(relaxed.description, /^wasm \(SIMD with FMA, 1 thread\)$/);
  assert.equal(await compareBackends(reference, relaxed, { tolerance: 2e-5 }), []);
  const plain = createWasm({ simd: 'plain', threads: 1 });
  assert.is.not(String(products(relaxed)), String(products(plain)), 'FMA changes last bits');
});

testIf(isNode !== 26)('wide: refused where V8 does not join FMA, or dies', () => {
  refuses(
    () => createWasm({ simd: 'wide' }),
    `wasm: simd 'wide': V8 joins 128-bit instructions reliably in Node 26 only, found Node ${isNode} — leave out simd, or use another one`,
  );
});

const wideHere = isNode === 26 && hasAvx2;
if (!wideHere)
  console.log(`left out: 256-bit kernels: they need Node 26 on x64, found Node ${isNode} on ${process.arch}`);

/** The 256-bit kernels; undefined on a processor where they are not faster, which is printed. */
function wideOn(threads: number): WasmBackend | undefined {
  try {
    return createWasm({ simd: 'wide', threads });
  } catch (error) {
    const { message } = error as Error;
    if (!message.includes('it is not faster here')) throw error;
    console.log(`left out: 256-bit kernels: ${message}`);
    return undefined;
  }
}

testIf(wideHere)('wide: the bits of relaxed, on 1 and 2 threads, before and after V8 optimizes', () => {
  const right = products(createWasm({ simd: 'relaxed', threads: 1 }));
  for (const threads of [1, 2]) {
    const wide = wideOn(threads);
    if (wide === undefined) return;
    assert.is(wide.simd, 'wide');
    assert.match(wide.description, /^wasm \(SIMD with FMA, 256 bits, \d threads?\)$/);
    for (let round = 0; round < 30; round++) assert.equal(products(wide), right);
    wide.dispose();
  }
});

testIf(wideHere)('wide: the whole op-case table, often enough for V8 to optimize every kernel', async () => {
  const wide = wideOn(1);
  if (wide === undefined) return;
  for (let round = 0; round < 20; round++) {
    assert.equal(await compareBackends(reference, wide, { tolerance: 2e-5, seed: round }), []);
  }
});

test.run();
