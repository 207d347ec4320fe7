/** Workers that die: inside a kernel, between kernels, and before they start. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createReference, createWasm } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadedModule, loadModule } from '../../packages/core/src/backend/wasm/module.js';
import { findThreadHost, type ThreadHost, ThreadPool } from '../../packages/core/src/backend/wasm/threads.js';
import { refuses } from '../helpers/refuses.js';

const host = findThreadHost() as ThreadHost;
const large = Float32Array.from({ length: 400_000 }, (_, i) => Math.sin(i));
const squares = createReference().kernels.unary('square', large);

/** Waits at most ten seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await pause(20);
  assert.ok(holds());
}

for (const what of ['kernel', 'program']) {
  test(`a worker that is killed inside a ${what} is an error after five seconds, and the backend is closed`, () =>
    killInside(what));
}

async function killInside(what: string): Promise<void> {
  const file = JSON.stringify(new URL(`../helpers/kernel-caller.ts?${what}`, import.meta.url));
  const program = `import('tsx/esm/api').then(({ register }) => (register(), import(${file})));`;
  const caller = new Worker(program, { eval: true });
  const said: unknown[] = [];
  caller.on('message', (message) => said.push(message));
  await once(caller, 'message');
  const request = said[0] as LoadedModule & { thread: number };
  // A kill between two kernels changes nothing; the next one then falls into a kernel.
  for (let tries = 0; tries < 5 && said.length === 1; tries++) {
    const stop = host.start(request, request.thread, () => {});
    await pause(700);
    stop();
    for (let waits = 0; waits < 80 && said.length === 1; waits++) await pause(100);
  }
  await until(() => said.length === 3);
  await caller.terminate();
  const reason = 'a worker thread finished nothing for 5 s inside a kernel, and counts as dead';
  assert.is(said[1], 'stopped');
  assert.equal(said[2], {
    error: `BackendError: wasm: ${reason}; the values that it computed are lost — select another backend with init or setBackend`,
    later: `BackendError: wasm: this backend is closed: ${reason} — select another backend with init or setBackend`,
    description: `wasm (closed: ${reason})`,
  });
}

test('a failure that a worker reports is noticed at the next poll; a suspended process has not waited', () => {
  const loaded = loadModule(() => {});
  const pool = new ThreadPool(loaded, host, 2);
  assert.is(pool.waiting(1), undefined);
  assert.is(pool.waiting(2), undefined);
  const { now } = performance;
  try {
    let time = now.call(performance);
    performance.now = () => time;
    pool.waiting(1);
    time += 60_000; // one poll after a minute: the process was suspended
    assert.is(pool.waiting(2), undefined);
    let polls = 2;
    for (let waited = 150; waited <= 5000; waited += 50) {
      time += 50;
      assert.is(pool.waiting(++polls), undefined, `${waited} ms`);
    }
    time += 50;
    assert.match(pool.waiting(++polls) ?? '', 'finished nothing for 5 s');
    assert.is(pool.waiting(1), undefined, 'after progress, the time starts again');
  } finally {
    performance.now = now;
  }
  loaded.kernels.failWorker();
  assert.is(pool.waiting(2), 'a worker thread failed inside a kernel');
});

test('a worker killed between kernels is counted out, and results stay right', async () => {
  const stops: (() => void)[] = [];
  const wasm = createWasm({
    threads: 3,
    threadHost: {
      cores: 3,
      start: (loaded, thread, failed) => {
        const stop = host.start(loaded, thread, failed);
        stops.push(stop);
        return stop;
      },
    },
  });
  assert.equal(wasm.kernels.unary('square', large), squares);
  await pause(500); // the workers have started, and sleep
  stops[1]?.();
  await until(() => wasm.threads === 2);
  assert.match(wasm.description, '2 threads: a worker stopped: it exited with code 1');
  for (let i = 0; i < 20; i++) assert.equal(wasm.kernels.unary('square', large), squares);
  wasm.dispose();
});

test('workers that never start, without any error, are not counted after five seconds', () => {
  const { now } = performance;
  const silent: ThreadHost = { cores: 4, start: () => () => {} };
  const wasm = createWasm({ threads: 4, threadHost: silent });
  assert.equal(wasm.kernels.unary('square', large), squares);
  assert.is(wasm.threads, 4);
  const later = now.call(performance) + 5001;
  try {
    performance.now = () => later;
    assert.is(wasm.threads, 1);
    assert.match(wasm.description, '1 thread: the other workers have not started');
    wasm.setNumThreads(1);
    assert.match(wasm.description, /1 thread\)$/);
    wasm.setNumThreads(4);
  } finally {
    performance.now = now;
  }
  assert.equal(wasm.kernels.unary('square', large), squares);
});

test('a worker whose module is refused is counted out', async () => {
  const wasm = createWasm({
    threads: 2,
    threadHost: {
      cores: 2,
      start: (loaded, thread, failed) => host.start({ ...loaded, module: {} }, thread, failed),
    },
  });
  assert.equal(wasm.kernels.unary('square', large), squares);
  await until(() => wasm.threads === 1);
  assert.match(wasm.description, /1 thread: workers cannot start: WebAssembly\.Instance\(\)/);
});

test('the limit of threads is refused outside of 1 to 64', () => {
  refuses(
    () => createWasm({ threads: 65 }),
    'setNumThreads: the number of threads must be a whole number from 1 to 64, found 65',
  );
});

test.run();
