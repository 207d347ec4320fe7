/** A page whose policy has no 'wasm-unsafe-eval': WebAssembly modules are refused, and the reference backend computes. */
import { createReference, init } from '@varigrad/core';
import { checkTraining } from '../backend-tests.js';
import { check, runTests } from '../in-page.js';

await runTests({
  'init takes reference and says why': async () => {
    const { name, description } = await init();
    check(name === 'reference', `init chose ${description}`);
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
    const backend = await init();
    await checkTraining(backend, 20, 0);
    check(backend.name === createReference().name, backend.description);
  },
});
