import type { DeviceBuffer } from './webgpu.js';

/** Bytes that may lie ready for reuse; what comes back beyond them is destroyed. */
const MOST_BYTES = 2 ** 28;

/** Buffers that were given back, by size. A training step asks for the same sizes again and again. */
export class BufferPool {
  readonly #free: Map<number, DeviceBuffer[]> = new Map();
  readonly #make: (bytes: number) => DeviceBuffer;
  #bytes = 0;

  constructor(make: (bytes: number) => DeviceBuffer) {
    this.#make = make;
  }

  /** Bytes that lie ready. */
  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): DeviceBuffer {
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer === undefined) return this.#make(bytes);
    this.#bytes -= bytes;
    return buffer;
  }

  /** Work that was submitted before still finds the buffer as it was: the queue keeps its order. */
  give(buffer: DeviceBuffer): void {
    const { size } = buffer;
    if (this.#bytes + size > MOST_BYTES) {
      buffer.destroy();
      return;
    }
    this.#bytes += size;
    const same = this.#free.get(size);
    if (same === undefined) this.#free.set(size, [buffer]);
    else same.push(buffer);
  }

  destroy(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
    this.#bytes = 0;
  }
}
