/** A page whose policy allows only what docs/security.md lists for wasm with threads. */
import { createReference, createWasm, withBackend } from '@varigrad/core';
import { findThreadHost, type ThreadHost } from '../../../packages/core/src/backend/wasm/threads.js';
import { check, runTests, until } from '../in-page.js';
import { largeResults } from '../large-results.js';

await runTests({
  'wasm runs with threads, and its workers end with dispose': async () => {
    const host = findThreadHost();
    if (typeof host === 'string') throw new Error(`no threads: ${host}`);
    let readyWorkers = (): number => 0;
    let ended = 0;
    const start: ThreadHost['start'] = (loaded, thread, failed) => {
      readyWorkers = () => loaded.kernels.readyWorkers();
      const stop = host.start(loaded, thread, failed);
      return () => {
        ended++;
        stop();
      };
    };
    const wasm = createWasm({ threads: 3, threadHost: { cores: 3, start } });
    withBackend(wasm, largeResults);
    await until(
      () => readyWorkers() === 2,
      () => `${readyWorkers()} of 2 workers have started; ${wasm.description}`,
    );
    const found = withBackend(wasm, largeResults);
    const expected = withBackend(createReference(), largeResults);
    expected.forEach((values, i) => {
      const far = values.findIndex((x, at) => Math.abs(x - found[i]![at]!) > 1e-3 + 1e-4 * Math.abs(x));
      check(far === -1, `result ${i} differs at ${far}: ${values[far]}, ${found[i]![far]}`);
    });
    const { description } = wasm;
    wasm.dispose();
    check(ended === 2, `${ended} of 2 workers were ended`);
    check(wasm.description === 'wasm (closed: it was disposed)', wasm.description);
    return description;
  },
});
