/** A cross-origin isolated page, where threads are available. */
import { createWasm, tensor, type WasmBackend, withBackend } from '@varigrad/core';
import { findThreadHost, type ThreadHost } from '../../../packages/core/src/backend/wasm/threads.js';
import { trainVae } from '../../gpu/vae-run.js';
import { checkDefault, checkOpTable, checkTraining } from '../backend-tests.js';
import { check, runTests, until } from '../in-page.js';
import { largeResults } from '../large-results.js';

/** At least two threads, also on a machine with one core. */
const THREADS = Math.max(2, Math.min(4, navigator.hardwareConcurrency));

interface Watched {
  readonly backend: WasmBackend;
  readyWorkers(): number;
  /** The memory that the threads share, as 4-byte words. */
  words(): Uint32Array;
}

/** A backend whose memory can be inspected. `ThreadHost` receives the memory at the first large operation. */
function watchedBackend(threads: number): Watched {
  const host = findThreadHost();
  if (typeof host === 'string') throw new Error(`no threads: ${host}`);
  let loaded: Parameters<ThreadHost['start']>[0] | undefined;
  const start: ThreadHost['start'] = (module, thread, failed) => {
    loaded = module;
    return host.start(module, thread, failed);
  };
  const backend = createWasm({ threads, threadHost: { cores: host.cores, start } });
  withBackend(backend, () => largeResults());
  if (loaded === undefined) throw new Error('a worker was not started');
  const { kernels, memory } = loaded;
  return {
    backend,
    readyWorkers: () => kernels.readyWorkers(),
    words: () => new Uint32Array(memory.buffer),
  };
}

/**
 * The number of threads that took part in multiplying by `factor`: each writes it four times to its scratch memory.
 * The vector is zero, so the factor is nowhere else in memory.
 */
function countTraces({ backend, words }: Watched, factor: number): number {
  withBackend(backend, () => tensor(new Float32Array(4_000_000), { shape: [4_000_000] }).mul(factor));
  const [pattern] = new Uint32Array(Float32Array.of(factor).buffer);
  const all = words();
  let traces = 0;
  for (let i = 0; i < all.length; i += 4) {
    if (all[i] === pattern && all[i + 1] === pattern && all[i + 2] === pattern && all[i + 3] === pattern)
      traces++;
  }
  return traces;
}

function checkSameBits(one: readonly Float32Array[], many: readonly Float32Array[]): void {
  one.forEach((values, i) => {
    const [a, b] = [values, many[i]!].map((x) => new Uint32Array(x.buffer, x.byteOffset, x.length));
    const different = a!.findIndex((bits, at) => bits !== b![at]);
    check(
      different === -1,
      `result ${i} differs at ${different}: ${values[different]}, ${many[i]![different]}`,
    );
  });
}

await runTests({
  'the page is isolated, and the default backend uses all cores': async () => {
    check(crossOriginIsolated, 'the page is not cross-origin isolated');
    const { name, description } = await checkDefault();
    const cores = Math.min(64, navigator.hardwareConcurrency);
    const threads = cores === 1 ? '1 thread' : `${cores} threads`;
    check(name === 'wasm', description);
    check(
      /^wasm \(SIMD( with FMA)?, (.*)\)$/.exec(description)?.[2] === threads,
      `expected ${threads}, found ${description}`,
    );
    return description;
  },
  'every thread takes part in a large operation': async () => {
    const watched = watchedBackend(THREADS);
    const { backend, readyWorkers } = watched;
    const ready = (): string =>
      `${readyWorkers()} of ${THREADS - 1} workers are ready; ${backend.description}`;
    await until(() => readyWorkers() === THREADS - 1, ready);
    backend.setNumThreads(1);
    const alone = countTraces(watched, 1234.5677);
    check(alone === 1, `expected one thread with the limit at 1, found ${alone}`);
    backend.setNumThreads(THREADS);
    let together = 0;
    await until(
      () => {
        together = countTraces(watched, 8765.4321);
        return together >= THREADS;
      },
      () => `only ${together} of ${THREADS} threads took part`,
    );
    check(together === THREADS, `expected ${THREADS} threads to take part, found ${together}`);
    check(
      backend.threads === THREADS,
      `expected ${THREADS} threads, found ${backend.threads}: ${backend.description}`,
    );
    return `${together} threads`;
  },
  'the op-case table agrees with reference, forward and gradients': () =>
    checkOpTable(createWasm({ threads: THREADS }), 2e-5),
  'large operations and 20 training steps are bit-identical on one thread and on several': async () => {
    const { backend, readyWorkers } = watchedBackend(THREADS);
    await until(
      () => readyWorkers() === THREADS - 1,
      () => 'workers do not start',
    );
    const one = createWasm({ threads: 1 });
    const [alone, together] = [one, backend].map((b) => withBackend(b, largeResults));
    checkSameBits(alone!, together!);
    const losses = [await trainVae(one, { steps: 20 }), await trainVae(backend, { steps: 20 })] as const;
    checkSameBits([Float32Array.from(losses[0])], [Float32Array.from(losses[1])]);
    return `1 and ${THREADS} threads`;
  },
  '20 training steps of a VAE agree with reference': () =>
    checkTraining(createWasm({ threads: THREADS }), 20, 1e-5),
});
