/** A page whose policy has no 'wasm-unsafe-eval': WebAssembly modules are refused, and the reference backend computes. */
import { backend, createReference, init } from '@varigrad/core';
import { checkDefault, checkTraining } from '../backend-tests.js';
import { check, runTests } from '../in-page.js';

await runTests({
  'the default is reference, and its description gives the reason': async () => {
    const { name, description } = await checkDefault();
    check(name === 'reference', description);
    check(
      /wasm was refused: wasm: this host refused the kernels: .*Content Security Policy/s.test(description),
      description,
    );
    return description;
  },
  'wasm asked for: an error that says why': async () => {
    let refusal: unknown;
    await init({ backend: 'wasm' }).catch((error) => {
      refusal = error;
    });
    check(
      /BackendError: wasm: this host refused the kernels/.test(String(refusal)),
      `not an error: ${refusal}`,
    );
  },
  'the reference backend trains a VAE': async () => {
    const machine = backend();
    await checkTraining(machine, 20, 0);
    check(machine.name === createReference().name, machine.description);
  },
});
