/** gpu.js's modes without a GPU. They run the same programs as webgpu and webgl2, so they reveal most mistakes. */
import {
  BackendError,
  createReference,
  Generator,
  gradients,
  scope,
  tensor,
  withBackend,
} from '@varigrad/core';
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { firstThatOpens, howToGet } from '../../packages/core/src/backend/gpu/modes.js';
import { refuses } from '../helpers/refuses.js';
import { minusErrors } from './minus.js';
import { specialErrors } from './special.js';
import { sizeErrors, tableDifferences } from './suite.js';
import { torchErrors } from './torch.js';
import { compiledDifference, memoryOverSteps, trainingDifference } from './vae-run.js';

async function withMode(mode: GpuMode, f: (machine: GpuBackend) => Promise<void>): Promise<void> {
  const machine = await gpu({ mode });
  try {
    await f(machine);
  } finally {
    await machine.destroy();
  }
}

for (const mode of ['cpu', 'webasm'] as const) {
  test(`${mode}: the whole op-case table, forward and gradients, agrees with reference`, () =>
    withMode(mode, async (machine) => assert.equal(await tableDifferences(machine), [])));

  test(`${mode}: special values and accuracy`, () =>
    withMode(mode, async (machine) => assert.equal(await specialErrors(machine), [])));

  test(`${mode}: the values and gradients of PyTorch`, () =>
    withMode(mode, async (machine) => assert.equal(await torchErrors(machine), [])));

  test(`${mode}: a minus before a negative constant`, async () => assert.equal(await minusErrors(mode), []));

  test(`${mode}: millions of elements`, () =>
    withMode(mode, async (machine) => assert.equal(await sizeErrors(machine), [])));

  test(`${mode}: training steps have the losses of reference, and do not leak memory`, () =>
    withMode(mode, async (machine) => {
      const difference = await trainingDifference(machine, 5, createReference());
      assert.ok(difference < 1e-5, `losses differ by ${difference}`);
      const { early, late } = await memoryOverSteps(machine, 20);
      assert.ok(late <= early, `${early} bytes after two steps, ${late} after twenty`);
    }));

  test(`${mode}: compiled steps have the bits of plain ones, and do not leak memory`, () =>
    withMode(mode, async (machine) => {
      assert.is(await compiledDifference(machine, 6), -1);
      const { early, late } = await memoryOverSteps(machine, 40, true);
      assert.ok(late <= early, `${early} bytes after four steps, ${late} after forty`);
    }));
}

test('the description names the mode and the adapter', () =>
  withMode('cpu', async (machine) => {
    assert.is(machine.name, 'gpu');
    assert.is(machine.mode, 'cpu');
    assert.is(machine.adapter.software, true);
    assert.is(machine.description, 'gpu (gpu.js, cpu: JavaScript of gpu.js, no GPU)');
  }));

test('memoryUsage counts arrays and bytes; scope and dispose free them', () =>
  withMode('cpu', async (machine) => {
    const held = (): number[] => [machine.memoryUsage().arrays, machine.memoryUsage().bytes];
    withBackend(machine, () => {
      assert.equal(held(), [0, 0]);
      const x = tensor([1, 2, 3], { shape: [3], requiresGrad: true });
      assert.equal(held(), [1, 12]);
      const [dx] = scope(() => gradients(x.square().sum(), [x]));
      assert.equal(held(), [2, 24]);
      for (const t of [x, dx]) t?.dispose();
      assert.equal(held(), [0, 0]);
    });
  }));

test('an index outside of the axis reads NaN, and adds nothing', () =>
  withMode('webasm', async (machine) => {
    const { kernels } = machine;
    const [x, index] = [machine.upload([10, 20, 30]), machine.upload([2, 3, -1, 0])];
    const spec = { outer: 1, length: 3, inner: 1, count: 4 };
    assert.equal([...(await machine.download(kernels.indexSelect(x, index, spec)))], [30, NaN, NaN, 10]);
    const source = machine.upload([1, 2, 3, 4]);
    assert.equal([...(await machine.download(kernels.indexAdd(source, index, spec)))], [4, 0, 1]);
  }));

test('reading device values synchronously is refused', () =>
  withMode('cpu', async (machine) => {
    const t = withBackend(machine, () => tensor([1]));
    refuses(
      () => t.dataSync(),
      'gpu: values on a device cannot be read synchronously — use await data() or await item()',
    );
    assert.is(await t.item(), 1);
  }));

