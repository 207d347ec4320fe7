/** Operations with intricate gradients against PyTorch: values and gradients from tests/fixtures/torch-ops.py. */
import * as core from '@varigrad/core';
import { gradients, type Tensor, tensor, withBackend } from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixtures, type PlainTensor, runs } from '../helpers/torch-cases.js';

test('exactly the cases of the fixture file are run', () => {
  assert.equal(Object.keys(runs).sort(), Object.keys(fixtures.cases).sort());
});

const toTensor = ({ data, shape }: PlainTensor): Tensor => tensor(data, { shape });

for (const [name, c] of Object.entries(fixtures.cases)) {
  test(`${name}: matches ${fixtures.source.program} ${fixtures.source.version}`, () => {
    withBackend(core.createReference(Float64Array), () => {
      const inputs = c.inputs.map((input) => toTensor(input).requiresGrad_());
      const y = (runs[name] as (...inputs: Tensor[]) => Tensor)(...inputs);
      assertClose(y, toTensor(c.output), { rtol: 1e-12, atol: 1e-14 });
      const found = gradients(y, inputs, { dy: toTensor(c.dy) });
      found.forEach((gradient, i) => {
        assertClose(gradient, toTensor(c.gradients[i] as PlainTensor), { rtol: 1e-10, atol: 1e-13 });
      });
    });
  });
}

test.run();
