import { BackendError } from '../../errors.js';
import type { Driver } from './driver.js';
import { type Cell, GpuArray } from './handle.js';
import type { Queue } from './queue.js';

/** Memory usage of a device. */
export interface GpuMemory {
  /** Number of arrays in use, and their bytes. Pending arrays are counted. */
  readonly arrays: number;
  readonly bytes: number;
  /** Bytes of freed memory that is kept for reuse. */
  readonly pooledBytes: number;
}

/** Creates, counts and frees the arrays of a device. */
export class ArrayStore {
  readonly #driver: Driver;
  readonly #queue: Queue;
  readonly #abandoned: FinalizationRegistry<Cell>;
  readonly #live: Set<Cell> = new Set();
  #elements = 0;

  /** @param onAbandoned - called when the handle of a cell that was not released is garbage-collected */
  constructor(driver: Driver, queue: Queue, onAbandoned: (cell: Cell) => void) {
    this.#driver = driver;
    this.#queue = queue;
    this.#abandoned = new FinalizationRegistry(onAbandoned);
  }

  get memory(): GpuMemory {
    return { arrays: this.#live.size, bytes: 4 * this.#elements, pooledBytes: this.#driver.pooledBytes() };
  }

  /** Creates a handle without values. @throws BackendError if the device does not support this length */
  allocate(op: string, length: number): GpuArray {
    const { maxLength, adapter } = this.#driver;
    if (length > maxLength) {
      throw new BackendError(
        'gpu',
        `${op}: an array may have ${maxLength} elements on ${adapter.name}, found ${length} — use smaller batches`,
      );
    }
    const array = new GpuArray(length);
    this.#live.add(array.cell);
    this.#elements += length;
    this.#abandoned.register(array, array.cell, array.cell);
    return array;
  }

  /** Stops watching a handle that was released explicitly. */
  forget({ cell }: GpuArray): void {
    this.#abandoned.unregister(cell);
  }

  /** Replaces the memory of a cell and frees the old one. */
  put(cell: Cell, memory: unknown): void {
    const before = cell.memory;
    cell.memory = memory;
    if (before !== null) this.#driver.free(before);
  }

  /** Frees the memory of a released cell, unless a pending cell reads it. */
  reclaim(cell: Cell): void {
    if (!cell.released || cell.readers.size > 0 || this.#queue.failure !== null) return;
    this.#live.delete(cell);
    this.#elements -= cell.length;
    this.#queue.submit(null, () => this.put(cell, null));
  }

  /** Frees the memory of all arrays. */
  clear(): void {
    for (const cell of this.#live) this.put(cell, null);
    this.#live.clear();
    this.#elements = 0;
  }
}
