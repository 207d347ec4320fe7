import type { DeviceBuffer } from './webgpu.js';

/** Maximum number of bytes kept for reuse. Beyond it, the buffers of the size that was used longest ago are destroyed. */
const MOST_BYTES = 2 ** 28;

/** Free buffers by size, the size used last at the end. Training steps allocate the same sizes repeatedly. */
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
    const same = this.#free.get(size) ?? [];
    same.push(buffer);
    this.#free.delete(size);
    this.#free.set(size, same);
    this.#bytes += size;
    while (this.#bytes > MOST_BYTES) this.#evict();
  }

  #evict(): void {
    const [size, buffers] = this.#free.entries().next().value!;
    const buffer = buffers.pop();
    if (buffer === undefined) this.#free.delete(size);
    else {
      this.#bytes -= size;
      this.#destroy(buffer);
    }
  }

  destroy(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
    this.#bytes = 0;
  }
}
