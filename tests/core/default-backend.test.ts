/** The default backend, and when it is created. Each program runs in its own process, because the default is created once. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = new URL('../..', import.meta.url);
/** A program that does not exit within this time is stopped, and its test fails. */
const TIMEOUT_MS = 60_000;

/** Counts the WebAssembly objects and the worker threads that the program creates, in `made`. */
const COUNTING = `
  const threads = process.getBuiltinModule('node:worker_threads');
  const made = { Module: 0, Memory: 0, Instance: 0, Worker: 0 };
  const counted = (owner, name) => {
    owner[name] = class extends owner[name] {
      constructor(...args) { super(...args); made[name]++; }
    };
  };
  for (const name of ['Module', 'Memory', 'Instance']) counted(WebAssembly, name);
  counted(threads, 'Worker');
  const { backend, createReference, setBackend, ones, tensor } = await import('@varigrad/core');
`;

/** Bundles a program into one script, to run it without tsx, which uses WebAssembly and threads itself. */
async function bundle(program: string, format: 'esm' | 'cjs'): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(ROOT) },
    bundle: true,
    write: false,
    format,
    platform: 'node',
    conditions: ['@varigrad/source'],
  });
  return outputFiles[0]!.text;
}

/** Runs a program and parses the JSON that it prints. */
async function result(program: string): Promise<unknown> {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, ['--input-type=module'], {
    input: await bundle(program, 'esm'),
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  assert.is(signal, null, 'the process did not exit');
  assert.is(status, 0, stderr);
  return JSON.parse(stdout);
}

test('importing the packages creates no module, memory or thread', async () => {
  const program = `${COUNTING}
    await import('@varigrad/core/trace');
    await import('@varigrad/core/testing');
    await import('@varigrad/nn');
    await import('@varigrad/vae');
    console.log(JSON.stringify(made));`;
  assert.equal(await result(program), { Module: 0, Memory: 0, Instance: 0, Worker: 0 });
});

test('a backend selected before the first operation is the only one created', async () => {
  const program = `${COUNTING}
    setBackend(createReference());
    const sum = ones([300, 300]).mul(2).sum().itemSync();
    console.log(JSON.stringify({ made, sum, name: backend().name }));`;
  assert.equal(await result(program), {
    made: { Module: 0, Memory: 0, Instance: 0, Worker: 0 },
    sum: 180_000,
    name: 'reference',
  });
});

test('the first operation creates wasm, once; threads start with the first large operation and do not keep the process alive', async () => {
  const program = `${COUNTING}
    const small = tensor([1]).mul(2).itemSync();
    const after = { ...made };
    const chosen = backend();
    const large = ones([300, 300]).mul(2).sum().itemSync();
    console.log(JSON.stringify({ small, after, large, name: chosen.name, description: chosen.description, threads: chosen.threads, made }));`;
  const found = (await result(program)) as Record<'after' | 'made', object> & {
    threads: number;
    description: string;
  };
  const { threads, description, ...rest } = found;
  assert.match(description, /^wasm \(SIMD( with FMA)?, \d+ threads?\)$/);
  const once = { Module: 1, Memory: 1, Instance: 1 };
  assert.equal(rest, {
    small: 2,
    after: { ...once, Worker: 0 },
    large: 180_000,
    name: 'wasm',
    made: { ...once, Worker: threads - 1 },
  });
});

test('if the host refuses the module, the default is reference and its description gives the reason', async () => {
  const program = `
    WebAssembly.Module = class { constructor() { throw new RangeError('WebAssembly.Compile is disallowed on the main thread'); } };
    const { backend, tensor } = await import('@varigrad/core');
    const value = tensor([1]).mul(2).itemSync();
    console.log(JSON.stringify([value, backend().name, backend().description]));`;
  assert.equal(await result(program), [
    2,
    'reference',
    'reference (plain TypeScript, float32); wasm was refused: wasm: this host refused the kernels: ' +
      'WebAssembly.Compile is disallowed on the main thread',
  ]);
});

test('on a host without WebAssembly the default is reference', async () => {
  const program = `
    const { backend, tensor } = await import('@varigrad/core');
    delete globalThis.WebAssembly;
    console.log(JSON.stringify([tensor([1]).mul(2).itemSync(), backend().description]));`;
  const reason = 'wasm was refused: wasm: this host has no WebAssembly';
  assert.equal(await result(program), [2, `reference (plain TypeScript, float32); ${reason}`]);
});

test('a worker thread creates its own wasm backend, and exits', async () => {
  const program = `
    import { parentPort } from 'node:worker_threads';
    import { backend, ones } from '@varigrad/core';
    const sum = ones([300, 300]).mul(2).sum().itemSync();
    parentPort.postMessage([sum, backend().name]);`;
  const worker = new Worker(await bundle(program, 'cjs'), { eval: true, execArgv: [] });
  const ended = once(worker, 'exit', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [message] = await once(worker, 'message');
  assert.equal(message, [180_000, 'wasm']);
  assert.equal(await ended, [0]);
});

test.run();
