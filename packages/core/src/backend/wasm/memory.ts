/**
 * The memory of the kernels. A Float32Array inside it is RESIDENT and is used without a copy; any other array is copied in for
 * the duration of a call. Results are copied out to ordinary, garbage-collected arrays. While a scope is open they stay
 * resident, and the scope frees them.
 */
import { BackendError } from '../../errors.js';
import type { KernelMemory, LoadedModule } from './module.js';

/** A piece of the memory. */
interface Block {
  readonly address: number;
  /** Bytes reserved: the size class. */
  readonly size: number;
}

/** The module's constants and the control block of the threads are below this address. */
const FIRST_ADDRESS = 131_072;
const PAGE = 65_536;
const ALIGNMENT = 64;
/** Minimum number of pages (16 MiB) that the memory grows by, so that it grows rarely. */
const USUAL_GROWTH = 256;

/** Allocates blocks of the WebAssembly memory and tracks the resident arrays. */
export class ResidentMemory {
  readonly #memory: KernelMemory;
  readonly #mostPages: number;
  #floats: Float32Array;
  #words: Int32Array;
  #top = FIRST_ADDRESS;
  /** Free blocks by size class. */
  readonly #free: Map<number, Block[]> = new Map();
  readonly #blocks: WeakMap<Float32Array, Block> = new WeakMap();
  /** Frees the blocks of resident arrays that have been garbage-collected. */
  readonly #abandoned: FinalizationRegistry<Block>;
  #scopes = 0;
  #temporaries: Block[] = [];

  constructor({ memory, mostPages }: Pick<LoadedModule, 'memory' | 'mostPages'>) {
    this.#memory = memory;
    this.#mostPages = mostPages;
    this.#floats = new Float32Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#abandoned = new FinalizationRegistry((block) => this.#recycle(block));
  }

  /** Bytes of the WebAssembly memory that have ever been allocated. */
  get bytesReserved(): number {
    return this.#top;
  }

  openScope(): void {
    this.#scopes++;
  }

  closeScope(): void {
    this.#scopes--;
  }

  /** A block of at least `bytes` bytes until the end of the call. */
  temporary(bytes: number): number {
    const block = this.#allocate(bytes);
    this.#temporaries.push(block);
    return block.address;
  }

  /** The address of values. Arrays that are not resident are copied in. */
  addressOf(values: Float32Array): number {
    const block = this.#blocks.get(values);
    if (block !== undefined) return block.address;
    const address = this.temporary(values.length * 4);
    this.#floats.set(values, address / 4);
    return address;
  }

  /** Copies values that a kernel changed in place back to their array, unless it is resident. */
  writeBack(values: Float32Array, address: number): void {
    if (!this.#blocks.has(values))
      values.set(this.#floats.subarray(address / 4, address / 4 + values.length));
  }

  /** Writes 32-bit integers for a kernel, valid until the end of the call. */
  integers(values: readonly number[]): number {
    const address = this.temporary(values.length * 4);
    this.#words.set(values, address / 4);
    return address;
  }

  /** Runs a kernel that fills `size` floats at the address it is given, and frees the temporaries of the call. */
  compute(size: number, kernel: (out: number) => void): Float32Array {
    const block = this.#allocate(size * 4);
    try {
      kernel(block.address);
      if (this.#scopes > 0) return this.#view(block, size);
      const values = this.#floats.slice(block.address / 4, block.address / 4 + size);
      this.#recycle(block);
      return values;
    } catch (error) {
      this.#recycle(block);
      throw error;
    } finally {
      this.#endCall();
    }
  }

  /** A copy of numbers: resident while a scope is open, else garbage-collected. */
  upload(values: ArrayLike<number>): Float32Array {
    if (this.#scopes === 0) return new Float32Array(values);
    const block = this.#allocate(values.length * 4);
    this.#floats.set(values, block.address / 4);
    return this.#view(block, values.length);
  }

  /** Runs a kernel that has no result. */
  update(kernel: () => void): void {
    try {
      kernel();
    } finally {
      this.#endCall();
    }
  }

  /** The values in resident memory, until they are released or the array is garbage-collected. */
  persist(values: Float32Array): Float32Array {
    const own = this.#blocks.get(values);
    if (own !== undefined) {
      this.#abandoned.register(values, own, values);
      return values;
    }
    const block = this.#allocate(values.length * 4);
    this.#floats.set(values, block.address / 4);
    const view = this.#view(block, values.length);
    this.#abandoned.register(view, block, view);
    return view;
  }

  /** The values in garbage-collected memory; a resident block is freed. */
  keep(values: Float32Array): Float32Array {
    if (!this.#blocks.has(values)) return values;
    const copy = values.slice();
    this.release(values);
    return copy;
  }

  /** Frees the block of a resident array; other arrays are ignored. */
  release(values: Float32Array): void {
    const block = this.#blocks.get(values);
    if (block === undefined) return;
    this.#blocks.delete(values);
    this.#abandoned.unregister(values);
    this.#recycle(block);
  }

  #view(block: Block, size: number): Float32Array {
    const view = new Float32Array(this.#memory.buffer, block.address, size);
    this.#blocks.set(view, block);
    return view;
  }

  #endCall(): void {
    if (this.#temporaries.length === 0) return;
    for (const block of this.#temporaries) this.#recycle(block);
    this.#temporaries = [];
  }

  #recycle(block: Block): void {
    const list = this.#free.get(block.size);
    if (list === undefined) this.#free.set(block.size, [block]);
    else list.push(block);
  }

  #allocate(bytes: number): Block {
    const size = sizeClass(bytes);
    const block = this.#free.get(size)?.pop();
    if (block !== undefined) return block;
    const address = this.#top;
    if (!this.#reserve(address + size)) return this.#smallestFree(size);
    this.#top += size;
    return { address, size };
  }

  /** The smallest free block that is large enough, for when the memory cannot grow. */
  #smallestFree(size: number): Block {
    const fitting = [...this.#free].filter(([own, blocks]) => own > size && blocks.length > 0);
    const [, blocks] = fitting.sort(([a], [b]) => a - b)[0] ?? [];
    const block = blocks?.pop();
    if (block !== undefined) return block;
    const mebibytes = (n: number) => (n / 2 ** 20).toFixed(0);
    throw new BackendError(
      'wasm',
      `out of memory: ${mebibytes(this.#top + size)} MiB needed at once, WebAssembly allows ` +
        `${mebibytes(this.#mostPages * PAGE)} — use smaller batches`,
    );
  }

  /** Grows the memory so that it reaches beyond `end`. @returns whether it could */
  #reserve(end: number): boolean {
    // Reserves slightly more than requested: kernels compare addresses with the end, which must not wrap around to 0.
    const have = this.#memory.buffer.byteLength / PAGE;
    const missing = Math.ceil((end + ALIGNMENT) / PAGE) - have;
    if (missing <= 0) return true;
    if (
      !this.#grow(Math.max(missing, Math.min(USUAL_GROWTH, this.#mostPages - have))) &&
      !this.#grow(missing)
    )
      return false;
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#words = new Int32Array(this.#memory.buffer);
    return true;
  }

  #grow(pages: number): boolean {
    try {
      this.#memory.grow(pages);
      return true;
    } catch {
      return false; // the host gives no reason
    }
  }
}

/** Rounds up to a power of two or the quarters between two of them, so that blocks can be used again for similar sizes. */
function sizeClass(bytes: number): number {
  if (bytes <= ALIGNMENT) return ALIGNMENT;
  const step = Math.max(ALIGNMENT, 2 ** (Math.ceil(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}
