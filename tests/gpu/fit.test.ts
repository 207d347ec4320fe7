/** The library's training loop on a device: the losses match reference, and no memory leaks. */
import { createReference, Generator, scope, setBackend } from '@varigrad/core';
import { gpu } from '@varigrad/core/gpu';
import { Adam } from '@varigrad/nn';
import { type EpochResult, fit, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE } from '../helpers/bars.js';

const reference = createReference();
test.after(() => setBackend(reference));

/** Trains two epochs on the current backend. */
async function train(): Promise<{ epochs: EpochResult[]; model: VAE }> {
  const sizes = { inputSize: SIZE ** 2, hidden: [16], latent: 2 };
  const model = scope(() => new VAE({ ...sizes, generator: new Generator(3) }));
  const epochs: EpochResult[] = [];
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
    epochs: 2,
    batchSize: BATCH,
    seed: 5,
    clipNorm: 2,
    onStep: ({ losses }) => {
      assert.equal(losses.loss.shape, []);
    },
    onEpoch: (result) => {
      epochs.push(result);
    },
  });
  return { epochs, model };
}

test('fit on a device has the losses of reference, and keeps only parameters and optimizer state', async () => {
  setBackend(reference);
  const right = (await train()).epochs;
  const machine = await gpu({ mode: 'cpu' });
  setBackend(machine);
  const { epochs, model } = await train();
  for (const [i, { train: onTrain, test: onTest }] of epochs.entries()) {
    for (const part of ['loss', 'recon', 'kl'] as const) {
      const pairs = [
        [onTrain[part], right[i]?.train[part]],
        [onTest[part], right[i]?.test[part]],
      ] as [number, number][];
      for (const [found, expected] of pairs) {
        assert.ok(
          Math.abs(found - expected) <= 1e-4 * Math.abs(expected),
          `${part}: expected ${expected}, found ${found}`,
        );
      }
    }
  }
  // Each parameter has its weights, its gradient and two moments of Adam.
  assert.is(machine.memoryUsage().arrays, 4 * model.parameters().length);
  await machine.destroy();
});

test.run();
