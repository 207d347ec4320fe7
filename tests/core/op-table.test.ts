/** Every operation of the case table: values against their definition, gradients against finite differences. */
import { readdirSync } from 'node:fs';
import * as core from '@varigrad/core';
import { assertClose, caseInputs, gradcheck, opCases, toTensor } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as chain from '../../packages/core/src/ops/chain.js';

/** Every function of the modules below ops/. Those that core does not export are internal. */
async function functionsOfOps(): Promise<ReadonlySet<unknown>> {
  const folder = new URL('../../packages/core/src/ops/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const modules = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  return new Set(modules.flatMap((module) => Object.values(module)));
}

test('the table has cases for every exported operation, and for those of the chain rule', async () => {
  const ofOps = await functionsOfOps();
  const exported = Object.entries(core).flatMap(([name, value]) =>
    typeof value === 'function' && ofOps.has(value) ? [name] : [],
  );
  const covered = new Set(opCases.map((c) => c.op));
  const internal = [...Object.keys(chain), 'conv2dWeight'];
  assert.equal(
    [...exported, ...internal].filter((name) => !covered.has(name)),
    [],
    'not in the table',
  );
  assert.equal(
    [...covered].filter((name) => ![...exported, ...internal].includes(name)),
    [],
    'in the table, but not exported',
  );
});

test('every operation has a case with an empty axis and one with an axis of length 1', () => {
  for (const op of new Set(opCases.map((c) => c.op))) {
    const shapes = opCases.filter((c) => c.op === op).flatMap((c) => c.inputs.map((input) => input.shape));
    for (const length of [0, 1]) {
      const met = shapes.some((shape) => shape.includes(length));
      assert.ok(met, `${op}: no case with an axis of length ${length}`);
    }
  }
});

test('inputs follow the distribution of their case: whole numbers, lattices, kinks', () => {
  for (const c of opCases) {
    caseInputs(c, 5).forEach((input, i) => {
      const { below, kinks = [], lattice, low = -2, high = 2 } = c.inputs[i]!;
      for (const x of input.data) {
        assert.is(x, Math.fround(x), `${c.label}: inputs are exact in float32`);
        if (below !== undefined) assert.ok(Number.isInteger(x) && x >= 0 && x < below, c.label);
        else if (lattice === undefined) assert.ok(x >= low && x <= high, c.label);
        assert.ok(
          lattice !== undefined || kinks.every((kink) => Math.abs(x - kink) > 0.05),
          `${c.label}: ${x} is at a kink`,
        );
      }
    });
  }
});

for (const op of new Set(opCases.map((c) => c.op))) {
  const cases = opCases.filter((c) => c.op === op);
  test(`${op}: shape and values match the definition (${cases.length} cases)`, () => {
    core.withBackend(core.createReference(Float64Array), () => {
      for (const c of cases) {
        for (const seed of [1, 2]) {
          const inputs = caseInputs(c, seed);
          const expected = c.expected(...inputs);
          const actual = c.run(...inputs.map(toTensor));
          assert.equal(actual.shape, expected.shape, c.label);
          try {
            assertClose(actual.dataSync(), expected.data, { rtol: 1e-11, atol: 1e-12 });
          } catch (error) {
            throw new Error(`${c.label}: ${(error as Error).message}`);
          }
        }
      }
    });
  });

  const smooth = cases.filter((c) => c.wrt.length > 0);
  if (smooth.length === 0) continue;
  test(`${op}: first and second derivatives match finite differences (${smooth.length} cases)`, () => {
    for (const c of smooth) {
      const error = gradcheck(c.run, caseInputs(c, 3).map(toTensor), {
        order: 2,
        name: c.label,
        wrt: c.wrt,
        seed: 4,
      });
      assert.ok(error < 1e-6, c.label);
    }
  });
}

test('comparisons, sign tests and positions have no derivative', () => {
  const flat = new Set(opCases.filter((c) => c.wrt.length === 0).map((c) => c.op));
  for (const op of ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'argmax']) assert.ok(flat.has(op), op);
});

test.run();
