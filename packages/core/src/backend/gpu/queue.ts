import { BackendError } from '../../errors.js';

interface Waiting {
  readonly building: Promise<void> | null;
  readonly task: () => void;
  /** Called if the task cannot run. */
  readonly refuse: ((error: BackendError) => void) | undefined;
}

/** Where calls are submitted. */
export interface Queue {
  /** Why calls can no longer run, or null. */
  readonly failure: BackendError | null;
  /** Records a failure; the first one is kept. */
  fail(error: BackendError): void;
  /** Runs a task when all earlier ones have run and its kernel is compiled. @param building - null if it is compiled */
  submit(building: Promise<void> | null, task: () => void, refuse?: (error: BackendError) => void): void;
  /** Runs `task` before the next submission, unless it is taken back before. */
  hold(task: () => void): void;
  /** @returns whether the task was still held */
  takeBack(task: () => void): boolean;
}

/** Holds one task. */
class Holder {
  #held: (() => void) | null = null;

  hold(task: () => void): void {
    this.release();
    this.#held = task;
  }

  takeBack(task: () => void): boolean {
    if (this.#held !== task) return false;
    this.#held = null;
    return true;
  }

  /** Runs the held task. */
  release(): void {
    const task = this.#held;
    this.#held = null;
    task?.();
  }
}

/** Runs tasks at once, also those whose kernels are still compiled, for calls that are only recorded. */
export class RecordingQueue extends Holder implements Queue {
  /** The kernels that were not compiled yet. */
  readonly building: Promise<void>[] = [];
  readonly failure: null = null;

  fail(error: BackendError): never {
    throw error;
  }

  submit(building: Promise<void> | null, task: () => void): void {
    this.release();
    if (building !== null) this.building.push(building);
    task();
  }
}

/**
 * Runs calls in order: each reads the results of the calls before it. A call runs at once unless its kernel is still
 * being compiled, which is asynchronous on webgpu. Then it and all later calls wait.
 */
export class CallQueue extends Holder implements Queue {
  #waiting: Waiting[] = [];
  #failure: BackendError | null = null;

  get failure(): BackendError | null {
    return this.#failure;
  }

  fail(error: BackendError): void {
    this.#failure ??= error;
  }

  submit(building: Promise<void> | null, task: () => void, refuse?: (error: BackendError) => void): void {
    this.release();
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
        // All later calls would read values that do not exist.
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

export function deviceFailed(reason: string): BackendError {
  return new BackendError(
    'gpu',
    `the device failed: ${reason} — create a new backend with gpu() and resume from the last checkpoint`,
  );
}
