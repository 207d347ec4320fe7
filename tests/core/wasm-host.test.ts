import { BackendError, createReference, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

// Hosts that refuse the module, workers or memory.
const reference = createReference();

test('a host that refuses the module causes a BackendError', () => {
  assert.throws(
    () =>
      createWasm({
        compile: () => {
          throw new Error('no code generation here');
        },
      }),
    (error: unknown) =>
      error instanceof BackendError &&
      error.message === 'wasm: this host refused the kernels: no code generation here',
  );
});

test('workers that cannot start leave one thread, and the description says so', () => {
  const wasm = createWasm({
    threads: 2,
    threadHost: {
      cores: 2,
      start: () => {
        throw new Error('no workers today');
      },
    },
  });
  const x = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
  assert.equal(wasm.kernels.unary('square', x), reference.kernels.unary('square', x));
  assert.is(wasm.threads, 1);
  assert.match(wasm.description, '1 thread: workers cannot start: no workers today');
});

test('a host without workers gives one thread; the description has the reason, unless one thread was requested', () => {
  const threadHost = 'the page is not cross-origin isolated';
  assert.match(createWasm({ threadHost }).description, '1 thread: the page is not cross-origin isolated');
  assert.match(createWasm({ threadHost, threads: 1 }).description, /1 thread\)$/);
});

test('setNumThreads refuses invalid numbers of threads', () => {
  assert.throws(
    () => createWasm({ threads: 1 }).setNumThreads(0),
    /setNumThreads: the number of threads must be a whole number from 1 to 64, found 0/,
  );
  assert.throws(
    () => createWasm({ threads: 1 }).setNumThreads(1.5),
    /must be a whole number from 1 to 64, found 1\.5/,
  );
});

test('memory: scopes free values, kept and persistent values survive', () => {
  const wasm = createWasm({ threads: 1 });
  const isShared = (values: unknown) => (values as Float32Array).buffer instanceof SharedArrayBuffer;
  assert.not.ok(isShared(wasm.kernels.fill(10, 1)), 'outside of a scope results are ordinary arrays');
  wasm.openScope();
  const [inside, kept] = [wasm.kernels.fill(10, 1), wasm.kernels.fill(10, 2)];
  assert.ok(isShared(inside) && isShared(kept), 'inside they are resident');
  wasm.closeScope();
  const survivor = wasm.keep(kept);
  assert.not.ok(isShared(survivor));
  assert.equal(survivor, new Float32Array(10).fill(2));
  wasm.release(inside);
  wasm.release(inside); // a second release is ignored
  const parameter = wasm.persist(Float32Array.of(1, 2, 3));
  assert.ok(isShared(parameter));
  assert.is(wasm.persist(parameter), parameter);
});

test('a worker that fails after it was started leaves one thread, and the description says so', () => {
  let fail: (reason: string) => void = () => assert.unreachable('a worker was not started');
  const wasm = createWasm({
    threads: 3,
    threadHost: {
      cores: 3,
      start: (_, thread, failed) => {
        if (thread === 1) fail = failed;
        return () => {};
      },
    },
  });
  const x = new Float32Array(100_000).fill(3);
  wasm.kernels.unary('square', x);
  assert.is(wasm.threads, 3);
  fail('the page does not allow them');
  assert.is(wasm.threads, 1);
  assert.match(wasm.description, '1 thread: workers cannot start: the page does not allow them');
  assert.equal(wasm.kernels.unary('square', x), new Float32Array(100_000).fill(9));
});

test('fill keeps every bit pattern of its value, NaN and −0 included', () => {
  const wasm = createWasm({ threads: 1 });
  for (const value of [-0, Number.NaN, -Infinity, 1e-45, -1, 3.4e38]) {
    assert.ok(Object.is(wasm.kernels.fill(5, value)[4], Math.fround(value)), `${value}`);
  }
});

test('Adam computes 1 − β from the given number, not from its float32 rounding', () => {
  const wasm = createWasm({ threads: 1 });
  const state = () =>
    [Float32Array.of(1), Float32Array.of(1e-3), Float32Array.of(0), Float32Array.of(0)] as const;
  const spec = {
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.9999999,
    epsilon: 1e-8,
    weightDecay: 0,
    decoupled: false,
  };
  const [param, grad, m, v] = state();
  wasm.kernels.adamStep(param, grad, m, v, { ...spec, step: 1 });
  // The first step of Adam is the learning rate for every gradient: m̂ = g and v̂ = g².
  assert.ok(Math.abs((param[0] as number) - 0.999) < 2e-6, `${param[0]}`);
  assert.ok(Math.abs((v[0] as number) / 1e-13 - 1) < 1e-4, `v = (1 − β₂)g²: ${v[0]}`);
});

test.run();
