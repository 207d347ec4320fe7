/** Special values, and masks behind singular functions: every operation, first and second order, on reference and wasm. */
import {
  type Backend,
  createReference,
  createWasm,
  gradients,
  init,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import {
  assertClose,
  caseInputs,
  compareBackends,
  edgeCases,
  type OpCase,
  toTensor,
} from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

await init({ backend: 'reference' });

const backends = [createReference(), createReference(Float64Array), createWasm({ threads: 1 })];
const masked = edgeCases.filter((c) => c.label.endsWith('masked'));
const special = edgeCases.filter((c) => c.label.endsWith('special'));

test('reference follows the definitions at special values', () => {
  assert.ok(special.length > 50 && masked.length > 500);
  withBackend(createReference(Float64Array), () => {
    for (const c of special) {
      const inputs = caseInputs(c, 0);
      assertClose(c.run(...inputs.map(toTensor)).dataSync(), c.expected(...inputs).data, { rtol: 1e-14 });
    }
  });
});

test('wasm agrees with reference at special values, in value and gradients', async () => {
  for (const backend of [createWasm({ threads: 1 })]) {
    const differences = await compareBackends(createReference(), backend, { cases: edgeCases });
    assert.equal(differences, []);
  }
});

/** The gradients of a masked case, and those of a random combination of them. */
function slopesOf(c: OpCase): Tensor[] {
  const inputs = caseInputs(c, 3).map(toTensor);
  const variables = c.wrt.map((i) => inputs[i]!.requiresGrad_());
  const y = c.run(...inputs);
  const dy = y.detach().add(0.75).requiresGrad_();
  const first = gradients(y, variables, { dy, createGraph: true });
  const total = first.reduce((sum, g) => sum.add(g.mul(0.7).sum()), tensor(0));
  return total.requiresGrad ? [...first, ...gradients(total, [...variables, dy])] : first;
}

function assertAllZero(backend: Backend): void {
  withBackend(backend, () => {
    const wrong = masked.filter((c) => !slopesOf(c).every((g) => g.dataSync().every((x) => x === 0)));
    assert.equal(
      wrong.map((c) => c.label),
      [],
    );
  });
}

for (const backend of backends) {
  test(`a masked result sends exactly 0 back, at first and second order (${backend.description})`, () =>
    assertAllZero(backend));
}

test.run();
