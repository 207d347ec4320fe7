/** The memory of programs on the wasm backend: results, threads, disposal, and what happens when it is full. */
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createWasm, type WasmBackend } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Argument, Call, Program, Replay } from '../../packages/core/src/backend/backend.js';
import { randomBody, settingsOf } from '../helpers/random-kernel-calls.js';
import { record } from '../helpers/recorded-programs.js';
import { refuses } from '../helpers/refuses.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const slot = (number: number): Argument => ({ slot: number });
const call = (kernel: Call['kernel'], args: Argument[], out: number | null): Call => ({
  kernel,
  args,
  out,
  op: kernel,
  source: '',
});

/** state ← state + eˣ, with the results eˣ and x·x (a product) of an input of `size`². */
function example(wasm: WasmBackend, size: number): { replay: Replay<Float32Array>; state: Float32Array } {
  const length = size * size;
  const state = new Float32Array(length);
  const product = {
    batch: 1,
    m: size,
    n: size,
    k: size,
    transposeA: false,
    transposeB: true,
    strideA: 0,
    strideB: 0,
  };
  const program: Program = {
    slots: [
      { kind: 'input', length },
      { kind: 'state', length },
      { kind: 'value', length },
      { kind: 'value', length },
    ],
    calls: [
      call('unary', ['exp', slot(0)], 2),
      call('matmul', [slot(0), slot(0), product], 3),
      call('accumulate', [slot(1), slot(2)], null),
    ],
    results: [2, 3],
  };
  return { replay: wasm.prepare(program, new Map([[1, state]])), state };
}

/** uvu would take minutes to print how two long arrays differ. */
const firstDifference = (found: Float32Array, expected: Float32Array): number =>
  expected.findIndex((value, i) => !Object.is(value, found[i]));

const numbers = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * Math.sin(i));

test('taken values stay, and lent values are those of the latest run', () => {
  const wasm = createWasm({ threads: 1 });
  const { replay, state } = example(wasm, 3);
  const [first, second] = [numbers(9), numbers(9, 2)];
  const expected = [first, second].map((x) => wasm.kernels.unary('exp', x));
  replay.run([first], []);
  const taken = replay.take(2);
  const lent = replay.lend(2);
  const kept = wasm.keep(lent);
  replay.run([second], []);
  assert.equal(taken, expected[0]);
  assert.equal(kept, expected[0]);
  assert.equal(lent, expected[1]);
  assert.is(replay.lend(2), lent);
  assert.equal(
    state,
    wasm.kernels.binary(
      'add',
      { values: expected[0]!, shape: [9] },
      { values: expected[1]!, shape: [9] },
      [9],
    ),
  );
  wasm.dispose();
});

test('kernels use and change lent values where they are; releasing or persisting them leaves the program as it is', () => {
  const wasm = createWasm({ threads: 1 });
  const { replay } = example(wasm, 4);
  const x = numbers(16);
  replay.run([x], []);
  const lent = replay.lend(2);
  const before = lent.slice();
  wasm.kernels.scale(lent, 2);
  assert.equal(
    lent,
    before.map((value) => 2 * value),
  );
  const persisted = wasm.persist(lent);
  assert.is.not(persisted, lent);
  wasm.release(lent);
  wasm.release(persisted);
  const others = Array.from({ length: 20 }, () => wasm.persist(new Float32Array(16)));
  replay.run([x], []);
  assert.equal(lent, before);
  assert.ok(others.every((values) => values.every((value) => value === 0)));
  wasm.dispose();
});

test('a run allocates less than 4 kB, and 1,000 runs do not grow', () => {
  const wasm = createWasm({ threads: 1 });
  const body = randomBody(11, 80);
  const states = body.states.map((values) => wasm.persist(values.slice()));
  const { program, bound } = record(wasm.kernels, body, states);
  const replay = wasm.prepare(program, bound);
  const settings = settingsOf(1);
  for (let i = 0; i < 1000; i++) replay.run(body.inputs, settings);
  const reserved = wasm.bytesReserved;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 100; i++) replay.run(body.inputs, settings);
  const each = (process.memoryUsage().heapUsed - before) / 100;
  assert.ok(each < 4096, `${each} bytes a run`);
  for (let i = 0; i < 1000; i++) replay.run(body.inputs, settings);
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < 100_000, `grown by ${grown} bytes`);
  assert.is(wasm.bytesReserved, reserved);
  wasm.dispose();
});

