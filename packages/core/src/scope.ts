/**
 * Scopes for short-lived memory. When a scope ends, the storages made inside it are released, except those that it
 * returns and persistent ones (parameters, their gradients, optimizer state). On a GPU this frees device memory. On
 * the wasm backend, intermediate values can stay inside the kernels' memory.
 */

import type { Backend } from './backend/backend.js';
import { checkFunction, refusePromise } from './checks/arguments.js';
import type { Storage } from './storage.js';

const open: Set<Storage>[] = [];

/** Registers a new storage in the innermost open scope. */
export function track(storage: Storage): void {
  open.at(-1)?.add(storage);
}

/** Removes a storage from the innermost scope. @returns false if it was not made there */
export function adopt(storage: Storage): boolean {
  return open.at(-1)?.delete(storage) ?? false;
}

/**
 * Runs `f` in a scope of `backend` and frees the storages made inside, except those that `results` finds in its value.
 * @internal the public form is `scope`
 */
export function runScope<T>(backend: Backend, f: () => T, results: (value: T) => Iterable<Storage>): T {
  checkFunction('scope', f);
  const made = new Set<Storage>();
  open.push(made);
  backend.openScope();
  let kept: ReadonlySet<Storage> = new Set();
  try {
    const value = refusePromise('scope', f());
    kept = new Set(results(value));
    return value;
  } finally {
    backend.closeScope();
    open.pop();
    leave(made, kept);
  }
}

/** Kept storages and gradients move to the enclosing scope. If there is none, the garbage collector frees them. */
function leave(storages: Iterable<Storage>, kept: ReadonlySet<Storage>): void {
  const outer = open.at(-1);
  for (const storage of storages) {
    if (storage.persistent || storage.disposed) continue;
    if (!kept.has(storage) && storage.gradients === 0) storage.dispose();
    else if (outer !== undefined) outer.add(storage);
    else storage.keep();
  }
}
