/** How products go to a library: which ones, in which blocks, with bias and activation. The library is a JavaScript function. */
import { createReference, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findFault } from '../../packages/core/src/backend/native/prove.js';
import { createKernelBackend } from '../../packages/core/src/backend/wasm/wasm.js';
import { backendWith, bindingOf, checkClose, LOOPS, numbers } from '../helpers/native-loops.js';

/** The fault that is found in a library, or a part of the error that it throws. */
function faultOf(text: string): string | undefined {
  let fault: string | undefined;
  createKernelBackend(
    'native',
    { threads: 1 },
    {
      ...bindingOf(text),
      start(wasm, memory) {
        fault = findFault(wasm, memory);
      },
    },
  );
  return fault;
}

const reference = createReference();

const SIZES = [
  [1, 1, 1],
  [5, 3, 2],
  [7, 130, 9],
  [128, 113, 70],
  [129, 225, 37],
  [300, 430, 20],
  [1, 400, 33],
] as const;

for (const threads of [1, 2]) {
  test(`matmul: all transposes, batches, odd sizes and cut products on ${threads} threads`, () => {
    const { backend, calls } = backendWith(1, threads);
    for (const [m, n, k] of SIZES)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true])
          for (const batch of [1, 3]) {
            const [a, b] = [numbers(batch * m * k, 0.7), numbers(k * n, 0.3)];
            const spec = { batch, m, n, k, transposeA, transposeB, strideA: m * k, strideB: 0 };
            const what = JSON.stringify(spec);
            checkClose(backend.kernels.matmul(a, b, spec), reference.kernels.matmul(a, b, spec), k, what);
            assert.ok(calls() >= batch, what);
          }
    backend.dispose();
  });

  test(`linear: bias and every activation, also where vectors are incomplete, on ${threads} threads`, () => {
    const { backend, calls } = backendWith(1, threads);
    for (const [m, n, k] of SIZES)
      for (const activation of ['none', 'relu', 'sigmoid', 'tanh'] as const)
        for (const bias of [null, numbers(n, 1.3)]) {
          const x = { values: numbers(m * k, 0.7), shape: [m, k] };
          const weight = { values: numbers(n * k, 0.3), shape: [n, k] };
          const right = reference.kernels.linear(x, weight, bias, activation);
          const what = `${m}×${n}×${k} ${activation}`;
          checkClose(backend.kernels.linear(x, weight, bias, activation), right, k, what);
          assert.ok(calls() >= 1, what);
        }
    backend.dispose();
  });
}

test('products below the border, and those without terms, stay in wasm, bit for bit', () => {
  const { backend, calls } = backendWith(1000, 1);
  const wasm = createWasm({ threads: 1 });
  for (const [m, n, k, native] of [
    [10, 10, 9, false],
    [10, 10, 10, true],
    [999, 1, 1, false],
    [1, 1, 1000, true],
    [20, 20, 0, false],
    [0, 50, 70, false],
  ] as const) {
    const [a, b] = [numbers(m * k, 0.7), numbers(k * n, 0.3)];
    const spec = { batch: 1, m, n, k, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
    const found = backend.kernels.matmul(a, b, spec);
    assert.is(calls() > 0, native, `${m}×${n}×${k}`);
    if (!native) assert.equal(found, wasm.kernels.matmul(a, b, spec));
  }
});

test('the blocks of a product depend on its shape alone', () => {
  const counts = [1, 2, 3].map((threads) => {
    const { backend, calls } = backendWith(1, threads);
    const found = SIZES.map(([m, n, k]) => {
      const spec = { batch: 1, m, n, k, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
      backend.kernels.matmul(numbers(m * k, 0.7), numbers(k * n, 0.3), spec);
      return calls();
    });
    backend.dispose();
    return found;
  });
  assert.equal(counts[1], counts[0]);
  assert.equal(counts[2], counts[0]);
  assert.ok(Math.max(...counts[0]!) > 3, `${counts[0]}`);
});

test('a failure of the library is an error, and closes the backend', () => {
  const { backend } = backendWith(1, 1, `(() => () => { throw new Error('sgemm failed with status 2'); })`);
  const spec = { batch: 1, m: 4, n: 4, k: 4, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
  const multiply = () => backend.kernels.matmul(numbers(16, 1), numbers(16, 1), spec);
  assert.throws(
    multiply,
    /wasm: sgemm failed with status 2; the values that it computed are lost — select another/,
  );
  assert.throws(multiply, /this backend is closed: sgemm failed with status 2/);
  assert.is(backend.description, 'native (closed: sgemm failed with status 2)');
});

test('a library that is right but slower than wasm is found, with both times', () => {
  assert.match(faultOf(LOOPS) ?? '', /^it is slower than wasm: \d+\.\d+ against \d+\.\d+ ms for a product$/);
});

test('a library that ignores transposes, sums or bias, or writes NaN, is found', () => {
  const wrong = {
    'transposeA ?': 'false ?',
    'transposeB ?': 'false ?',
    'accumulate ?': 'false ?',
    'let sum = 0': 'let sum = 1e-3',
    ': sum;': ': NaN;',
  };
  for (const [right, changed] of Object.entries(wrong)) {
    assert.match(
      faultOf(LOOPS.replace(right, changed)) ?? 'none',
      /^element \d+ of A.* must be \S+, found \S+$/,
      changed,
    );
  }
});

test('the description names what computes products', () => {
  const { backend } = backendWith(1, 1);
  assert.match(backend.description, /^native \(loops; wasm: SIMD( with FMA)?, 1 thread\)$/);
});

test.run();
