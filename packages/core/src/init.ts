import type { Backend } from './backend/backend.js';
import { setBackend } from './backend/current.js';
import { createFastest } from './backend/fastest.js';
import { createReference } from './backend/reference/reference.js';
import { createWasm } from './backend/wasm/wasm.js';

/** Options of `init`. */
export interface InitOptions {
  /** 'auto' (default): wasm where the host has WebAssembly SIMD, else reference. */
  backend?: 'auto' | 'wasm' | 'reference';
  /** Threads of the wasm backend; default: all cores. */
  threads?: number | undefined;
}

/**
 * Chooses the backend for all that follows, and returns it: its `name` and `description` say what runs.
 * Without `init`, the first use of a backend makes the one of 'auto' with all cores.
 * @throws BackendError if 'wasm' is asked for and the host refuses it
 */
export async function init({ backend = 'auto', threads }: InitOptions = {}): Promise<Backend> {
  const chosen = create(backend, threads === undefined ? {} : { threads });
  setBackend(chosen);
  return chosen;
}

function create(backend: 'auto' | 'wasm' | 'reference', options: { threads?: number }): Backend {
  if (backend === 'reference') return createReference();
  return backend === 'wasm' ? createWasm(options) : createFastest(options);
}
