/** Compiled trainings: every model has the losses, the weights and the states of an eager training, bit for bit. */
import { type Backend, createReference, createWasm, manualSeed, withBackend } from '@varigrad/core';
import { Adam, cosineSchedule } from '@varigrad/nn';
import { type FitOptions, fit, linearWarmUp } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE, STEPS } from '../helpers/bars.js';
import { family, type Make } from '../helpers/family.js';

const EPOCHS = 5;

/** The options that a model accepts besides the common ones. */
const PER_STEP: Readonly<Record<string, Partial<FitOptions>>> = {
  VAE: { beta: linearWarmUp(20), freeBits: 0.05 },
  'VAE of three samples': { beta: linearWarmUp(20, 4) },
  conditional: { beta: linearWarmUp(20) },
  'semi-supervised': { beta: linearWarmUp(20) },
  'TC-VAE': { beta: linearWarmUp(20, 6) },
  'categorical, relaxed': { beta: linearWarmUp(20), freeBits: 0.05 },
};

/** Trains for 35 steps, of which each seventh has two images. Returns every loss and everything that is saved. */
async function trained(backend: Backend, make: Make, options: Partial<FitOptions>): Promise<unknown> {
  manualSeed(9);
  const model = withBackend(backend, make);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const losses: number[][] = [];
  const executions: unknown[] = [];
  const training: FitOptions = {
    optimizer,
    epochs: EPOCHS,
    batchSize: BATCH,
    binarization: 'dynamic',
    clipNorm: 5,
    schedule: cosineSchedule(EPOCHS * STEPS, 0.1),
    onStep: ({ losses: { loss, recon, kl } }) => {
      losses.push([loss, recon, kl].map((value) => value.itemSync()));
    },
    onEpoch: ({ train, test, execution }) => {
      losses.push(...[train, test].map(({ loss, recon, kl }) => [loss, recon, kl]));
      executions.push(execution);
    },
    ...options,
  };
  const { seconds: _, ...state } = await withBackend(backend, () => fit(model, data, training));
  for (const execution of executions as { compiled: boolean; reason?: string }[])
    assert.is(execution.compiled, options.compile !== false, execution.reason);
  assert.is(losses.length, EPOCHS * (STEPS + 2));
  return { losses, state, model: model.stateDict(), optimizer: optimizer.stateDict() };
}

const BACKENDS: Readonly<Record<string, Backend>> = {
  'wasm, 1 thread': createWasm({ threads: 1 }),
  'wasm, 2 threads': createWasm({ threads: 2 }),
  reference: createReference(),
};

for (const [name, make] of Object.entries(family({ side: SIZE, classes: 2 })))
  for (const [where, backend] of Object.entries(BACKENDS))
    test(`eager and compiled are equal: ${name}, ${where}`, async () => {
      const run = (compile: boolean) => trained(backend, make, { ...PER_STEP[name], compile });
      const eager = await run(false);
      assert.equal(await run(true), eager);
    });

test.run();
