/**
 * Memory that is known to be short-lived. Everything made inside a scope is given back when it ends, except
 * what it returns and what is persistent (parameters, their gradients, optimizer state). On a GPU this frees
 * device memory; on the wasm backend it lets intermediate values stay inside the kernels' memory.
 */

import type { Backend } from './backend/backend.js';
import { checkFunction, refusePromise } from './checks/arguments.js';
import type { Storage } from './storage.js';

const open: Set<Storage>[] = [];

/** Notes a new storage in the innermost open scope. */
export function track(storage: Storage): void {
  open.at(-1)?.add(storage);
}

/** Takes a storage out of the innermost scope. @returns false if it was not made there */
export function adopt(storage: Storage): boolean {
  return open.at(-1)?.delete(storage) ?? false;
}

/**
 * Runs `f` in a scope of `backend` and frees what it made, except the storages that `results` finds in its value.
 * @internal the public form is `scope`
 */
export function runScope<T>(backend: Backend, f: () => T, results: (value: T) => Iterable<Storage>): T {
  checkFunction('scope', f);
  const made = new Set<Storage>();
  open.push(made);
  backend.openScope();
  const kept = new Set<Storage>();
  try {
    const value = refusePromise('scope', f());
    for (const storage of results(value)) kept.add(storage);
    return value;
  } finally {
    backend.closeScope();
    open.pop();
    leave(made, kept);
  }
}

/** What is kept moves to the enclosing scope, or to the garbage collector's care when there is none. */
function leave(storages: Iterable<Storage>, kept: ReadonlySet<Storage>): void {
  const outer = open.at(-1);
  for (const storage of storages) {
    if (storage.persistent || storage.disposed) continue;
    if (!kept.has(storage)) storage.dispose();
    else if (outer !== undefined) outer.add(storage);
    else storage.keep();
  }
}
