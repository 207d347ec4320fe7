import type { Region } from './bind-groups.js';
import type { Commands } from './commands.js';
import { COPY_DST, type DeviceBuffer, STORAGE, UNIFORM } from './webgpu.js';

/** Numbers of the host in one buffer of the device. One copy transfers those that were set since the copy before. */
export class Sheet {
  readonly buffer: DeviceBuffer;
  readonly #words: Uint32Array;
  readonly #floats: Float32Array;
  readonly #commands: Commands;
  readonly #align: number;
  #used = 0;
  /** The bytes that were set since the latest copy, and those between them. */
  #from = Number.POSITIVE_INFINITY;
  #to = 0;

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

  setWords(region: Region, words: Uint32Array): void {
    this.#words.set(words, region.offset / 4);
    this.#note(region);
  }

  setNumbers(region: Region, numbers: Float32Array): void {
    this.#floats.set(numbers, region.offset / 4);
    this.#note(region);
  }

  fill(region: Region, number: number): void {
    this.#floats.fill(number, region.offset / 4, (region.offset + region.size) / 4);
    this.#note(region);
  }

  /** Copies the numbers to the device, if any were set. */
  write(): void {
    const [from, to] = [this.#from, this.#to];
    if (from < to) this.#commands.write(this.buffer, this.#words.subarray(from / 4, to / 4), from);
    this.#from = Number.POSITIVE_INFINITY;
    this.#to = 0;
  }

  #note({ offset, size }: Region): void {
    this.#from = Math.min(this.#from, offset);
    this.#to = Math.max(this.#to, offset + size);
  }

  #rounded(bytes: number): number {
    return Math.ceil(bytes / this.#align) * this.#align;
  }
}