test('the number of threads may change between runs: the bits and the addresses stay', () => {
  const wasm = createWasm({ threads: 1 });
  const { replay } = example(wasm, 150);
  const x = numbers(150 * 150);
  replay.run([x], []);
  const lent = replay.lend(3);
  const expected = lent.slice();
  const place = lent.byteOffset;
  for (const threads of [3, 2, 1, 5]) {
    wasm.setNumThreads(threads);
    replay.run([numbers(150 * 150, 2)], []);
    replay.run([x], []);
    assert.is(firstDifference(replay.take(3), expected), -1, `${threads} threads`);
    assert.is(replay.lend(3).byteOffset, place);
  }
  wasm.dispose();
});

test('a disposed program does not run, its memory is used again, and its lent values are ordinary ones', () => {
  const wasm = createWasm({ threads: 1 });
  const { replay } = example(wasm, 40);
  replay.run([numbers(1600)], []);
  const lent = replay.lend(2);
  const { bytesReserved } = wasm;
  assert.ok(replay.bytes > 3 * 4 * 1600);
  replay.dispose();
  replay.dispose();
  assert.is(replay.bytes, 0);
  const disposed = 'wasm: this program was disposed — prepare it again';
  refuses(() => replay.run([numbers(1600)], []), disposed);
  refuses(() => replay.lend(2), disposed);
  refuses(() => replay.take(2), disposed);
  assert.is(wasm.persist(lent) === lent, false);
  for (let i = 0; i < 50; i++) example(wasm, 40).replay.dispose();
  assert.ok(wasm.bytesReserved <= bytesReserved + 2 * 4 * 1600);
  wasm.dispose();
});

test('the memory of dropped programs is freed, but not while their lent values are in use', async () => {
  const wasm = createWasm({ threads: 1 });
  const drop = (): void => {
    for (let i = 0; i < 20; i++) example(wasm, 100).replay.run([numbers(10_000)], []);
  };
  const lend = (): Float32Array => {
    const { replay } = example(wasm, 100);
    replay.run([numbers(10_000)], []);
    return replay.lend(3);
  };
  const lent = lend();
  const values = lent.slice();
  drop();
  const { bytesReserved } = wasm;
  for (let round = 0; round < 5; round++) {
    collectGarbage();
    await pause(20);
    drop();
  }
  assert.ok(wasm.bytesReserved < 2 * bytesReserved, `${wasm.bytesReserved} bytes, ${bytesReserved} before`);
  assert.is(firstDifference(lent, values), -1);
  wasm.dispose();
});

const closed =
  'wasm: this backend is closed: it was disposed — select another backend with init or setBackend';

test('a closed backend runs no program, and disposing of the program is without effect', () => {
  const wasm = createWasm({ threads: 1 });
  const { replay } = example(wasm, 3);
  wasm.dispose();
  refuses(() => replay.run([numbers(9)], []), closed);
  replay.dispose();
  refuses(() => example(wasm, 3), closed);
});

test('a program that does not fit is refused, and leaves the memory free', () => {
  const wasm = createWasm({ threads: 1 });
  const length = 2 ** 29;
  const program: Program = {
    slots: [
      { kind: 'input', length },
      ...Array.from({ length: 2 }, () => ({ kind: 'value' as const, length })),
    ],
    calls: [
      call('cumsum', [slot(0), { outer: 1, length, inner: 1 }], 1),
      call('cumsum', [slot(1), { outer: 1, length, inner: 1 }], 2),
    ],
    results: [2],
  };
  // The second time, no value holds memory either.
  for (let time = 0; time < 2; time++) {
    refuses(
      () => wasm.prepare(program, new Map()),
      'wasm: out of memory: a program needs 6144 MiB for operands and results, and long-lived values hold 0 of the 4096 MiB of WebAssembly — split the operation into smaller ones, such as smaller batches, or use the reference backend',
    );
  }
  wasm.dispose();
});

test('a setting of a kernel that takes none is refused', () => {
  const wasm = createWasm({ threads: 1 });
  const program: Program = {
    slots: [{ kind: 'state', length: 4 }],
    calls: [call('scale', [slot(0), { setting: 0 }], null)],
    results: [],
  };
  refuses(
    () => wasm.prepare(program, new Map([[0, new Float32Array(4)]])),
    'wasm: the kernel scale takes no settings',
  );
  wasm.dispose();
});

test.run();
