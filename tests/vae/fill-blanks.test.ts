/** Blanks that are filled by a model whose posterior is known, and by every kind of model. */
import {
  Autoencoder,
  ConditionalVAE,
  Gaussian,
  IWAE,
  Made,
  RelaxedCategoricalVAE,
  VAE,
  VQVAE,
} from '@varigrad/vae';
import { fillBlanks } from '@varigrad/vae/uses';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { IMAGES, rowsOf } from '../helpers/made-up-rows.js';
import { refusesLater } from '../helpers/refuses.js';

const WEIGHTS = [1.5, -0.8, 0.6];
const BIASES = [0.3, -0.2, 1];
const SIGMA = 0.5;

/** z ~ N(0, 1), x = w·z + b + σ·noise, with the exact posterior as encoder. */
function linearGaussian(): VAE {
  const model = new VAE({ inputSize: 3, hidden: [], latent: 1, likelihood: new Gaussian({ sigma: SIGMA }) });
  const precision = 1 + WEIGHTS.reduce((sum, w) => sum + w * w, 0) / SIGMA ** 2;
  const toMu = WEIGHTS.map((w) => w / SIGMA ** 2 / precision);
  const state = model.stateDict();
  const set = (name: string, values: readonly number[]): void => {
    const entry = state[name];
    assert.ok(entry !== undefined, `${name}: ${Object.keys(state)}`);
    entry.data = Float32Array.from(values);
  };
  set('encoder.mu.weight', toMu);
  set('encoder.mu.bias', [-toMu.reduce((sum, m, i) => sum + m * BIASES[i]!, 0)]);
  set('encoder.logVar.weight', [0, 0, 0]);
  set('encoder.logVar.bias', [-Math.log(precision)]);
  set('decoder.out.weight', WEIGHTS);
  set('decoder.out.bias', BIASES);
  model.loadStateDict(state);
  return model;
}

test('with the exact posterior, the mean of the blanks is the conditional mean', async () => {
  const given = [2, 0, -1];
  const data = rowsOf(
    given.map((x) => [x, 0.5, 0.25]),
    [0, 0, 0],
  );
  const { mean, images } = await fillBlanks(linearGaussian(), data, [1, 0, 0], { steps: 8000 });
  given.forEach((x, n) => {
    assert.is(images[3 * n], x);
    for (const i of [1, 2]) {
      // E[xᵢ | x₀] of the joint normal distribution with covariance wwᵀ + σ²·I.
      const expected =
        BIASES[i]! + ((WEIGHTS[i]! * WEIGHTS[0]!) / (WEIGHTS[0]! ** 2 + SIGMA ** 2)) * (x - BIASES[0]!);
      // The standard deviation of z given x₀ is 0.32, and about 1,500 of the 4,000 steps are independent.
      assert.ok(
        Math.abs(mean[3 * n + i]! - expected) < 0.05,
        `x₀ = ${x}, x${i}: ${mean[3 * n + i]}, ${expected}`,
      );
    }
  });
});

test('given pixels stay, blanks stay within the range of a mean, and a seed repeats the result', async () => {
  const known = Uint8Array.from({ length: IMAGES.count * 4 }, (_, i) => (i % 3 === 0 ? 0 : 1));
  const small = { inputSize: 4, hidden: [5] };
  for (const model of [
    new VAE({ ...small, latent: 2 }),
    new IWAE({ ...small, latent: 2 }),
    new Autoencoder({ ...small, latent: 2 }),
    new ConditionalVAE({ ...small, latent: 2, classes: 2 }),
    new RelaxedCategoricalVAE({ ...small, variables: 2, categories: 3 }),
    new VQVAE({ ...small, vectors: 2, width: 2, codebookSize: 4 }),
  ]) {
    const options = { steps: 6, batchSize: 33, seed: 4 } as const;
    const { images, mean } = await fillBlanks(model, IMAGES, known, options);
    for (const filled of [images, mean])
      filled.forEach((value, i) => {
        if (known[i] === 1) assert.ok(Math.abs(value - IMAGES.images[i]!) < 1e-6, `pixel ${i} is given`);
        else assert.ok(value > 0 && value < 1, `pixel ${i}: ${value}`);
      });
    for (const again of [{}, { compile: false }])
      assert.equal((await fillBlanks(model, IMAGES, known, { ...options, ...again })).mean, mean, model.kind);
    if (model.kind !== 'vae') continue; // a codebook has few codes
    assert.not.equal((await fillBlanks(model, IMAGES, known, { ...options, seed: 5 })).mean, mean);
    assert.not.equal((await fillBlanks(model, IMAGES, known, { ...options, blanks: 'mean' })).mean, mean);
  }
});

test('wrong arguments get a sentence', async () => {
  const model = new VAE({ inputSize: 4, hidden: [5], latent: 2 });
  for (const [call, message] of [
    [
      () => fillBlanks(model, IMAGES, [1, 0]),
      'fillBlanks: known must have one number for each of 4 pixels, or for each pixel of 80 images, found 2',
    ],
    [
      () => fillBlanks(model, IMAGES, [1, 0, 0, 0], { steps: 0 }),
      'fillBlanks: steps must be a whole number above 0, found 0',
    ],
    [
      () => fillBlanks(model, IMAGES, [1, 0, 0, 0], { blanks: 'means' as 'mean' }),
      "fillBlanks: blanks must be one of 'sample', 'mean', found 'means' — did you mean 'mean'?",
    ],
    [
      () => fillBlanks(new Made({ inputSize: 4 }), IMAGES, [1, 0, 0, 0]),
      'fillBlanks: a MADE has no z to draw — use a model with a code, such as VAE',
    ],
  ] as const)
    await refusesLater(call(), message);
});

test.run();
