import { BackendError } from '../../errors.js';

interface Waiting {
  readonly building: Promise<void> | null;
  readonly task: () => void;
  /** Told if the task cannot be run. */
  readonly refuse: ((error: BackendError) => void) | undefined;
}

/**
 * Calls in order, like those of a stream: each sees what the ones before it wrote. A call runs at once unless its kernel
 * is still being compiled, which is asynchronous on webgpu; then it and all after it wait.
 */
export class CallQueue {
  #waiting: Waiting[] = [];
  #failure: BackendError | null = null;

  /** Why no call can be run any more, or null. */
  get failure(): BackendError | null {
    return this.#failure;
  }

  /** The first reason stays. */
  fail(error: BackendError): void {
    this.#failure ??= error;
  }

  /** Runs a task when all before it have run and its kernel is there. @param building - null if it is */
  submit(building: Promise<void> | null, task: () => void, refuse?: (error: BackendError) => void): void {
    if (building !== null || this.#waiting.length > 0) {
      this.#waiting.push({ building, task, refuse });
      if (this.#waiting.length === 1) void this.#drain();
      return;
    }
    try {
      task();
    } catch (cause) {
      throw asBackendError(cause);
    }
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        if (this.#failure !== null) throw this.#failure;
        await next.building;
        next.task();
      } catch (cause) {
        // Everything after it would compute with values that do not exist.
        this.#failure ??= asBackendError(cause);
        next.refuse?.(this.#failure);
      }
      this.#waiting.shift();
    }
  }
}

export function asBackendError(cause: unknown): BackendError {
  if (cause instanceof BackendError) return cause;
  return new BackendError(
    'gpu',
    `a kernel failed: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
}