test('using released memory is refused', () =>
  withMode('cpu', async (machine) => {
    const x = machine.upload([1, 2]);
    machine.release(x);
    machine.release(x);
    refuses(
      () => machine.kernels.unary('exp', x),
      "gpu: exp: an operand's memory was released — keep it until its last use",
    );
  }));

test('using a destroyed backend is refused', async () => {
  const machine = await gpu({ mode: 'cpu' });
  await machine.destroy();
  refuses(() => machine.upload([1]), 'gpu: this backend was destroyed — create a new one with gpu()');
  assert.equal(machine.memoryUsage(), { arrays: 0, bytes: 0, pooledBytes: 0 });
});

test('an array that is too large is refused before it is allocated', () =>
  withMode('cpu', async (machine) => {
    refuses(
      () => machine.kernels.fill(2 ** 28 + 1, 0),
      'gpu: fill: an array may have 268435456 elements on JavaScript of gpu.js, no GPU, found 268435457 — use smaller batches',
    );
  }));

async function refusal(f: () => Promise<unknown>): Promise<Error> {
  try {
    await f();
  } catch (error) {
    return error as Error;
  }
  throw new Error('no error was thrown');
}

test('an unknown mode is refused', async () => {
  const error = await refusal(() => gpu({ mode: 'cuda' as GpuMode }));
  assert.is(
    error.message,
    "gpu: mode must be one of webgpu, webgl2, webgl, headlessgl, webasm, cpu, found 'cuda'",
  );
});

test('an unavailable mode is refused, with instructions', async () => {
  const error = await refusal(() => gpu({ mode: 'webgl2' }));
  assert.instance(error, BackendError);
  assert.match(error.message, /^gpu: mode 'webgl2': .* — it needs a browser with WebGL 2$/);
});

test('the first mode that opens is used; if none opens, the error lists the reason for each', async () => {
  const lacks = (mode: GpuMode) =>
    new BackendError('gpu', `mode '${mode}': absent — it needs ${howToGet[mode]}`);
  const opens = async (mode: GpuMode): Promise<GpuMode> => {
    if (mode !== 'webgl2') throw lacks(mode);
    return mode;
  };
  assert.is(await firstThatOpens(['webgpu', 'webgl2', 'headlessgl'], opens), 'webgl2');
  const error = await refusal(() => firstThatOpens(['webgpu', 'headlessgl'], opens));
  assert.instance(error, BackendError);
  assert.is(
    error.message,
    "gpu: no GPU was found:\n- mode 'webgpu': absent — it needs a browser with WebGPU (headless Chromium: " +
      '--enable-unsafe-webgpu), or Node with the package webgpu (npm install webgpu) and a Vulkan, Metal or ' +
      "Direct3D 12 driver\n- mode 'headlessgl': absent — it needs Node with the package gl (npm install gl; it may " +
      'need a native build) and a display (xvfb-run -a)',
  );
});

test('training continues from host copies on another backend', async () => {
  const images = Float32Array.from({ length: 4 * 12 }, (_, i) => ((i * 37) % 101) / 100);
  const start = (machine: GpuBackend) =>
    withBackend(machine, () => {
      const model = new VAE({ inputSize: 12, hidden: [5], latent: 2, generator: new Generator(1) });
      return { machine, model, optimizer: new Adam(model.parameters()) };
    });
  const loss = async ({ machine, model, optimizer }: ReturnType<typeof start>, noise: Generator) => {
    const read = withBackend(machine, () =>
      scope(() => {
        const elbo = model.elbo(tensor(images, { shape: [4, 12] }), { generator: noise });
        optimizer.zeroGrad();
        elbo.loss.backward();
        optimizer.step();
        return elbo.loss.detach();
      }),
    );
    return read.item();
  };
  await withMode('cpu', async (machine) => {
    const first = start(machine);
    const noise = new Generator(9);
    for (let i = 0; i < 3; i++) await loss(first, noise);
    const saved = {
      model: await first.model.stateDictAsync(),
      optimizer: await first.optimizer.stateDictAsync(),
    };
    const { state } = noise;
    const expected = [await loss(first, noise), await loss(first, noise)];
    await machine.destroy();
    await withMode('webasm', async (another) => {
      const next = start(another);
      withBackend(another, () => {
        next.model.loadStateDict(saved.model);
        next.optimizer.loadStateDict(saved.optimizer);
      });
      const sameNoise = new Generator();
      sameNoise.state = state;
      for (const right of expected) {
        const found = await loss(next, sameNoise);
        assert.ok(Math.abs(found - right) <= 1e-5 * Math.abs(right), `expected ${right}, found ${found}`);
      }
    });
  });
});

test.run();
