import { checkOptions, type OptionNames } from '../../checks/options.js';
import { ArgumentError, BackendError } from '../../errors.js';
import { type Backend, DISPOSE, type Program, type Replay } from '../backend.js';
import { replayCalls } from '../program/replay.js';
import { BufferDriver } from './buffer-driver.js';
import type { GpuAdapter } from './driver.js';
import { formulaOf } from './expression.js';
import { type GpuJs, type GpuMode, loadGpuJs } from './gpujs.js';
import type { GpuArray } from './handle.js';
import { GpuKernels } from './kernels.js';
import { type GpuActivity, Machine } from './machine.js';
import { firstThatOpens, howToGet, openMode } from './modes.js';
import { PassReplay } from './pass.js';
import type { GpuMemory } from './store.js';

/** Options of `gpu`. */
export interface GpuOptions {
  /** Default: webgpu if there is an adapter, else webgl2 or headlessgl if they work. */
  mode?: GpuMode;
}

const GPU_OPTIONS: OptionNames<GpuOptions> = { mode: true };

/** The gpu.js backend, with its mode and usage figures. */
export interface GpuBackend extends Backend<GpuArray> {
  readonly name: 'gpu';
  readonly memory: 'device';
  /** The mode that runs; checked with gpu.js after every kernel is compiled. */
  readonly mode: GpuMode;
  readonly adapter: GpuAdapter;
  /** Number of device arrays in use, and their bytes. */
  memoryUsage(): GpuMemory;
  /** Number of kernel calls, compilations and copies so far. */
  activity(): GpuActivity;
  /** Frees all memory and kernels. Tensors of this backend can no longer be used. */
  destroy(): Promise<void>;
}

/** Modes that compute on a GPU, fastest first. */
const SEARCHED: readonly GpuMode[] = ['webgpu', 'webgl2', 'headlessgl'];

/**
 * Creates a backend of gpu.js kernels on a GPU. Random numbers are the same stream as on every backend: on webgpu
 * they are computed on the device, in other modes on the host.
 *
 * Results follow IEEE 754, with subnormal numbers flushed to 0. `sin` and `cos` err by at most 2e-7 and `pow` by 1e-6 of the value. In the
 * modes `webgl` and `headlessgl`, which lack integers, `sin`, `cos` and `tan` may be wrong in every digit above |x| = 102,943, and
 * `pow` errs by up to 1e-5.
 *
 * @param options.mode - the mode that must run; without it, the first of webgpu, webgl2 and headlessgl that works
 * @throws BackendError if gpu.js is not installed, or if no requested mode works. The message lists what was tried and how
 *   to get each mode. No other mode is used instead.
 */
export async function gpu(options: GpuOptions = {}): Promise<GpuBackend> {
  checkOptions('gpu', options, GPU_OPTIONS);
  const { mode } = options;
  if (mode !== undefined && !Object.hasOwn(howToGet, mode)) {
    throw new ArgumentError(
      'gpu',
      `mode must be one of ${Object.keys(howToGet).join(', ')}, found '${mode}'`,
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

/** Runs a first kernel, so that a mode that cannot compute is refused here. */
async function probe(machine: Machine): Promise<void> {
  try {
    const x = machine.upload(Float32Array.of(1, 3, Number.NaN));
    const body = 'return maximum(x[N - this.thread.x], 2.0);';
    const program = { name: 'probe', arrays: ['x'], integers: ['N'], numbers: [], body };
    const y = machine.launch(program, [x], 3, [2]);
    const found = await machine.download(y);
    for (const array of [x, y]) machine.release(array);
    if (found.join() !== 'NaN,3,2')
      throw new BackendError('gpu', `a test kernel must return [NaN, 3, 2], found [${found.join(', ')}]`);
  } catch (error) {
    await machine.destroy();
    throw error;
  }
}

function backendOf(machine: Machine): GpuBackend {
  const dispose = (): void => void machine.destroy();
  const { mode, adapter } = machine.driver;
  const soft = adapter.software && !/no GPU/.test(adapter.name) ? ', a software adapter' : '';
  const kernels = new GpuKernels(machine);
  const description = `gpu (gpu.js, ${mode}: ${adapter.name}${soft})`;
  return {
    name: 'gpu',
    memory: 'device',
    mode,
    adapter,
    description,
    kernels,
    prepare: (program, bound) => prepare(machine, kernels, program, bound),
    upload: (values) => machine.upload(values),
    download: (values) => machine.download(values),
    downloadSync() {
      throw new BackendError(
        'gpu',
        'values on a device cannot be read synchronously — use await data() or await item()',
      );
    },
    persist(values) {
      machine.compute(values);
      return kept(machine, values);
    },
    keep: (values) => kept(machine, values),
    openScope() {},
    closeScope() {},
    release: (values) => machine.release(values),
    memoryUsage: () => machine.store.memory,
    activity: () => machine.activity,
    destroy: () => machine.destroy(),
    dispose,
    [DISPOSE]: dispose,
  };
}

/** A program as one pass where the mode has passes, and else kernel after kernel. */
function prepare(
  machine: Machine,
  kernels: GpuKernels,
  program: Program,
  bound: ReadonlyMap<number, GpuArray>,
): Replay<GpuArray> {
  const { driver } = machine;
  if (driver instanceof BufferDriver) return new PassReplay(machine, driver, program, bound);
  return replayCalls({ kernels, release: (values) => machine.release(values) }, program, bound);
}

/**
 * Makes values outlive a scope, and compiled steps that would replace them. They are computed: deferred operations would keep their
 * operands in memory. A function of numbers has none.
 */
function kept(machine: Machine, values: GpuArray): GpuArray {
  if (formulaOf(values) === null) machine.compute(values);
  values.cell.lent = false;
  return values;
}
