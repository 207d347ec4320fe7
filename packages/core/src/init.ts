import type { Backend } from './backend/backend.js';
import { createFastest, setBackend } from './backend/current.js';
import { createReference } from './backend/reference/reference.js';
import { createWasm } from './backend/wasm/wasm.js';
import { checkChoice, checkOptions, type OptionNames } from './checks/options.js';

/** Options of `init`. */
export interface InitOptions {
  /** 'auto' (default): wasm where the host supports WebAssembly SIMD, else reference. */
  backend?: 'auto' | 'wasm' | 'reference';
  /** Threads of the wasm backend; default: all cores. */
  threads?: number | undefined;
}

const INIT_OPTIONS: OptionNames<InitOptions> = { backend: true, threads: true };
const BACKENDS: Readonly<Record<NonNullable<InitOptions['backend']>, true>> = {
  auto: true,
  wasm: true,
  reference: true,
};

/**
 * Selects the backend of all later operations and returns it. Its `name` and `description` identify what runs.
 * Without `init`, the first operation selects 'auto' with all cores.
 * @throws BackendError if 'wasm' is requested and the host cannot run it
 */
export async function init(options: InitOptions = {}): Promise<Backend> {
  checkOptions('init', options, INIT_OPTIONS);
  const { backend = 'auto', threads } = options;
  checkChoice('init', 'backend', backend, BACKENDS);
  const chosen = create(backend, { threads });
  setBackend(chosen);
  return chosen;
}

function create(backend: 'auto' | 'wasm' | 'reference', options: { threads?: number | undefined }): Backend {
  if (backend === 'reference') return createReference();
  return backend === 'wasm' ? createWasm(options) : createFastest(options);
}
