/** Checks of a mode of the GPU backend in a page. */
import { type GpuBackend, type GpuMode, gpu } from '@varigrad/core/gpu';
import { specialErrors } from '../gpu/special.js';
import { sizeErrors, TABLE_TOLERANCE } from '../gpu/suite.js';
import { trainVae } from '../gpu/vae-run.js';
import { checkOpTable, checkTraining } from './backend-tests.js';
import { check, type PageTest, type Runner } from './in-page.js';

/** Runs `use` on a new backend. */
async function withGpu<T>(mode: GpuMode, use: (backend: GpuBackend) => Promise<T>): Promise<T> {
  const backend = await gpu({ mode });
  try {
    return await use(backend);
  } finally {
    await backend.destroy();
  }
}

function checkNothing(problems: readonly string[]): void {
  check(problems.length === 0, `${problems.length} results differ:\n${problems.slice(0, 40).join('\n')}`);
}

const MEMORY_STEPS = 2000;
const MB = 1e6;

/** Checks device memory: the count of the backend, and the system's size of the browser's GPU process. */
async function checkMemory(backend: GpuBackend, size: Load['memory']): Promise<string> {
  const runner = globalThis as unknown as Runner;
  const counts: number[] = [];
  const processes: number[] = [];
  const onStep = async (step: number): Promise<void> => {
    counts.push(backend.memoryUsage().bytes);
    if (step % 200 === 199) processes.push(await runner.gpuProcessBytes());
  };
  await trainVae(backend, { steps: MEMORY_STEPS, ...size, onStep });
  const [atStep10, most] = [counts[10]!, Math.max(...counts.slice(10))];
  check(most <= atStep10, `device memory must not grow: ${atStep10} bytes after step 10, ${most} later`);
  // The first 400 steps fill pools and caches of the driver.
  const [early, late] = [processes[1]!, processes.at(-1)!];
  const figures = processes.map((bytes) => (bytes / MB).toFixed(0)).join(' ');
  check(late - early < 50 * MB, `the GPU process grows: ${figures} MB every 200 steps`);
  return `${MEMORY_STEPS} steps, ${(most / MB).toFixed(2)} MB; GPU process ${figures} MB`;
}

/** The amount of work: what a software adapter can do in a minute. */
export interface Load {
  /** Batch size of the training whose losses are compared. */
  readonly batchSize: number;
  /** Sizes of the training whose memory is measured. */
  readonly memory: { readonly batchSize: number; readonly hidden: number };
}

export function gpuTests(mode: GpuMode, load: Load): Record<string, PageTest> {
  return {
    'the requested mode is the one that runs': () =>
      withGpu(mode, async (backend) => {
        check(backend.mode === mode && backend.name === 'gpu', backend.description);
        return backend.description;
      }),
    'the op-case table agrees with reference, forward and gradients': () =>
      withGpu(mode, (backend) => checkOpTable(backend, TABLE_TOLERANCE)),
    'zeros, infinities, NaN and the limits of the range give the results of reference': () =>
      withGpu(mode, async (backend) => checkNothing(await specialErrors(backend))),
    'millions of elements': () => withGpu(mode, async (backend) => checkNothing(await sizeErrors(backend))),
    '200 training steps of a VAE agree with reference': () =>
      withGpu(mode, (backend) => checkTraining(backend, 200, 1e-3, load.batchSize)),
    'device memory is flat': () => withGpu(mode, (backend) => checkMemory(backend, load.memory)),
  };
}
