/**
 * The wasm backend: WebAssembly SIMD kernels with threads, the default on a CPU. The kernels are AssemblyScript, in assembly/.
 */
import { checkChoice, checkOptions, type OptionNames } from '../../checks/options.js';
import { BackendError } from '../../errors.js';
import { type Backend, DISPOSE, type Kernels } from '../backend.js';
import type { Context } from './kernels/context.js';
import { convolutionKernels } from './kernels/convolution.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { matmulKernels } from './kernels/matmul.js';
import { movementKernels } from './kernels/movement.js';
import { reduceKernels } from './kernels/reduce.js';
import { updateKernels } from './kernels/update.js';
import { copyOf, ResidentMemory } from './memory.js';
import type { KernelExports } from './module.generated.js';
import { type Compile, loadModule, type ProductBinding } from './module.js';
import { type ProgramMachine, ProgramReplay } from './program/replay.js';
import type { Simd } from './simd.js';
import { findThreadHost, type ThreadHost, ThreadPool } from './threads.js';
import { startWide } from './wide.js';

/** Options of `createWasm`. */
export interface WasmOptions {
  /** Number of threads for large kernels, the caller included; default: all cores. */
  threads?: number | undefined;
  /**
   * The vector instructions of the kernels. Default: 'relaxed' where the host has it, else 'plain'.
   * - 'plain': 128 bits, on every host.
   * - 'relaxed': with fused multiply-add. On Node 20 it sets a V8 flag.
   * - 'wide': as 'relaxed', with the same bits, and V8 joins the instructions of a product to 256 bits. It sets a V8 flag. Node 26
   *   on x64 with AVX2 only.
   *
   * A V8 flag holds for the whole process and for every WebAssembly module in it, so these two are off unless requested.
   */
  simd?: Simd | undefined;
  /** Replaces `WebAssembly.Module`, for tests and unusual hosts. */
  compile?: Compile;
  /** Replaces the host's worker threads; a string is the reason why there are none. */
  threadHost?: ThreadHost | string;
}

const WASM_OPTIONS: OptionNames<WasmOptions> = { threads: true, simd: true, compile: true, threadHost: true };
const SIMDS: Readonly<Record<Simd, true>> = { plain: true, relaxed: true, wide: true };

/** The remedy if a backend is closed. */
const ANOTHER = 'select another backend with init or setBackend';

/** A backend of WebAssembly kernels, with its properties and settings. */
export interface KernelBackend extends Backend<Float32Array> {
  /** Which vector instructions run; see `WasmOptions.simd`. The last bits of results differ between 'plain' and the others. */
  readonly simd: Simd;
  /** Number of threads that take part in large kernels, the caller included. Results do not depend on it. */
  readonly threads: number;
  /** Bytes of WebAssembly memory in use or kept for reuse. The memory itself does not shrink before `dispose`. */
  readonly bytesReserved: number;
  /** Sets the number of threads. @throws ArgumentError unless it is a whole number from 1 to 64 */
  setNumThreads(threads: number): void;
}

/** The wasm backend. */
export interface WasmBackend extends KernelBackend {
  readonly name: 'wasm';
}

/** Ends the threads of backends that were dropped without `dispose`. */
const abandoned: FinalizationRegistry<ThreadPool> = new FinalizationRegistry((pool) => pool.close());

/** Matrix products computed by a library of the machine; see backend/native. */
export interface NativeProducts extends ProductBinding {
  /** What computes products, for display. */
  readonly description: string;
  /** Called once the kernels run: tests the library, and lets it compute products. @throws Error if it must not */
  start(wasm: KernelExports, memory: ResidentMemory): void;
  /** Kernels that replace those of wasm. */
  replace?(kernels: Kernels<Float32Array>, context: Context): Partial<Kernels<Float32Array>>;
}

/** What `dispose` frees. */
interface Machine extends ProgramMachine {
  readonly simd: Simd;
  readonly products: NativeProducts | undefined;
}

function kernelsOn(context: Context, products: NativeProducts | undefined): Kernels<Float32Array> {
  const kernels = {
    ...elementwiseKernels(context),
    ...reduceKernels(context),
    ...matmulKernels(context),
    ...convolutionKernels(context),
    ...movementKernels(context),
    ...updateKernels(context),
  };
  return { ...kernels, ...products?.replace?.(kernels, context) };
}

