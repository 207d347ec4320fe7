/**
 * The wasm backend: WebAssembly SIMD kernels with threads, the default on a CPU. The kernels are AssemblyScript, in assembly/.
 */
import { checkOptions, type OptionNames } from '../../checks/options.js';
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
import { type Compile, loadModule } from './module.js';
import { type ProgramMachine, ProgramReplay } from './program/replay.js';
import { findThreadHost, type ThreadHost, ThreadPool } from './threads.js';

/** Options of `createWasm`. */
export interface WasmOptions {
  /** Number of threads for large kernels, the caller included; default: all cores. */
  threads?: number | undefined;
  /** Replaces `WebAssembly.Module`, for tests and unusual hosts. */
  compile?: Compile;
  /** Replaces the host's worker threads; a string is the reason why there are none. */
  threadHost?: ThreadHost | string;
}

const WASM_OPTIONS: OptionNames<WasmOptions> = { threads: true, compile: true, threadHost: true };

/** The remedy if a backend is closed. */
const ANOTHER = 'select another backend with init or setBackend';

/** The wasm backend, with its properties and settings. */
export interface WasmBackend extends Backend<Float32Array> {
  readonly name: 'wasm';
  /** 'plain' SIMD, or 'relaxed' SIMD with fused multiply-add; the last bits of results differ between the two. */
  readonly simd: 'plain' | 'relaxed';
  /** Number of threads that take part in large kernels, the caller included. Results do not depend on it. */
  readonly threads: number;
  /** Bytes of WebAssembly memory in use or kept for reuse. The memory itself does not shrink before `dispose`. */
  readonly bytesReserved: number;
  /** Sets the number of threads. @throws ArgumentError unless it is a whole number from 1 to 64 */
  setNumThreads(threads: number): void;
}

/** Ends the threads of backends that were dropped without `dispose`. */
const abandoned: FinalizationRegistry<ThreadPool> = new FinalizationRegistry((pool) => pool.close());

/** What `dispose` frees. */
interface Machine extends ProgramMachine {
  readonly simd: 'plain' | 'relaxed';
}

function kernelsOn(context: Context): Kernels<Float32Array> {
  return {
    ...elementwiseKernels(context),
    ...reduceKernels(context),
    ...matmulKernels(context),
    ...convolutionKernels(context),
    ...movementKernels(context),
    ...updateKernels(context),
  };
}

/** @param close - called before an error that a kernel cannot recover from */
function createMachine(options: WasmOptions, close: (reason: string) => void): Machine {
  const waiting = (polls: number): void => {
    const failure = pool.waiting(polls);
    if (failure === undefined) return;
    close(failure);
    throw new BackendError('wasm', `${failure}; the values that it computed are lost — ${ANOTHER}`);
  };
  const loaded = loadModule(waiting, options.compile);
  const memory = new ResidentMemory(loaded);
  const pool = new ThreadPool(loaded, options.threadHost ?? findThreadHost(), options.threads);
  const wasm = loaded.kernels;
  return { simd: loaded.simd, wasm, memory, pool, kernelsOn, kernels: kernelsOn({ wasm, memory, pool }) };
}

/** Creates a wasm backend. @throws BackendError if the host has no WebAssembly SIMD or cannot compile the module */
export function createWasm(options: WasmOptions = {}): WasmBackend {
  checkOptions('createWasm', options, WASM_OPTIONS);
  let closed = 'it was disposed';
  let machine: Machine | undefined;
  const close = (reason: string): void => {
    machine?.pool.close();
    machine = undefined;
    closed = reason;
  };
  machine = createMachine(options, close);
  const { simd } = machine;
  /** The open machine. @throws BackendError after `dispose` */
  const open = (): Machine => {
    if (machine !== undefined) return machine;
    throw new BackendError('wasm', `this backend is closed: ${closed} — ${ANOTHER}`);
  };
  const dispose = (): void => {
    if (machine !== undefined) close(closed);
  };
  const created: WasmBackend = {
    name: 'wasm',
    memory: 'host',
    simd,
    get threads() {
      return machine?.pool.threads ?? 0;
    },
    get bytesReserved() {
      return machine?.memory.bytesReserved ?? 0;
    },
    get description() {
      return machine === undefined ? `wasm (closed: ${closed})` : describe(machine);
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

function describe({ simd, pool }: Machine): string {
  const threads = pool.threads === 1 ? '1 thread' : `${pool.threads} threads`;
  const why = pool.refusal === undefined ? '' : `: ${pool.refusal}`;
  return `wasm (SIMD${simd === 'relaxed' ? ' with FMA' : ''}, ${threads}${why})`;
}
