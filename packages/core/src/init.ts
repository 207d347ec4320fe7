import type { Backend } from './backend/backend.js';
import { setBackend } from './backend/current.js';
import { createReference } from './backend/reference/reference.js';
import { createWasm } from './backend/wasm/wasm.js';
import { BackendError } from './errors.js';

/** Options of `init`. */
export interface InitOptions {
  /** 'auto' (default): wasm where the host has WebAssembly SIMD, else reference. */
  backend?: 'auto' | 'wasm' | 'reference';
  /** Threads of the wasm backend; default: all cores. */
  threads?: number | undefined;
}

/**
 * Chooses the backend for all that follows: the fastest there is on this CPU.
 * What really runs is told by the result's `name` and `description`.
 * @throws BackendError if 'wasm' is asked for and the host refuses it
 */
export async function init(options: InitOptions = {}): Promise<Backend> {
  const chosen = options.backend === 'reference' ? createReference() : bestOnCpu(options);
  setBackend(chosen);
  return chosen;
}

function bestOnCpu({ backend, threads }: InitOptions): Backend {
  try {
    return createWasm({ threads });
  } catch (error) {
    if (backend === 'wasm' || !(error instanceof BackendError)) throw error;
    const reference = createReference();
    return { ...reference, description: `${reference.description}; wasm was refused: ${error.message}` };
  }
}
