import {
  type Backend,
  createReference,
  createWasm,
  gradients,
  init,
  scope,
  setBackend,
  type Tensor,
  withBackend,
} from '@varigrad/core';
import { caseInputs, compareBackends, opCases, toTensor } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('the whole op-case table, forward and gradients, agrees between wasm and reference', async () => {
  const differences = await compareBackends(createReference(), createWasm({ threads: 2 }), {
    tolerance: 2e-5,
  });
  assert.equal(differences, []);
});

test('no operation leaks memory in a scope: forward and gradients of the whole table, repeatedly', () => {
  const wasm = createWasm({ threads: 1 });
  withBackend(wasm, () => {
    const round = (): void => {
      for (const c of opCases) {
        scope(() => {
          const xs = caseInputs(c, 0).map(toTensor);
          const variables = c.wrt.map((i) => (xs[i] as Tensor).requiresGrad_());
          const y = c.run(...xs);
          if (y.requiresGrad) gradients(y.sum(), variables);
        });
      }
    };
    round();
    const before = wasm.bytesReserved;
    for (let i = 0; i < 5; i++) round();
    assert.is(wasm.bytesReserved, before);
  });
});

test('init selects wasm, and its description names what runs', async () => {
  const chosen = await init();
  assert.is(chosen.name, 'wasm');
  assert.match(chosen.description, /^wasm \(SIMD( with FMA)?, \d+ threads?/);
  setBackend(createReference());
});

test('init falls back to reference, with the reason, if the module is refused; with wasm requested, it throws', async () => {
  const { Module } = WebAssembly;
  WebAssembly.Module = class {
    constructor() {
      throw new Error('no code generation here');
    }
  } as unknown as typeof WebAssembly.Module;
  try {
    const chosen: Backend = await init();
    assert.is(chosen.name, 'reference');
    assert.match(
      chosen.description,
      /wasm was refused: wasm: this host refused the kernels: no code generation here/,
    );
    let refusal: unknown;
    await init({ backend: 'wasm' }).catch((error) => {
      refusal = error;
    });
    assert.match(String(refusal), /BackendError: wasm: this host refused the kernels/);
  } finally {
    WebAssembly.Module = Module;
    setBackend(createReference());
  }
});

test.run();
