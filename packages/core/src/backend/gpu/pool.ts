import type { DeviceBuffer } from './webgpu.js';

/** Maximum number of bytes kept for reuse. Buffers freed beyond it are destroyed. */
const MOST_BYTES = 2 ** 28;

/** Free buffers by size. Training steps allocate the same sizes repeatedly. */
export class BufferPool {
  readonly #free: Map<number, DeviceBuffer[]> = new Map();
  readonly #make: (bytes: number) => DeviceBuffer;
  #bytes = 0;

  constructor(make: (bytes: number) => DeviceBuffer) {
    this.#make = make;
  }

  /** Bytes kept for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): DeviceBuffer {
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer === undefined) return this.#make(bytes);
    this.#bytes -= bytes;
    return buffer;
  }

  /** Takes back a buffer. Work submitted earlier still reads its old contents: the device queue is ordered. */
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
