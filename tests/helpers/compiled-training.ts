/** Trainings of every model on every host backend, eager and compiled. */
import { type Backend, createReference, createWasm, manualSeed, withBackend } from '@varigrad/core';
import { Adam, cosineSchedule } from '@varigrad/nn';
import { type Execution, type FitOptions, fit, linearWarmUp } from '@varigrad/vae';
import * as assert from 'uvu/assert';
import { BATCH, data, SIZE, STEPS } from './bars.js';
import { family, type Make } from './family.js';

/** The options that a model accepts besides the common ones. */
const PER_MODEL: Readonly<Record<string, Partial<FitOptions>>> = {
  VAE: { beta: linearWarmUp(20), freeBits: 0.05 },
  'VAE of three samples': { beta: linearWarmUp(20, 4) },
  conditional: { beta: linearWarmUp(20) },
  'semi-supervised': { beta: linearWarmUp(20) },
  'TC-VAE': { beta: linearWarmUp(20, 6) },
  'categorical, relaxed': { beta: linearWarmUp(20), freeBits: 0.05 },
};

const BACKENDS: Readonly<Record<string, Backend>> = {
  'wasm, 1 thread': createWasm({ threads: 1 }),
  'wasm, 2 threads': createWasm({ threads: 2 }),
  reference: createReference(),
};

/** A model on a backend. */
export interface Case {
  name: string;
  backend: Backend;
  make: Make;
  options: Partial<FitOptions>;
}

/** Every model on every backend. */
export const CASES: readonly Case[] = Object.entries(family({ side: SIZE, classes: 2 })).flatMap(
  ([model, make]) =>
    Object.entries(BACKENDS).map(([where, backend]) => ({
      name: `${model}, ${where}`,
      backend,
      make,
      options: PER_MODEL[model] ?? {},
    })),
);

/** Trains in epochs of seven steps, the last with two images. Returns every loss, and everything that is saved. */
export async function trained(
  { backend, make, options }: Case,
  { epochs, compile }: { epochs: number; compile: boolean },
): Promise<unknown> {
  manualSeed(9);
  const model = withBackend(backend, make);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const losses: number[][] = [];
  const executions: (Execution | undefined)[] = [];
  const training: FitOptions = {
    optimizer,
    epochs,
    compile,
    batchSize: BATCH,
    binarization: 'dynamic',
    clipNorm: 5,
    schedule: cosineSchedule(epochs * STEPS, 0.1),
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
  for (const execution of executions) assert.is(execution?.compiled, compile, JSON.stringify(execution));
  assert.is(losses.length, epochs * (STEPS + 2));
  return { losses, state, model: model.stateDict(), optimizer: optimizer.stateDict() };
}
