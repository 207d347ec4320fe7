import type { DeviceBuffer } from './webgpu.js';

/** Maximum number of bytes kept for reuse. Buffers freed beyond it are destroyed. */
const MOST_BYTES = 2 ** 28;

/** Free buffers by size. Training steps allocate the same sizes repeatedly. */
export class BufferPool {
  readonly #free: Map<number, DeviceBuffer[]> = new Map();
  readonly #make: (bytes: number) => DeviceBuffer;
  readonly #destroy: (buffer: DeviceBuffer) => void;
  #bytes = 0;

  constructor(make: (bytes: number) => DeviceBuffer, destroy: (buffer: DeviceBuffer) => void) {
    this.#make = make;
    this.#destroy = destroy;
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

  /** Takes back a buffer. Earlier calls still read its old contents: calls run in order. */
  give(buffer: DeviceBuffer): void {
    const { size } = buffer;
    if (this.#bytes + size > MOST_BYTES) {
      this.#destroy(buffer);
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
