/** Products by a library of this machine: right, independent of the number of threads, and on memory that grows. */
import {
  type Backend,
  compile,
  createReference,
  Generator,
  init,
  rand,
  scope,
  setBackend,
  type Tensor,
  withBackend,
} from '@varigrad/core';
import type { NativeBackend } from '@varigrad/core/native';
import { compareBackends, edgeCases, opCases } from '@varigrad/core/testing';
import { Adam } from '@varigrad/nn';
import { ConvolutionalBody, ConvolutionalDecoder, GaussianEncoder, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeHere, testIf } from '../helpers/native-here.js';

const reference = createReference();
const backends = (await Promise.all([1, 2].map((threads) => nativeHere({ threads })))).filter(
  (backend) => backend !== undefined,
);
const [one, two] = backends as [NativeBackend, NativeBackend];
const isHere = backends.length === 2;

const values = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));

function product(m: number, n: number, k: number, transposeA = false, transposeB = false) {
  const spec = { batch: 1, m, n, k, transposeA, transposeB, strideA: 0, strideB: 0 };
  return (on: NativeBackend | typeof reference) =>
    on.kernels.matmul(values(m * k, 0.7), values(k * n, 0.3), spec);
}

testIf(isHere)('the whole op-case table, forward and gradients, agrees with reference', async () => {
  for (const backend of backends) {
    const cases = [...opCases, ...edgeCases];
    assert.equal(await compareBackends(reference, backend, { tolerance: 2e-5, cases }), []);
  }
});

testIf(isHere)(
  'products of many shapes and all transposes agree with float64, on 1 and 2 threads with equal bits',
  () => {
    const sizes = [
      [33, 35, 37],
      [128, 400, 784],
      [784, 400, 128],
      [1, 400, 784],
      [400, 1, 128],
      [131, 129, 513],
      [1024, 20, 64],
    ] as const;
    for (const [m, n, k] of sizes)
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) {
          const run = product(m, n, k, transposeA, transposeB);
          const right = run(reference) as Float32Array;
          const found = run(one) as Float32Array;
          const what = `${m}×${n}×${k} ${transposeA} ${transposeB}`;
          const wrong = found.findIndex((x, i) => !(Math.abs(x - right[i]!) <= 2e-6 * Math.sqrt(k)));
          assert.is(wrong, -1, what);
          assert.equal(run(two), found, what);
        }
  },
);

const vae = (generator: Generator): VAE => new VAE({ hidden: [100], latent: 8, generator });

function convolutionalVae(generator: Generator): VAE {
  const [shape, channels] = [[28, 28] as const, [8, 16]];
  const body = new ConvolutionalBody(shape, { channels, generator });
  return new VAE({
    encoder: new GaussianEncoder(body, 8, { generator }),
    decoder: new ConvolutionalDecoder(8, shape, 1, { channels, generator }),
    latent: 8,
    generator,
  });
}

/** The loss of each step and the final weights of a small VAE. */
async function train(
  on: Backend,
  steps: number,
  build: (generator: Generator) => VAE,
  form: 'eager' | 'compiled',
): Promise<{ losses: number[]; weights: Float32Array[] }> {
  setBackend(on);
  const generator = new Generator(1);
  const model = build(generator);
  const optimizer = new Adam(model.parameters());
  const x = rand([37, 784], { generator });
  const step = (images: Tensor): Tensor => {
    const { loss } = model.elbo(images, { generator });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  const run = form === 'compiled' ? compile(step) : step;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push(scope(() => run(x)).itemSync());
  const weights = [...model.parameters()].map((p) => p.dataSync() as Float32Array);
  await init({ backend: 'reference' });
  return { losses, weights };
}

for (const [name, build] of Object.entries({ vae, convolutionalVae })) {
  testIf(isHere)(`200 steps of ${name}: equal bits on 1 and 2 threads, eager and compiled`, async () => {
    const first = await train(one, 200, build, 'eager');
    assert.equal(await train(two, 200, build, 'eager'), first, 'eager on 2 threads');
    assert.equal(await train(one, 200, build, 'compiled'), first, 'compiled on 1 thread');
    assert.equal(await train(two, 200, build, 'compiled'), first, 'compiled on 2 threads');
    const { losses } = await train(reference, 4, build, 'eager');
    for (const [i, loss] of losses.entries())
      assert.ok(Math.abs(first.losses[i]! / loss - 1) < 1e-5, `step ${i}`);
  });
}

testIf(isHere)('memory that has grown: products before and after agree', () => {
  const run = product(64, 64, 64);
  const before = run(two);
  const held = Array.from({ length: 8 }, () => two.persist(new Float32Array(5_000_000)));
  assert.ok(two.bytesReserved > 160e6);
  assert.equal(run(two), before);
  for (const array of held) two.release(array);
});

testIf(isHere)('name, description and facts', () => {
  const { name, version, instructionSet, path } = two.library;
  assert.is(two.name, 'native');
  assert.ok(path.length > 0 && /^\d+\.\d+/.test(version), `${path} ${version}`);
  const how = two.ffi === 'koffi' ? 'koffi, on the calling thread' : 'node:ffi';
  assert.ok(
    two.description.startsWith(`native (${name} ${version}, ${instructionSet}, by ${how}; wasm: SIMD`),
  );
  withBackend(two, () => assert.is(rand([3]).add(1).size, 3));
});

testIf(isHere)('a disposed backend refuses work', async () => {
  const backend = (await nativeHere())!;
  backend.dispose();
  assert.throws(() => product(8, 8, 8)(backend), /this backend is closed: it was disposed/);
});

test.run();
