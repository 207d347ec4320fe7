/** A page without cross-origin isolation: the same kernels on one thread. */
import { createWasm, init } from '@varigrad/core';
import { checkDefault, checkOpTable, checkTraining } from '../backend-tests.js';
import { check, runTests } from '../in-page.js';

await runTests({
  'the default is wasm on one thread, and its description gives the reason': async () => {
    check(!crossOriginIsolated, 'the page is cross-origin isolated');
    const { name, description } = await checkDefault();
    check(name === 'wasm', description);
    check(/, 1 thread: the page is not cross-origin isolated\)$/.test(description), description);
    return description;
  },
  'with four threads requested, there is one, and the description has the reason': async () => {
    const { description } = await init({ threads: 4 });
    check(/, 1 thread: the page is not cross-origin isolated\)$/.test(description), description);
  },
  'the op-case table agrees with reference, forward and gradients': () => checkOpTable(createWasm(), 2e-5),
  '20 training steps of a VAE agree with reference': () => checkTraining(createWasm(), 20, 1e-5),
});
