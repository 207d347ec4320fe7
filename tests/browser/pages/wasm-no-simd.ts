/** A browser without WebAssembly SIMD: the reference backend is used. */
import { backend } from '@varigrad/core';
import { checkDefault, checkTraining } from '../backend-tests.js';
import { check, runTests } from '../in-page.js';

/** A module with a function that creates a vector and drops it. */
const SIMD = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0],
  ...[0x41, 0, 0xfd, 0x0f, 0x1a, 0x0b],
]);
/** The same without the vector. */
const NO_SIMD = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 7, 1, 5, 0],
  ...[0x41, 0, 0x1a, 0x0b],
]);

await runTests({
  'the default is reference, and its description gives the reason': async () => {
    check(!WebAssembly.validate(SIMD), 'this browser has SIMD');
    check(WebAssembly.validate(NO_SIMD), 'this browser has no WebAssembly');
    const { name, description } = await checkDefault();
    check(name === 'reference', description);
    check(
      /wasm was refused: wasm: this host refused the kernels: .*SIMD unsupported/s.test(description),
      description,
    );
    return description;
  },
  'the reference backend trains a VAE': () => checkTraining(backend(), 20, 0),
});
