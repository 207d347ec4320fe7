import { BackendError } from '../errors.js';
import type { Backend } from './backend.js';
import { createReference } from './reference/reference.js';
import { createWasm, type WasmOptions } from './wasm/wasm.js';

/** The wasm backend, or `reference` with the reason in its description where the host refuses WebAssembly SIMD. */
export function createFastest(options: WasmOptions = {}): Backend {
  try {
    return createWasm(options);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const reference = createReference();
    return { ...reference, description: `${reference.description}; wasm was refused: ${error.message}` };
  }
}
