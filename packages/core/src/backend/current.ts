import { checkFunction, describeValue, refusePromise } from '../checks/arguments.js';
import { keepsBackend } from '../checks/kept-promises.js';
import { ArgumentError, BackendError } from '../errors.js';
import type { Backend } from './backend.js';
import { createReference } from './reference/reference.js';
import { createWasm, type WasmOptions } from './wasm/wasm.js';

/** Undefined until a backend is selected or needed: importing the library compiles nothing. */
let active: Backend | undefined;

/**
 * The backend that operations run on; see its `name` and `description`.
 * If none was selected, the first call creates the fastest CPU backend: wasm, or `reference` if the host cannot run
 * wasm. In that case `description` gives the reason.
 */
export function backend(): Backend {
  active ??= createFastest();
  return active;
}

/** The wasm backend, or `reference` with the reason in its description if the host cannot run wasm. */
export function createFastest(options: WasmOptions = {}): Backend {
  try {
    return createWasm(options);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    const reference = createReference();
    return { ...reference, description: `${reference.description}; wasm was refused: ${error.message}` };
  }
}

/** Selects the backend of all later operations. */
export function setBackend(next: Backend): void {
  checkBackend('setBackend', next);
  active = next;
}

/**
 * Runs `f` on another backend, and restores the current one.
 * @throws ArgumentError if `f` is asynchronous, except for functions that keep the backend of their call, such as `fit`
 */
export function withBackend<T>(temporary: Backend, f: () => T): T {
  checkBackend('withBackend', temporary);
  checkFunction('withBackend', f, 'the second argument');
  const before = active;
  active = temporary;
  try {
    const value = f();
    return keepsBackend(value) ? value : refusePromise('withBackend', value);
  } finally {
    active = before;
  }
}

function checkBackend(op: string, found: Backend): void {
  if (typeof found === 'object' && found !== null && 'kernels' in found) return;
  const fix =
    typeof found === 'string'
      ? ` — write await init({ backend: ${describeValue(found)} })`
      : ' — pass the result of createWasm(), createReference() or await gpu()';
  throw new ArgumentError(
    op,
    `the backend must be an object with kernels, found ${describeValue(found)}${fix}`,
  );
}
