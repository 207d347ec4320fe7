/** `Machine`, with gpu.js replaced by stubs. */
import { BackendError } from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Driver } from '../../packages/core/src/backend/gpu/driver.js';
import type { GpuInstance, GpuKernel } from '../../packages/core/src/backend/gpu/gpujs.js';
import { HostDriver } from '../../packages/core/src/backend/gpu/host-driver.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { BufferPool } from '../../packages/core/src/backend/gpu/pool.js';
import type { DeviceBuffer } from '../../packages/core/src/backend/gpu/webgpu.js';
import { refuses } from '../helpers/refuses.js';

const NEGATE = {
  name: 'negate',
  arrays: ['a'],
  integers: [],
  numbers: [],
  body: 'return 0.0 - a[this.thread.x];',
};

/** A stub of gpu.js whose kernels negate and report the given mode. */
function instance(mode: string, fallbackReason: string | null = null): GpuInstance {
  const createKernel = (): GpuKernel => {
    const kernel = { constructor: { mode }, fallbackReason, built: true, build() {} };
    const call = (a: Float32Array) => a.map((v) => 0 - v);
    return Object.assign(call, { kernel, setOutput() {} }) as unknown as GpuKernel;
  };
  return { createKernel, injectNative() {}, destroy: async () => {} };
}

test('a kernel that gpu.js runs in another mode causes an error', () => {
  const machine = new Machine(instance('cpu', 'no context'), new HostDriver('webasm'));
  refuses(
    () => machine.launch(NEGATE, [machine.upload(Float32Array.of(1, 2))], 2),
    "gpu: 'negate' ran in mode 'cpu' instead of 'webasm': no context — use a mode that works here",
  );
});

/** A driver whose kernels compile asynchronously, as on webgpu. */
function slowDriver(compile: () => Promise<void>, failure: () => string | null = () => null): Driver {
  const host = new HostDriver('cpu');
  return {
    ...host,
    mode: 'cpu',
    build: compile,
    failure,
    upload: (values) => values,
    run: (kernel, args) => kernel(...args),
    read: async (memory) => (memory as Float32Array).slice(),
    free() {},
    pooledBytes: () => 0,
    destroy: async () => {},
  };
}

test('while a kernel compiles, calls wait in order: writes, reads and releases', async () => {
  let ready: () => void = () => {};
  const machine = new Machine(
    instance('cpu'),
    slowDriver(() => new Promise((resolve) => (ready = resolve))),
  );
  const x = machine.upload(Float32Array.of(1, 2));
  const before = machine.download(x);
  machine.overwrite(x, NEGATE, [x]);
  const after = machine.download(x);
  machine.release(x);
  ready();
  assert.equal([...(await before)], [1, 2]);
  assert.equal([...(await after)], [-1, -2]);
  assert.equal(machine.store.memory, { arrays: 0, bytes: 0, pooledBytes: 0 });
});

test('a kernel that does not compile fails every pending read and all later calls', async () => {
  const machine = new Machine(
    instance('cpu'),
    slowDriver(() => Promise.reject(new Error('line 3: no'))),
  );
  const y = machine.launch(NEGATE, [machine.upload(Float32Array.of(1, 2))], 2);
  for (const read of [machine.download(y), machine.download(y)]) {
    try {
      await read;
      assert.unreachable();
    } catch (error) {
      assert.instance(error, BackendError);
      assert.is((error as Error).message, 'gpu: a kernel failed: line 3: no');
    }
  }
  refuses(() => machine.upload(Float32Array.of(1)), 'gpu: a kernel failed: line 3: no');
});

test('the next call reports a lost device, with a fix', () => {
  const machine = new Machine(
    instance('cpu'),
    slowDriver(
      async () => {},
      () => 'it was lost (unplugged)',
    ),
  );
  refuses(
    () => machine.upload(Float32Array.of(1)),
    'gpu: the device failed: it was lost (unplugged) — create a new backend with gpu() and resume from the last checkpoint',
  );
});

test('destroy frees the arrays in use, also those of pending reads, and can be called twice', async () => {
  const freed: unknown[] = [];
  let destroyed = 0;
  const machine = new Machine(instance('cpu'), {
    ...slowDriver(() => Promise.resolve()),
    free: (memory) => freed.push(memory),
    destroy: async () => {
      destroyed++;
    },
  });
  const x = machine.upload(Float32Array.of(1, 2));
  await machine.download(x);
  const read = machine.download(machine.launch(NEGATE, [x], 2)).catch((error: Error) => error.message);
  const ends = [machine.destroy(), machine.destroy()];
  const sentence = 'gpu: this backend was destroyed — create a new one with gpu()';
  refuses(() => machine.upload(Float32Array.of(1)), sentence); // at once
  await Promise.all(ends);
  assert.is(await read, sentence);
  assert.equal(
    freed.map((memory) => [...(memory as Float32Array)]),
    [[1, 2]],
  );
  assert.is(destroyed, 1);
  machine.release(x); // has no effect
  assert.equal(machine.store.memory, { arrays: 0, bytes: 0, pooledBytes: 0 });
});

test('freed buffers are reused, up to a limit', () => {
  const destroyed: number[] = [];
  const made: number[] = [];
  const make = (size: number) => {
    made.push(size);
    return { size, destroy: () => destroyed.push(size) } as unknown as DeviceBuffer;
  };
  const pool = new BufferPool(make, (buffer) => buffer.destroy());
  const first = pool.take(64);
  pool.give(first);
  assert.is(pool.bytes, 64);
  assert.is(pool.take(64), first);
  assert.is.not(pool.take(64), first);
  assert.equal(made, [64, 64]);
  pool.give(first);
  const large = pool.take(2 ** 28);
  pool.give(large);
  assert.equal(destroyed, [64], 'the size that was used longest ago makes room');
  assert.is(pool.bytes, 2 ** 28);
  assert.is(pool.take(2 ** 28), large, 'large buffers are reused, too');
  pool.give(large);
  pool.give(pool.take(2 ** 29));
  assert.equal(destroyed, [64, 2 ** 28, 2 ** 29], 'a buffer beyond the limit is destroyed');
  pool.give(pool.take(8));
  pool.destroy();
  assert.equal(destroyed, [64, 2 ** 28, 2 ** 29, 8]);
  assert.is(pool.bytes, 0);
});

test.run();
