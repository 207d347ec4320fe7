import { BackendError } from '../../errors.js';
import type { Driver } from './driver.js';
import { type Cell, GpuArray } from './handle.js';
import type { CallQueue } from './queue.js';

/** What a device holds. */
export interface GpuMemory {
  /** Arrays in use, and their bytes; one that waits to be computed counts as if it were. */
  readonly arrays: number;
  readonly bytes: number;
  /** Bytes of memory that was given back and lies ready for reuse. */
  readonly pooledBytes: number;
}

/** The arrays of a device: made, counted, and given back when they are no longer needed. */
export class ArrayStore {
  readonly #driver: Driver;
  readonly #queue: CallQueue;
  readonly #abandoned: FinalizationRegistry<Cell>;
  #arrays = 0;
  #elements = 0;

  /** @param onAbandoned - told when the handle of a cell that was not released is garbage */
  constructor(driver: Driver, queue: CallQueue, onAbandoned: (cell: Cell) => void) {
    this.#driver = driver;
    this.#queue = queue;
    this.#abandoned = new FinalizationRegistry(onAbandoned);
  }

  get memory(): GpuMemory {
    return { arrays: this.#arrays, bytes: 4 * this.#elements, pooledBytes: this.#driver.pooledBytes() };
  }

  /** A handle that holds nothing yet. @throws BackendError if no array can be so large */
  allocate(op: string, length: number): GpuArray {
    const { maxLength, adapter } = this.#driver;
    if (length > maxLength) {
      throw new BackendError(
        'gpu',
        `${op}: ${length} elements in one array, ${adapter.name} allows ${maxLength} — use smaller batches`,
      );
    }
    const array = new GpuArray(length);
    this.#arrays++;
    this.#elements += length;
    this.#abandoned.register(array, array.cell, array.cell);
    return array;
  }

  /** Stops watching a handle that was released explicitly. */
  forget({ cell }: GpuArray): void {
    this.#abandoned.unregister(cell);
  }

  /** Replaces what a cell holds and frees it. */
  put(cell: Cell, memory: unknown): void {
    const before = cell.memory;
    cell.memory = memory;
    if (before !== null) this.#driver.free(before);
  }

  /** Gives a released cell's memory back, unless something that waits will read it. */
  reclaim(cell: Cell): void {
    if (!cell.released || cell.readers.size > 0 || this.#queue.failure !== null) return;
    this.#arrays--;
    this.#elements -= cell.length;
    this.#queue.submit(null, () => this.put(cell, null));
  }

  /** Counts nothing any more. */
  clear(): void {
    this.#arrays = 0;
    this.#elements = 0;
  }
}
