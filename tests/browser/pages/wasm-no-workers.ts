/** A page that may share memory but whose policy is `worker-src 'none'`: one thread. */
import { type Backend, createReference, init, withBackend } from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { checkTraining } from '../backend-tests.js';
import { check, runTests, until } from '../in-page.js';
import { largeResults } from '../large-results.js';

/** Waits for the refusal, which Chromium reports in an event after the operation that started the worker. */
function untilRefused(backend: Backend): Promise<void> {
  return until(
    () => /, 1 thread: workers cannot start: .+\)$/.test(backend.description),
    () => backend.description,
  );
}

await runTests({
  'with workers refused, large operations are right, the page stays responsive, the description has the reason':
    async () => {
      check(crossOriginIsolated, 'the page is not cross-origin isolated');
      const backend = await init({ threads: 3 });
      check(backend.name === 'wasm', `init chose ${backend.description}`);
      const found = withBackend(backend, largeResults);
      await untilRefused(backend);
      await new Promise((resume) => requestAnimationFrame(resume)); // the page still renders
      const again = withBackend(backend, largeResults);
      const expected = withBackend(createReference(), largeResults);
      expected.forEach((values, i) => {
        assertClose(found[i]!, values, { rtol: 1e-5, atol: 1e-3 });
        assertClose(again[i]!, found[i]!, { rtol: 0 });
      });
      return backend.description;
    },
  'a second backend is refused too, and trains on one thread': async () => {
    const backend = await init({ threads: 2 });
    const figures = await checkTraining(backend, 20, 1e-5);
    await untilRefused(backend);
    return figures;
  },
});
