import type { Backend, Kernels, Values } from './backend/backend.js';
import { checkArray, checkFunction, checkTensor, refusePromise } from './checks/arguments.js';
import { activeRecording, kernelsOf } from './compile/active.js';
import { ArgumentError, BackendError } from './errors.js';

/**
 * The memory behind one or more tensors (a reshape shares its operand's storage).
 * It is almost always garbage-collected; `dispose` exists for device memory and for scopes.
 */
export class Storage {
  readonly backend: Backend;
  /** Number of changes by `updateInPlace`. `backward` refuses a saved value that was changed after it was used. */
  version = 0;
  /** Parameters, kept gradients and optimizer state outlive every scope. */
  persistent = false;
  /** Number of tensors whose gradient is here. A scope does not free it. */
  gradients = 0;
  #values: Values | null;

  constructor(backend: Backend, values: Values) {
    this.backend = backend;
    this.#values = values;
  }

  /** @throws BackendError if the memory was released */
  get values(): Values {
    if (this.#values === null) {
      throw new BackendError(
        'tensor',
        'its memory was released by dispose() or at the end of its scope — return it from the scope, or clone() it',
      );
    }
    activeRecording()?.read(this, this.#values);
    return this.#values;
  }

  get disposed(): boolean {
    return this.#values === null;
  }

  /** Moves the values to memory that outlives every scope. */
  persist(): void {
    if (this.persistent) return;
    this.#moveTo(this.backend.persist(this.values));
    this.persistent = true;
  }

  /** Leaves the values to the garbage collector (on a device: to the holder of the handle). */
  keep(): void {
    this.#moveTo(this.backend.keep(this.values));
    this.persistent = false;
  }

  #moveTo(values: Values): void {
    activeRecording()?.moved(this.values, values);
    this.#values = values;
  }

  dispose(): void {
    const values = this.#values;
    if (values === null) return;
    this.#values = null;
    const recording = activeRecording();
    if (recording === null) this.backend.release(values);
    else
      recording.release(this.backend, values, () => {
        this.#values = values;
      });
  }
}

/** An object with values in a storage, such as a `Tensor`. */
interface Stored {
  readonly storage: Storage;
}

/**
 * Changes the values of tensors in place, without recording: for optimizers, gradient clipping, moving averages.
 * Operations never change their operands. A later `backward` through a use of the old values is an error.
 *
 * `updateInPlace([w], (kernels) => kernels.scale(w.values, 0.5))`
 * @param targets - every tensor that `write` changes; all on one backend
 * @param write - calls kernels that write to the targets' values, on the backend that holds the targets
 */
export function updateInPlace(
  targets: readonly [Stored, ...Stored[]],
  write: (kernels: Kernels) => void,
): void {
  checkArray('updateInPlace', 'the targets', targets);
  for (const target of targets) checkTensor('updateInPlace', target, 'each target');
  checkFunction('updateInPlace', write, 'the second argument');
  if (targets.length === 0)
    throw new ArgumentError('updateInPlace', 'there are no targets — list every tensor that changes');
  refusePromise('updateInPlace', write(kernelsOf(targets[0].storage.backend)));
  for (const { storage } of targets) storage.version++;
}
