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
  active = next;
}

/** Runs `f` on another backend and returns to the present one. */
export function withBackend<T>(temporary: Backend, f: () => T): T {
  const before = active;
  active = temporary;
  try {
    return f();
  } finally {
    active = before;
  }
}
