import { BackendError } from '../errors.js';

/** Bytes as whole mebibytes, rounded up. */
export function mebibytes(bytes: number): string {
  return String(Math.ceil(bytes / 2 ** 20));
}

/**
 * Allocates memory of the host. The engine's own RangeError says neither how much was requested nor what to do.
 * @param backend - the name in the message
 * @throws BackendError if the host has not that much memory
 */
export function allocate<T>(backend: string, bytes: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BackendError(
      backend,
      `out of memory: the host cannot allocate ${mebibytes(bytes)} MiB — use smaller tensors, or fewer at a time`,
    );
  }
}
