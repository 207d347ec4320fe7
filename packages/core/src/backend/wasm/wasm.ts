/**
 * The wasm backend: WebAssembly SIMD kernels with threads, the default on a CPU. The kernels are AssemblyScript, in assembly/.
 */
import { checkOptions, type OptionNames } from '../../checks/options.js';
import type { Backend } from '../backend.js';
import { elementwiseKernels } from './kernels/elementwise.js';
import { matmulKernels } from './kernels/matmul.js';
import { movementKernels } from './kernels/movement.js';
import { reduceKernels } from './kernels/reduce.js';
import { updateKernels } from './kernels/update.js';
import { ResidentMemory } from './memory.js';
import { type Compile, loadModule } from './module.js';
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

/** The wasm backend, with its properties and settings. */
export interface WasmBackend extends Backend<Float32Array> {
  readonly name: 'wasm';
  /** 'plain' SIMD, or 'relaxed' SIMD with fused multiply-add; the last bits of results differ between the two. */
  readonly simd: 'plain' | 'relaxed';
  /** Number of threads that take part in large kernels, the caller included. Results do not depend on it. */
  readonly threads: number;
  /** Bytes of WebAssembly memory in use or kept for reuse; it does not shrink. */
  readonly bytesReserved: number;
  /** Sets the number of threads. @throws ArgumentError unless it is a whole number from 1 to 64 */
  setNumThreads(threads: number): void;
}

/** Creates a wasm backend. @throws BackendError if the host has no WebAssembly SIMD or cannot compile the module */
export function createWasm(options: WasmOptions = {}): WasmBackend {
  checkOptions('createWasm', options, WASM_OPTIONS);
  const loaded = loadModule(options.compile);
  const memory = new ResidentMemory(loaded);
  const pool = new ThreadPool(loaded, options.threadHost ?? findThreadHost(), options.threads);
  const { simd } = loaded;
  const context = { wasm: loaded.kernels, memory, pool };
  return {
    name: 'wasm',
    memory: 'host',
    simd,
    get threads() {
      return pool.threads;
    },
    get bytesReserved() {
      return memory.bytesReserved;
    },
    get description() {
      const threads = pool.threads === 1 ? '1 thread' : `${pool.threads} threads`;
      const why = pool.refusal === undefined ? '' : `: ${pool.refusal}`;
      return `wasm (SIMD${simd === 'relaxed' ? ' with FMA' : ''}, ${threads}${why})`;
    },
    setNumThreads: (threads) => pool.setThreads(threads),
    kernels: {
      ...elementwiseKernels(context),
      ...reduceKernels(context),
      ...matmulKernels(context),
      ...movementKernels(context),
      ...updateKernels(context),
    },
    upload: (values) => memory.upload(values),
    download: async (values) => values.slice(),
    downloadSync: (values) => values.slice(),
    persist: (values) => memory.persist(values),
    openScope: () => memory.openScope(),
    closeScope: () => memory.closeScope(),
    keep: (values) => memory.keep(values),
    release: (values) => memory.release(values),
  };
}
