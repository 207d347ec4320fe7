/** Compiled steps as one pass, on a device that records what it is sent and refuses what WebGPU refuses. */
import {
  compile,
  Generator,
  manualSeed,
  scope,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { type GpuBackend, gpu } from '@varigrad/core/gpu';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type FakeDevice, withFakeDevice } from './fake-device.js';

const BATCH = 128;
const PIXELS = 784;
const data = Float32Array.from({ length: BATCH * PIXELS }, (_, i) => ((i * 37) % 101) / 100);

async function onFake(f: (machine: GpuBackend, device: FakeDevice) => Promise<void>): Promise<void> {
  await withFakeDevice(async (device) => {
    const machine = await gpu({ mode: 'webgpu' });
    try {
      await f(machine, device);
      assert.equal(device.problems, []);
    } finally {
      await machine.destroy();
    }
    assert.is(device.buffers.size, 0, 'all buffers are destroyed with the backend');
  });
}

/** A training step of a 784-400-20 VAE, which `run` calls with a new batch. */
function trainer(machine: GpuBackend, compiled: boolean) {
  return withBackend(machine, () => {
    manualSeed(1);
    const model = scope(() => new VAE({ inputSize: PIXELS, hidden: [400], latent: 20 }));
    const optimizer = new Adam(model.parameters());
    const generator = new Generator(2);
    const plain = (x: Tensor): Tensor => {
      const { loss } = model.elbo(x, { generator });
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.detach();
    };
    const step = compiled ? compile(plain) : plain;
    const run = async (): Promise<void> => {
      const loss = withBackend(machine, () => scope(() => step(tensor(data, { shape: [BATCH, PIXELS] }))));
      await loss.data();
      loss.dispose();
    };
    return { step, run };
  });
}

test('a run that waits for a kernel keeps its inputs, although the caller releases them', () =>
  onFake(async (machine, device) => {
    const step = compile((x: Tensor, factor: Tensor) => x.mul(factor).add(1));
    const call = (factor: number): Tensor =>
      withBackend(machine, () => scope(() => step(tensor([1, 2, 3]), tensor(factor))));
    for (const factor of [2, 3, 4]) {
      const result = call(factor);
      await result.data();
      result.dispose();
    }
    // The kernel of erfc is built for the first time, and calls after it wait.
    const other = withBackend(machine, () => tensor([0.5, 1]).erfc());
    const waiting = other.data();
    const result = call(5);
    await Promise.all([waiting, result.data()]);
    other.dispose();
    result.dispose();
    step.dispose();
    assert.equal(device.problems, []);
  }));

test('an input that is one number everywhere may be too large to be copied with the others', () =>
  onFake(async (machine, device) => {
    const step = compile((x: Tensor) => x.mul(2).sum());
    for (let i = 0; i < 4; i++) {
      const sum = withBackend(machine, () => scope(() => step(zeros([2 ** 22 + 1]))));
      await sum.data();
      sum.dispose();
    }
    step.dispose();
    assert.equal(device.problems, []);
  }));

test('a compiled 784-400-20 step is one submission of one pass, at most 40 launches and one upload', () =>
  onFake(async (machine, device) => {
    const { step, run } = trainer(machine, true);
    for (let i = 0; i < 4; i++) await run();
    const x = withBackend(machine, () => tensor(data, { shape: [BATCH, PIXELS] }));
    const [before, sent, written] = [machine.activity(), device.submissions.length, device.writes.length];
    const loss = withBackend(machine, () => scope(() => step(x)));
    const after = machine.activity();
    assert.is(after.submits - before.submits, 1);
    assert.is(after.uploads - before.uploads, 1);
    assert.is(device.submissions.length - sent, 1);
    assert.is(device.writes.length - written, 1);
    const passes = device.submissions.at(-1)!;
    assert.is(passes.length, 1);
    const { length } = passes[0]!;
    assert.is(after.launches - before.launches, length);
    assert.ok(length > 20 && length <= 40, `${length} launches`);
    await loss.data();
  }));

test('an argument that comes again is copied to the device once', () =>
  onFake(async (machine, device) => {
    const f = compile((x: Tensor, y: Tensor) => x.mul(y).sum());
    const [x, y, z] = withBackend(machine, () => [tensor(data), tensor(data), tensor(data)] as const);
    const run = async (other: Tensor): Promise<number[]> => {
      const written = device.writes.length;
      const result = withBackend(machine, () => f(x, other));
      await result.data();
      result.dispose();
      return device.writes.slice(written);
    };
    for (let i = 0; i < 3; i++) for (const other of [y, z]) await run(other);
    assert.equal(await run(y), [], 'all are on the device');
    const fresh = withBackend(machine, () => tensor(data));
    assert.equal(await run(fresh), [4 * data.length], 'only the new numbers are sent');
  }));

