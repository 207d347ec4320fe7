import { checkFunction, describeValue, refusePromise } from '../checks/arguments.js';
import { ArgumentError } from '../errors.js';
import type { Backend } from './backend.js';
import { createFastest } from './fastest.js';

/** Undefined until a backend is chosen or needed: importing the library compiles nothing. */
let active: Backend | undefined;

/**
 * The backend that operations run on. Ask it for its `name` and `description`.
 * If none was chosen, the first call makes the fastest one of this CPU: wasm, or `reference` where the host refuses
 * wasm; then `description` gives the reason.
 */
export function backend(): Backend {
  active ??= createFastest();
  return active;
}

/** Chooses the backend for all that follows. */
export function setBackend(next: Backend): void {
  checkBackend('setBackend', next);
  active = next;
}

/**
 * Runs `f` on another backend and returns to the present one.
 * @throws ArgumentError if `f` is asynchronous
 */
export function withBackend<T>(temporary: Backend, f: () => T): T {
  checkBackend('withBackend', temporary);
  checkFunction('withBackend', f, 'the second argument');
  const before = active;
  active = temporary;
  try {
    return refusePromise('withBackend', f());
  } finally {
    active = before;
  }
}

function checkBackend(op: string, found: Backend): void {
  if (typeof found === 'object' && found !== null && 'kernels' in found) return;
  const fix =
    typeof found === 'string'
      ? ` — write await init({ backend: ${describeValue(found)} })`
      : ' — pass what createWasm(), createReference() or await gpu() returns';
  throw new ArgumentError(
    op,
    `the backend must be an object with kernels, found ${describeValue(found)}${fix}`,
  );
}
