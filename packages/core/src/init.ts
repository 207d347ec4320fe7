import type { Backend } from './backend/backend.js';
import { setBackend } from './backend/current.js';
import { createReference } from './backend/reference/reference.js';
import { createWasm } from './backend/wasm/wasm.js';
import { checkChoice, checkOptions, type OptionNames } from './checks/options.js';
import { BackendError } from './errors.js';

/** Options of `init`. */
export interface InitOptions {
  /** 'auto' (default): wasm where the host has WebAssembly SIMD, else reference. */
  backend?: 'auto' | 'wasm' | 'reference';
  /** Threads of the wasm backend; default: all cores. */
  threads?: number;
}

const INIT_OPTIONS: OptionNames<InitOptions> = { backend: true, threads: true };
const BACKENDS: Readonly<Record<NonNullable<InitOptions['backend']>, true>> = {
  auto: true,
  wasm: true,
  reference: true,
};

/**
 * Chooses the backend for all that follows: the fastest there is on this CPU.
 * What really runs is told by the result's `name` and `description`.
 * @throws BackendError if 'wasm' is asked for and the host refuses it
 */
export async function init(options: InitOptions = {}): Promise<Backend> {
  checkOptions('init', options, INIT_OPTIONS);
  checkChoice('init', 'backend', options.backend ?? 'auto', BACKENDS);
  const chosen = options.backend === 'reference' ? createReference() : bestOnCpu(options);
  setBackend(chosen);
  return chosen;
}

function bestOnCpu({ backend, threads }: InitOptions): Backend {
  try {
    return createWasm(threads === undefined ? {} : { threads });
  } catch (error) {
    if (backend === 'wasm' || !(error instanceof BackendError)) throw error;
    const reference = createReference();
    return { ...reference, description: `${reference.description}; wasm was refused: ${error.message}` };
  }
}