test('a compiled step dispatches the shaders of the plain step', () =>
  onFake(async (machine, device) => {
    const shaders = async (compiled: boolean): Promise<string[]> => {
      const { run } = trainer(machine, compiled);
      for (let i = 0; i < 4; i++) await run();
      const sent = device.submissions.length;
      await run();
      return device.submissions
        .slice(sent)
        .flat(2)
        .map(({ code }) => code);
    };
    const plain = await shaders(false);
    const compiled = await shaders(true);
    assert.ok(compiled.length > 20);
    for (const code of compiled) {
      const place = plain.indexOf(code);
      assert.is.not(place, -1, `the plain step has no such launch left:\n${code}`);
      plain.splice(place, 1);
    }
  }));

test('further compiled steps make no buffers and no bind groups, and plain steps reuse theirs', () =>
  onFake(async (machine, device) => {
    for (const compiled of [false, true]) {
      const { run } = trainer(machine, compiled);
      for (let i = 0; i < 8; i++) await run();
      const [bytes, buffers, groups] = [device.bytes, device.buffers.size, device.bindGroups];
      const { arrays } = machine.memoryUsage();
      for (let i = 0; i < 40; i++) await run();
      assert.is(device.bytes, bytes);
      assert.is(device.buffers.size, buffers);
      assert.is(machine.memoryUsage().arrays, arrays);
      assert.is(device.bindGroups, groups);
    }
  }));

test('dispose frees the memory of a compiled step', () =>
  onFake(async (machine, device) => {
    const f = compile((x: Tensor) => x.exp().sum({ axis: 0 }).add(x).square().sum());
    const run = async (): Promise<void> => {
      const y = withBackend(machine, () => scope(() => f(tensor(data, { shape: [BATCH, PIXELS] }))));
      await y.data();
      y.dispose();
    };
    for (let i = 0; i < 2; i++) await run();
    const before = device.buffers.size;
    await run();
    assert.ok(f.program!.bytes > 4 * data.length, 'the batch has a place in the numbers that are sent');
    f.dispose();
    assert.ok(device.buffers.size < before);
  }));

test('plain calls are sent together when a value is read', () =>
  onFake(async (machine, device) => {
    const x = machine.upload(data);
    const run = async (): Promise<number> => {
      const sent = device.submissions.length;
      let y = machine.kernels.cumsum(x, { outer: 1, length: 64, inner: data.length / 64 });
      for (let i = 0; i < 5; i++) {
        const next = machine.kernels.reduce('sum', { values: y, shape: [data.length / 4, 4] }, [1]);
        machine.release(y);
        y = machine.kernels.strided(next, { shape: [data.length], strides: [0], offset: i });
        machine.release(next);
      }
      await machine.download(y);
      return device.submissions.length - sent;
    };
    await run(); // compiles
    assert.is(await run(), 1);
  }));

test('many plain calls are sent before their parameters fill their buffer', () =>
  onFake(async (machine, device) => {
    const x = machine.upload([1, 2, 3]);
    const sum = () => machine.kernels.reduce('sum', { values: x, shape: [3] }, [0]);
    await machine.download(sum());
    const sent = device.submissions.length;
    for (let i = 0; i < 1000; i++) machine.release(sum());
    const submitted = device.submissions.length - sent;
    assert.ok(submitted >= 3 && submitted <= 8, `${submitted} submissions of 1000 calls`);
  }));

test('an upload does not overtake calls that read the same buffer before', () =>
  onFake(async (machine, device) => {
    const sum = (values: ReturnType<GpuBackend['upload']>) =>
      machine.kernels.reduce('sum', { values, shape: [3] }, [0]);
    await machine.download(sum(machine.upload([1, 2, 3])));
    const first = machine.upload([4, 5, 6]);
    sum(first);
    machine.release(first); // the next upload gets its buffer
    const sent = device.submissions.length;
    sum(machine.upload([7, 8, 9]));
    assert.is(device.submissions.length, sent + 1, 'the first sum was sent before the second upload');
  }));

test('the listing of a compiled step puts each kernel into one step', () =>
  onFake(async (machine) => {
    const { step, run } = trainer(machine, true);
    for (let i = 0; i < 2; i++) await run();
    const { program } = step as ReturnType<typeof compile>;
    const lines = String(program).split('\n').slice(2);
    assert.is(lines.length, program!.kernels);
    const steps = lines.map((line) => Number(line.split(' ')[0]));
    assert.ok(steps.every((place) => Number.isInteger(place) && place >= 0 && place < program!.steps));
    assert.ok(program!.steps <= 40, `${program!.steps} steps`);
    assert.ok(new Set(steps.slice(-10)).size <= 5, 'Adam updates two parameters at a time');
  }));

test('a lost device is reported by compiled and by plain steps', () =>
  onFake(async (machine, device) => {
    const { run } = trainer(machine, true);
    for (let i = 0; i < 4; i++) await run();
    const { step } = trainer(machine, false);
    device.lose('unplugged');
    await device.lost;
    const expected =
      'gpu: the device failed: it was lost (unplugged) — create a new backend with gpu() and resume from the last checkpoint';
    const errorOf = async (f: () => unknown): Promise<string> => {
      try {
        await f();
        return 'no error';
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.is(await errorOf(run), expected);
    assert.is(
      await errorOf(() => withBackend(machine, () => step(tensor(data, { shape: [BATCH, PIXELS] })))),
      expected,
    );
  }));

test.run();
