import type { Region } from './bind-groups.js';
import type { Commands } from './commands.js';
import { COPY_DST, type DeviceBuffer, STORAGE, UNIFORM } from './webgpu.js';

/** Numbers of the host in one buffer of the device. One copy transfers all of them. */
export class Sheet {
  readonly buffer: DeviceBuffer;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #commands: Commands;
  readonly #align: number;
  #used = 0;

  /** @param sizes - the bytes of all regions that `region` will be asked for */
  constructor(commands: Commands, sizes: readonly number[]) {
    const { minUniformBufferOffsetAlignment, minStorageBufferOffsetAlignment } = commands.device.limits;
    this.#align = Math.max(minUniformBufferOffsetAlignment, minStorageBufferOffsetAlignment);
    const size = Math.max(
      4,
      sizes.reduce((sum, bytes) => sum + this.#rounded(bytes), 0),
    );
    this.#commands = commands;
    this.#words = new Uint32Array(size / 4);
    this.#floats = new Float32Array(this.#words.buffer);
    this.buffer = commands.createBuffer(size, UNIFORM | STORAGE | COPY_DST);
  }

  /** The next region. */
  region(size: number): Region {
    const offset = this.#used;
    this.#used += this.#rounded(size);
    return { buffer: this.buffer, offset, size };
  }

  setWords({ offset }: Region, words: Uint32Array): void {
    this.#words.set(words, offset / 4);
  }

  setNumbers({ offset }: Region, numbers: Float32Array): void {
    this.#floats.set(numbers, offset / 4);
  }

  fill({ offset, size }: Region, number: number): void {
    this.#floats.fill(number, offset / 4, (offset + size) / 4);
  }

  /** Copies all numbers to the device, if there are any. */
  write(): void {
    if (this.#used > 0) this.#commands.write(this.buffer, this.#words);
  }

  #rounded(bytes: number): number {
    return Math.ceil(bytes / this.#align) * this.#align;
  }
}
