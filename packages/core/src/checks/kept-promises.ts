/** Promises of functions that compute all their tensors on one backend, although they await in between. */

const kept = new WeakSet<object>();

/**
 * Marks and returns the promise of such a function, as `fit` does. `withBackend` accepts it as the value of its callback.
 * @param promise - of a function that runs each stretch between two awaits on the backend that was current at its call
 */
export function markKeepsBackend<P extends PromiseLike<unknown>>(promise: P): P {
  kept.add(promise);
  return promise;
}

/** Whether `value` is a promise that was marked by `markKeepsBackend`. */
export function keepsBackend(value: unknown): boolean {
  return typeof value === 'object' && value !== null && kept.has(value);
}
