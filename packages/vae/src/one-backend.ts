import { backend, withBackend } from '@varigrad/core';
import { markKeepsBackend } from '@varigrad/core/checks';

/** Runs a synchronous stretch of an asynchronous function on its backend. */
export type OnBackend = <T>(stretch: () => T) => T;

/**
 * Runs an asynchronous function whose tensors are all computed on the backend that is current now, although other code may select
 * another backend while the function awaits. `withBackend(b, () => fit(…))` works for this reason.
 * @param f - calls `on` for each stretch after an await that computes tensors; the stretch before the first await needs no call
 */
export function onOneBackend<T>(f: (on: OnBackend) => Promise<T>): Promise<T> {
  const machine = backend();
  return markKeepsBackend(f((stretch) => withBackend(machine, stretch)));
}
