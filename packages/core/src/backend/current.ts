import type { Backend } from './backend.js';
import { createReference } from './reference/reference.js';

let active: Backend = createReference();

/** The backend that operations run on. Ask it for its `name` and `description`. */
export function backend(): Backend {
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
