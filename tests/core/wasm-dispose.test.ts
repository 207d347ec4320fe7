/** Closing wasm backends: their threads end, their values stay readable, and later uses are refused. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  createReference,
  createWasm,
  parameter,
  scope,
  setBackend,
  type Tensor,
  tensor,
  type WasmBackend,
  withBackend,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const TASKS = '/proc/self/task';
const CLOSED =
  'wasm: this backend is closed: it was disposed — select another backend with init or setBackend';
/** Large enough to start the workers. */
const large = new Float32Array(100_000).fill(3);
const count = (): number => readdirSync(TASKS).length;

test.before.each(() => setBackend(createReference()));

/** A backend with running workers. */
async function started(threads: number): Promise<WasmBackend> {
  const wasm = createWasm({ threads });
  wasm.kernels.unary('square', large);
  return wasm;
}

if (existsSync(TASKS)) {
  test('the threads of 30 closed backends end', async () => {
    const before = count();
    for (let i = 0; i < 30; i++) (await started(2)).dispose();
    for (let tries = 0; tries < 100 && count() > before; tries++) await pause(50);
    assert.ok(count() <= before, `${count()} threads, ${before} before`);
  });

  test('without dispose they stay', async () => {
    const before = count();
    const backends = await Promise.all([started(2), started(2)]);
    assert.ok(count() >= before + 2);
    for (const wasm of backends) wasm.dispose();
  });
}

test('the threads of a backend that was dropped end when it is collected', () => {
  if (!existsSync(TASKS)) return;
  const program = `
    import { readdirSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { createWasm } from '@varigrad/core';
    const count = () => readdirSync('${TASKS}').length;
    const before = count();
    const use = () => createWasm({ threads: 4 }).kernels.unary('square', new Float32Array(100000));
    use();
    const most = count();
    for (let i = 0; i < 100 && count() > before; i++) { gc(); await pause(50); }
    console.log(most - before, count() <= before);`;
  const flags = [
    '--expose-gc',
    '--conditions=@varigrad/source',
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
  ];
  const { stdout } = spawnSync(process.execPath, [...flags, program], { encoding: 'utf8', timeout: 60_000 });
  assert.is(stdout, '3 true\n');
});

test('a process with an open backend ends by itself, and so does one with a closed backend', () => {
  const program = (end: string): string => `
    import { createWasm } from '@varigrad/core';
    const wasm = createWasm({ threads: 3 });
    wasm.kernels.unary('square', new Float32Array(100000));
    ${end}
    console.log('end');`;
  for (const end of ['', 'wasm.dispose();']) {
    const args = [
      '--conditions=@varigrad/source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program(end),
    ];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
    assert.is(status, 0);
    assert.is(stdout, 'end\n');
  }
});

test('every use after dispose is refused, and a second dispose has no effect', () => {
  const wasm = createWasm({ threads: 1 });
  wasm.dispose();
  wasm.dispose();
  wasm[Symbol.dispose]();
  for (const use of [
    () => wasm.kernels,
    () => wasm.upload([1]),
    () => wasm.persist(Float32Array.of(1)),
    () => wasm.setNumThreads(1),
    () => withBackend(wasm, () => tensor([1])),
    () => withBackend(wasm, () => scope(() => 1)),
  ]) {
    refuses(use, CLOSED);
  }
  assert.is(wasm.description, 'wasm (closed: it was disposed)');
  assert.is(wasm.threads, 0);
  assert.is(wasm.bytesReserved, 0);
});

test('the current backend can be closed; operations then name the remedy', () => {
  const wasm = createWasm({ threads: 1 });
  setBackend(wasm);
  const x = tensor([1, 2]);
  wasm.dispose();
  refuses(() => x.add(1), CLOSED);
  setBackend(createReference());
  assert.equal(Array.from(x.add(1).dataSync()), [2, 3]);
});

test('using closes a backend', () => {
  let inside: WasmBackend | undefined;
  {
    using wasm = createWasm({ threads: 1 });
    inside = wasm;
    assert.ok(wasm.kernels);
  }
  refuses(() => inside?.kernels, CLOSED);
});

test('values of a closed backend stay readable, and other backends compute with them', async () => {
  const wasm = createWasm({ threads: 1 });
  const [w, kept] = withBackend(wasm, () => [parameter(tensor([1, 2])), tensor([3, 4])]) as [Tensor, Tensor];
  withBackend(wasm, () => w.mul(kept).sum().backward());
  wasm.dispose();
  assert.equal(Array.from(w.dataSync()), [1, 2]);
  assert.equal(Array.from(await w.data()), [1, 2]);
  assert.equal(Array.from(w.mul(kept).dataSync()), [3, 8]);
  assert.equal(Array.from(w.grad!.dataSync()), [3, 4]);
  w.zeroGrad();
  const copy = parameter(w);
  assert.equal(Array.from(copy.dataSync()), [1, 2]);
  w.dispose();
  assert.ok(w.storage.disposed);
});

test('a scope whose backend is closed inside ends without an error of its own', () => {
  const wasm = createWasm({ threads: 1 });
  const x = withBackend(wasm, () =>
    scope(() => {
      const inside = tensor([1, 2]);
      wasm.dispose();
      return inside;
    }),
  );
  assert.equal(Array.from(x.dataSync()), [1, 2]);
});

test('the reference backend holds nothing: after dispose it works', () => {
  const reference = createReference();
  reference.dispose();
  reference[Symbol.dispose]();
  assert.equal(Array.from(withBackend(reference, () => tensor([1]).add(1)).dataSync()), [2]);
});

test.run();
