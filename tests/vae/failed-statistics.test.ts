/** What a failed training step had changed beside the weights is restored. */
import { Generator, type Tensor } from '@varigrad/core';
import { BatchNorm1d, Dropout, Module, SGD } from '@varigrad/nn';
import { type Body, fit, GaussianEncoder, HiddenLayers, type TrainingError, VAE, VQVAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';

const PIXELS = SIZE * SIZE;

/** The encoder's features, with statistics that every forward pass in training changes. */
class Normalized extends Module implements Body {
  readonly layers = new HiddenLayers(PIXELS, [16], { generator: new Generator(2) });
  readonly norm = new BatchNorm1d(16);
  readonly dropout = new Dropout(0.2, { generator: new Generator(3) });
  readonly outFeatures = 16;

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.norm.forward(this.layers.forward(x)));
  }
}

function normalized(): VAE {
  const generator = new Generator(1);
  const encoder = new GaussianEncoder(new Normalized(), 2, { generator });
  return new VAE({ inputSize: PIXELS, hidden: [16], latent: 2, encoder, generator });
}

const quantized = (): VQVAE =>
  new VQVAE({ inputSize: PIXELS, hidden: [16], restartBelow: 0.5, generator: new Generator(1) });

for (const [name, make] of [
  ['batch normalization', normalized],
  ['the use of a codebook', quantized],
] as const)
  for (const [where, rate, after] of [
    ['the loss', 1e30, 1],
    ['the update', 1e45, 0],
  ] as const)
    test(`statistics before a failure of ${where} are restored: ${name}`, async () => {
      const schedule = (step: number): number => (step === 3 ? rate : 1);
      const settings = { schedule, epochs: 1, batchSize: BATCH, seed: 6 };
      const spoilt = make();
      const optimizer = new SGD(spoilt.parameters(), { learningRate: 0.01 });
      const error = await fit(spoilt, data, { ...settings, optimizer }).then(
        () => undefined,
        (reason: unknown) => reason as TrainingError,
      );
      assert.is(error?.step, 4 + after);

      const good = make();
      let steps = 0;
      const onStep = (): boolean => ++steps < 3 + after;
      const watched = new SGD(good.parameters(), { learningRate: 0.01 });
      await fit(good, data, { ...settings, optimizer: watched, onStep });
      assert.equal(spoilt.stateDict(), good.stateDict());
      const states = (of: Module) => Array.from(of.namedGenerators(), ([, { state }]) => state);
      assert.equal(states(spoilt), states(good));
    });

test.run();
