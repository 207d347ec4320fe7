/** A page whose policy lacks 'wasm-unsafe-eval': WebAssembly modules are refused, and the reference backend is used. */
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
  'with wasm requested, there is an error with the reason': async () => {
    let refusal: unknown;
    await init({ backend: 'wasm' }).catch((error) => {
      refusal = error;
    });
    check(
      /BackendError: wasm: this host refused the kernels/.test(String(refusal)),
      `expected an error, found ${refusal}`,
    );
  },
  'the reference backend trains a VAE': async () => {
    const machine = backend();
    await checkTraining(machine, 20, 0);
    check(machine.name === createReference().name, machine.description);
  },
});
