import { checkOptions, type OptionNames } from '../../checks/options.js';
import { ArgumentError, BackendError } from '../../errors.js';
import type { Backend } from '../backend.js';
import type { GpuAdapter } from './driver.js';
import { type GpuJs, type GpuMode, loadGpuJs } from './gpujs.js';
import type { GpuArray } from './handle.js';
import { GpuKernels } from './kernels.js';
import { type GpuActivity, Machine } from './machine.js';
import { firstThatOpens, howToGet, openMode } from './modes.js';
import type { GpuMemory } from './store.js';

/** Options of `gpu`. */
export interface GpuOptions {
  /** Default: webgpu where an adapter answers, else webgl2 or headlessgl where they work. */
  mode?: GpuMode;
}

const GPU_OPTIONS: OptionNames<GpuOptions> = { mode: true };

/** The backend of gpu.js, with what can be asked of it. */
export interface GpuBackend extends Backend<GpuArray> {
  readonly name: 'gpu';
  readonly memory: 'device';
  /** What runs; gpu.js was asked after every kernel. */
  readonly mode: GpuMode;
  readonly adapter: GpuAdapter;
  /** Arrays on the device that are in use, and their bytes. */
  memoryUsage(): GpuMemory;
  /** How often the device was called so far. */
  activity(): GpuActivity;
  /** Gives back all memory and kernels. Tensors of this backend cannot be used any more. */
  destroy(): Promise<void>;
}

/** Modes that compute on a GPU, the best first. */
const SEARCHED: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl'];

/**
 * A backend of gpu.js kernels, on a GPU where there is one. Random numbers are the same stream as on every backend: they
 * are drawn on the host and uploaded.
 *
 * @param options.mode - the mode that must run; without it, the first of webgpu, webgl2 and headlessgl that works
 * @throws BackendError if gpu.js is not installed, or no mode asked for works: it says what was tried, and how to get
 *   each. It never runs another mode instead.
 */
export async function gpu(options: GpuOptions = {}): Promise<GpuBackend> {
  checkOptions('gpu', options, GPU_OPTIONS);
  const { mode } = options;
  if (mode !== undefined && !Object.hasOwn(howToGet, mode)) {
    throw new ArgumentError(
      'gpu',
      `there is no mode '${mode}' — take one of ${Object.keys(howToGet).join(', ')}`,
    );
  }
  const gpujs = await loadGpuJs();
  if (mode !== undefined) return open(gpujs, mode);
  return firstThatOpens(SEARCHED, (candidate) => open(gpujs, candidate));
}

async function open(gpujs: GpuJs, mode: GpuMode): Promise<GpuBackend> {
  const { instance, driver } = await openMode(gpujs, mode);
  const machine = new Machine(instance, driver);
  await probe(machine);
  return backendOf(machine);
}

/** A first kernel, so that a mode that cannot compute is found out here. */
async function probe(machine: Machine): Promise<void> {
  try {
    const x = machine.upload(Float32Array.of(1, 2, 3));
    const y = machine.launch(
      { name: 'probe', arrays: ['x'], integers: ['N'], numbers: [], body: 'return x[N - this.thread.x];' },
      [x],
      3,
      [2],
    );
    const found = await machine.download(y);
    for (const array of [x, y]) machine.release(array);
    if (found.join() !== '3,2,1')
      throw new BackendError('gpu', `a first kernel gave [${found.join(', ')}] instead of [3, 2, 1]`);
  } catch (error) {
    await machine.destroy();
    throw error;
  }
}

function backendOf(machine: Machine): GpuBackend {
  const { mode, adapter } = machine.driver;
  const soft = adapter.software && !/no GPU/.test(adapter.name) ? ', a software adapter' : '';
  const description = `gpu (gpu.js, ${mode}: ${adapter.name}${soft})`;
  return {
    name: 'gpu',
    memory: 'device',
    mode,
    adapter,
    description,
    kernels: new GpuKernels(machine),
    upload: (values) => machine.upload(values),
    download: (values) => machine.download(values),
    downloadSync() {
      throw new BackendError(
        'gpu',
        'values on a device cannot be read at once — use await data() or await item()',
      );
    },
    persist: (values) => computed(machine, values),
    keep: (values) => computed(machine, values),
    openScope() {},
    closeScope() {},
    release: (values) => machine.release(values),
    memoryUsage: () => machine.memory,
    activity: () => machine.activity,
    destroy: () => machine.destroy(),
  };
}

/** What lives long is computed, so that it does not hold on to the operands that it waits for. */
function computed(machine: Machine, values: GpuArray): GpuArray {
  machine.compute(values);
  return values;
}
