/** Checks of every backend in a page. */
import { type Backend, backend, createReference, init, tensor } from '@varigrad/core';
import { type BackendDifference, compareBackends, opCases } from '@varigrad/core/testing';
import { trainVae } from '../gpu/vae-run.js';
import { check } from './in-page.js';

/** Checks that the first operation creates the same backend as `init`. @returns that backend */
export async function checkDefault(): Promise<Backend> {
  const value = tensor([1]).mul(2).itemSync();
  check(value === 2, `1 · 2 must be 2, found ${value}`);
  const made = backend();
  const { description } = await init();
  check(
    made.description === description,
    `default backend: expected ${description} as from init, found ${made.description}`,
  );
  return made;
}

/** Checks forward and gradients of the whole op-case table against the reference backend. @returns the number of cases */
export async function checkOpTable(backend: Backend, tolerance: number): Promise<string> {
  const found: (BackendDifference | { case: string; threw: string })[] = [];
  for (const c of opCases) {
    try {
      found.push(...(await compareBackends(createReference(), backend, { tolerance, cases: [c] })));
    } catch (error) {
      found.push({ case: c.label, threw: (error as Error).message });
    }
  }
  const shown = found.slice(0, 20).map((difference) => JSON.stringify(difference));
  check(found.length === 0, `${found.length} differences, the first of them:\n${shown.join('\n')}`);
  return `${opCases.length} cases`;
}

/** Trains a 784-64-8 VAE on both backends. @returns the largest relative difference of the losses */
export async function checkTraining(
  backend: Backend,
  steps: number,
  tolerance: number,
  batchSize = 64,
): Promise<string> {
  const expected = await trainVae(createReference(), { steps, batchSize });
  const found = await trainVae(backend, { steps, batchSize });
  check(
    expected.length === steps && found.length === steps,
    `expected ${steps} losses, found ${found.length}`,
  );
  check(expected.at(-1)! < 0.9 * expected[0]!, `the loss does not fall: ${expected[0]} … ${expected.at(-1)}`);
  const errors = found.map((loss, i) => Math.abs(loss / expected[i]! - 1));
  const bad = errors.findIndex((error) => !(error <= tolerance));
  check(bad === -1, `step ${bad}: loss ${found[bad]}, reference ${expected[bad]}`);
  return `${steps} steps, losses differ by at most ${Math.max(...errors).toExponential(1)}`;
}