/** @param close - called before an error that a kernel cannot recover from */
function createMachine(
  options: WasmOptions,
  products: NativeProducts | undefined,
  close: (reason: string) => void,
): Machine {
  const lost = (failure: string): BackendError => {
    close(failure);
    return new BackendError('wasm', `${failure}; the values that it computed are lost — ${ANOTHER}`);
  };
  const waiting = (polls: number): void => {
    const failure = pool.waiting(polls);
    if (failure !== undefined) throw lost(failure);
  };
  const loaded = loadModule(waiting, { ...options, products: products && closing(products, lost) });
  const memory = new ResidentMemory(loaded);
  const pool = new ThreadPool(loaded, options.threadHost ?? findThreadHost(), options.threads);
  const wasm = loaded.kernels;
  if (loaded.simd === 'wide') startWide(wasm, memory);
  products?.start(wasm, memory);
  const kernelsIn = (context: Context): Kernels<Float32Array> => kernelsOn(context, products);
  const kernels = kernelsIn({ wasm, memory, pool });
  return { simd: loaded.simd, products, wasm, memory, pool, kernelsOn: kernelsIn, kernels };
}

/** Products whose failure closes the backend: other threads may be at work on the same product. */
function closing(products: NativeProducts, lost: (failure: string) => BackendError): ProductBinding {
  const guarded =
    <Args extends unknown[]>(action: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        action(...args);
      } catch (error) {
        throw lost((error as Error).message);
      }
    };
  return {
    ...products,
    bind(memory) {
      const { product, job } = products.bind(memory);
      return { product: guarded(product), job: guarded(job) };
    },
  };
}

/**
 * Creates a wasm backend.
 * @throws BackendError if the host has no WebAssembly SIMD, cannot compile the module, or cannot run the requested `simd`
 */
export function createWasm(options: WasmOptions = {}): WasmBackend {
  checkOptions('createWasm', options, WASM_OPTIONS);
  if (options.simd !== undefined) checkChoice('createWasm', 'simd', options.simd, SIMDS);
  return createKernelBackend('wasm', options);
}

/** A backend of WebAssembly kernels. @param products - computes the large matrix products */
export function createKernelBackend<Name extends string>(
  name: Name,
  options: WasmOptions,
  products?: NativeProducts,
): KernelBackend & { readonly name: Name } {
  let closed = 'it was disposed';
  let machine: Machine | undefined;
  const close = (reason: string): void => {
    machine?.pool.close();
    machine = undefined;
    closed = reason;
  };
  machine = createMachine(options, products, close);
  const { simd } = machine;
  /** The open machine. @throws BackendError after `dispose` */
  const open = (): Machine => {
    if (machine !== undefined) return machine;
    throw new BackendError('wasm', `this backend is closed: ${closed} — ${ANOTHER}`);
  };
  const dispose = (): void => {
    if (machine !== undefined) close(closed);
  };
  const created: KernelBackend & { readonly name: Name } = {
    name,
    memory: 'host',
    simd,
    get threads() {
      return machine?.pool.threads ?? 0;
    },
    get bytesReserved() {
      return machine?.memory.bytesReserved ?? 0;
    },
    get description() {
      return `${name} (${machine === undefined ? `closed: ${closed}` : describe(machine)})`;
    },
    get kernels() {
      return open().kernels;
    },
    prepare: (program, bound) => new ProgramReplay(open, program, bound),
    setNumThreads: (threads) => open().pool.setThreads(threads),
    upload: (values) => open().memory.upload(values),
    download: async (values) => copyOf(values),
    downloadSync: (values) => copyOf(values),
    persist: (values) => open().memory.persist(values),
    openScope: () => open().memory.openScope(),
    // Values outlive the backend: they are views that hold its memory, or ordinary arrays.
    closeScope: () => machine?.memory.closeScope(),
    keep: (values) => (machine === undefined ? copyOf(values) : machine.memory.keep(values)),
    release: (values) => machine?.memory.release(values),
    dispose,
    [DISPOSE]: dispose,
  };
  abandoned.register(created, machine.pool);
  return created;
}

function describe({ simd, pool, products }: Machine): string {
  const threads = pool.threads === 1 ? '1 thread' : `${pool.threads} threads`;
  const why = pool.refusal === undefined ? '' : `: ${pool.refusal}`;
  const instructions = { plain: 'SIMD', relaxed: 'SIMD with FMA', wide: 'SIMD with FMA, 256 bits' }[simd];
  return `${products === undefined ? '' : `${products.description}; wasm: `}${instructions}, ${threads}${why}`;
}
