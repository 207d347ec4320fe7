import { Generator, randn, tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adamStep, lossAndGradients, type Weights } from '../helpers/float64-vae.js';

const sizes = { pixels: 196, hidden: 64, latent: 8 };
const batch = 32;

function weightsOf(model: VAE): Weights {
  return Object.fromEntries(
    [...model.namedParameters()].map(([name, p]) => [name, Float64Array.from(p.dataSync())]),
  );
}

test('twenty Adam steps agree with an independent float64 implementation', () => {
  const generator = new Generator(7);
  const model = new VAE({ inputSize: sizes.pixels, hidden: [sizes.hidden], latent: sizes.latent, generator });
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const weights = weightsOf(model);
  const moments: Record<string, { m: Float64Array; v: Float64Array }> = {};

  for (let step = 1; step <= 20; step++) {
    const x = randn([batch, sizes.pixels], { generator }).sigmoid();
    const eps = randn([batch, sizes.latent], { generator });
    const elbo = model.elbo(x, { eps });
    optimizer.zeroGrad();
    elbo.loss.backward();
    const expected = lossAndGradients(
      weights,
      sizes,
      Float64Array.from(x.dataSync()),
      Float64Array.from(eps.dataSync()),
    );
    for (const part of ['loss', 'recon', 'kl'] as const) {
      const found = elbo[part].itemSync();
      const relative = Math.abs(found - expected[part]) / Math.abs(expected[part]);
      assert.ok(
        relative < 1e-5,
        `step ${step}, ${part}: ${found} against ${expected[part]}, relative ${relative}`,
      );
    }
    if (step === 1) {
      for (const [name, p] of model.namedParameters())
        compareGradient(name, p.grad!.dataSync(), expected.grads[name]!);
    }
    optimizer.step();
    adamStep(weights, expected.grads, moments, step, 1e-3);
  }
});

function compareGradient(name: string, found: ArrayLike<number>, expected: Float64Array): void {
  const scale = expected.reduce((max, g) => Math.max(max, Math.abs(g)), 0);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(
      Math.abs(found[i]! - expected[i]!) < 1e-5 * scale,
      `${name}[${i}]: ${found[i]} against ${expected[i]}`,
    );
  }
}

test('the loss has a known value if all weights are zero', () => {
  const model = new VAE({ inputSize: 10, hidden: [4], latent: 2 });
  for (const p of model.parameters()) p.assign(p.mul(0).detach());
  const { loss, recon, kl } = model.elbo(tensor([[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]]));
  assert.ok(Math.abs(recon.itemSync() - 10 * Math.log(2)) < 1e-5); // every pixel has probability ½
  assert.is(kl.itemSync(), 0);
  assert.is(loss.itemSync(), recon.itemSync());
});

test.run();
