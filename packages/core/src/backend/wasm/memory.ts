/**
 * The memory of the kernels. A Float32Array inside it is RESIDENT and is used without a copy; any other array is copied in for
 * the duration of a call. Results are copied out to ordinary, garbage-collected arrays. While a scope is open they stay
 * resident, and the scope frees them.
 */
import { BackendError } from '../../errors.js';
import { allocate, mebibytes } from '../allocate.js';
import { type Block, Blocks } from './blocks.js';
import type { KernelMemory, LoadedModule } from './module.js';

/** The module's constants and the control block of the threads are below this address. */
const FIRST_ADDRESS = 131_072;
const PAGE = 65_536;
/** Kernels compare addresses with the end of the memory, which must not wrap around to 0. */
const MARGIN = 64;
/** Minimum number of pages (16 MiB) that the memory grows by, so that it grows rarely. */
const USUAL_GROWTH = 256;
/**
 * The part of the memory that resident values may fill. Values beyond it live in garbage-collected arrays, so that kernels
 * always have room for operands and results.
 */
const RESIDENT_PART = 0.75;

/** Allocates blocks of the WebAssembly memory and tracks the resident arrays. */
export class ResidentMemory {
  readonly #memory: KernelMemory;
  /** Bytes that the memory may grow to. */
  readonly #capacity: number;
  #floats: Float32Array;
  #words: Int32Array;
  readonly #space: Blocks;
  readonly #blocks: WeakMap<Float32Array, Block> = new WeakMap();
  /** Arrays in the blocks of an owner, which is not garbage-collected before them. */
  readonly #lent: WeakMap<Float32Array, { readonly address: number; readonly owner: object }> = new WeakMap();
  /** Frees the blocks of owners that have been garbage-collected. */
  readonly #orphaned: FinalizationRegistry<readonly Block[]>;
  /** Frees the blocks of resident arrays that have been garbage-collected. */
  readonly #abandoned: FinalizationRegistry<Block>;
  #scopes = 0;
  #temporaries: Block[] = [];

  constructor({ memory, mostPages }: Pick<LoadedModule, 'memory' | 'mostPages'>) {
    this.#memory = memory;
    this.#capacity = mostPages * PAGE;
    this.#floats = new Float32Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#space = new Blocks(FIRST_ADDRESS, (end) => this.#reserve(end));
    // The registry outlives this object: the engine reports collected arrays between tasks only.
    this.#abandoned = new FinalizationRegistry((block) => this.#space.free(block));
    this.#orphaned = new FinalizationRegistry((blocks) => {
      for (const block of blocks) this.#space.free(block);
    });
  }

  /** Bytes of the WebAssembly memory in use or kept for reuse. */
  get bytesReserved(): number {
    return this.#space.top;
  }

  openScope(): void {
    this.#scopes++;
  }

  closeScope(): void {
    this.#scopes--;
  }

  /** A block of at least `bytes` bytes until the end of the call. */
  temporary(bytes: number): number {
    return this.#temporary(bytes).address;
  }

  /** The address of values. Arrays that are not resident are copied in. */
  addressOf(values: Float32Array): number {
    const resident = this.residentAddress(values);
    if (resident !== undefined) return resident;
    const address = this.temporary(values.length * 4);
    this.#floats.set(values, address / 4);
    return address;
  }

  /** The address of resident values; undefined for other arrays. */
  residentAddress(values: Float32Array): number | undefined {
    return this.#blocks.get(values)?.address ?? this.#lent.get(values)?.address;
  }

  /** Copies values that a kernel changed in place back to their array, unless it is resident. */
  writeBack(values: Float32Array, address: number): void {
    if (this.residentAddress(values) === undefined)
      values.set(this.#floats.subarray(address / 4, address / 4 + values.length));
  }

  /** Writes 32-bit integers for a kernel, valid until the end of the call. */
  integers(values: readonly number[]): number {
    const address = this.temporary(values.length * 4);
    this.setIntegers(address, values);
    return address;
  }

  setIntegers(address: number, values: readonly number[]): void {
    this.#words.set(values, address / 4);
  }

  setFloats(address: number, values: ArrayLike<number>): void {
    this.#floats.set(values, address / 4);
  }

  /** Runs a kernel that fills `size` floats at the address it is given, and frees the temporaries of the call. */
  compute(size: number, kernel: (out: number) => void): Float32Array {
    try {
      const block = this.#temporary(size * 4);
      kernel(block.address);
      if (this.#scopes === 0 || !this.#mayStay()) return copyOf(this.floatsAt(block.address, size));
      this.#temporaries = this.#temporaries.filter((temporary) => temporary !== block);
      return this.#view(block, size);
    } finally {
      this.#endCall();
    }
  }

  /** A copy of numbers: resident while a scope is open, else garbage-collected. */
  upload(values: ArrayLike<number>): Float32Array {
    const resident = this.#scopes > 0 ? this.#resident(values) : undefined;
    return resident ?? allocate('wasm', values.length * 4, () => new Float32Array(values));
  }

  /** Runs a kernel that has no result. */
  update(kernel: () => void): void {
    try {
      kernel();
    } finally {
      this.#endCall();
    }
  }

  /**
   * The values in resident memory, until they are released or the array is garbage-collected. If the part for resident values
   * is full, the values stay where they are, and each kernel copies them.
   */
  persist(values: Float32Array): Float32Array {
    const own = this.#blocks.has(values) ? values : this.#resident(values);
    if (own === undefined) return values;
    this.#abandoned.register(own, this.#blocks.get(own)!, own);
    return own;
  }

  /** The values in garbage-collected memory; a resident block is freed. */
  keep(values: Float32Array): Float32Array {
    if (this.residentAddress(values) === undefined) return values;
    const copy = copyOf(values);
    this.release(values);
    return copy;
  }

  /**
   * A block of at least `bytes` bytes until it is freed.
   * @param own - bytes that the program has already reserved
   * @throws BackendError if there is no room
   */
  reserve(bytes: number, own: number): Block {
    const block = this.#space.take(bytes);
    if (block !== undefined && this.#mayStay()) return block;
    if (block !== undefined) this.#space.free(block);
    throw this.#full('a program', bytes, own);
  }

  free(block: Block): void {
    this.#space.free(block);
  }

  /** Frees the blocks that are in the list when the owner is garbage-collected. */
  freeWith(owner: object, blocks: readonly Block[]): void {
    this.#orphaned.register(owner, blocks);
  }

  /** Floats of a reserved block. */
  floatsAt(address: number, size: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, size);
  }

  /** Integers of a reserved block. */
  integersAt(address: number, size: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, size);
  }

  /** Makes floats of an owner's block resident, until `withdraw`. */
  lend(address: number, size: number, owner: object): Float32Array {
    const values = this.floatsAt(address, size);
    this.#lent.set(values, { address, owner });
    return values;
  }

  withdraw(values: Float32Array): void {
    this.#lent.delete(values);
  }

  /** Frees the block of a resident array; other arrays are ignored. */
  release(values: Float32Array): void {
    const block = this.#blocks.get(values);
    if (block === undefined) return;
    this.#blocks.delete(values);
    this.#abandoned.unregister(values);
    this.#space.free(block);
  }

  /** Makes a block resident. */
  #view(block: Block, size: number): Float32Array {
    const view = this.floatsAt(block.address, size);
    this.#blocks.set(view, block);
    return view;
  }

  /** A resident copy; undefined if there is no room for one. */
  #resident(values: ArrayLike<number>): Float32Array | undefined {
    const block = this.#space.take(values.length * 4);
    if (block === undefined) return undefined;
    if (!this.#mayStay()) {
      this.#space.free(block);
      return undefined;
    }
    this.#floats.set(values, block.address / 4);
    return this.#view(block, values.length);
  }

  /** Whether the blocks in use, the newest one included, may all be resident. */
  #mayStay(): boolean {
    return this.#space.bytesUsed <= RESIDENT_PART * this.#capacity;
  }

  #endCall(): void {
    if (this.#temporaries.length === 0) return;
    for (const block of this.#temporaries) this.#space.free(block);
    this.#temporaries = [];
  }

  #temporary(bytes: number): Block {
    const block = this.#space.take(bytes);
    if (block === undefined) {
      const own = this.#temporaries.reduce((sum, { size }) => sum + size, 0);
      throw this.#full('a kernel', bytes, own);
    }
    this.#temporaries.push(block);
    return block;
  }

  /** @param own - bytes that the kernel or program has already */
  #full(what: string, bytes: number, own: number): BackendError {
    const fits = own + bytes <= this.#capacity - FIRST_ADDRESS - MARGIN;
    const held = mebibytes(this.#space.bytesUsed - own);
    return new BackendError(
      'wasm',
      `out of memory: ${what} needs ${mebibytes(own + bytes)} MiB for operands and results, and long-lived values ` +
        `hold ${held} of the ${mebibytes(this.#capacity)} MiB of WebAssembly — ` +
        (fits
          ? 'dispose of parameters that are not needed; dropped ones are freed only when the program awaits'
          : 'split the operation into smaller ones, such as smaller batches, or use the reference backend'),
    );
  }

  /** Grows the memory so that it reaches beyond `end`. @returns whether it could */
  #reserve(end: number): boolean {
    const most = this.#capacity / PAGE;
    const have = this.#memory.buffer.byteLength / PAGE;
    const missing = Math.ceil((end + MARGIN) / PAGE) - have;
    if (missing <= 0) return true;
    if (have + missing > most) return false;
    if (!this.#grow(Math.max(missing, Math.min(USUAL_GROWTH, most - have))) && !this.#grow(missing))
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

/** A copy in garbage-collected memory. @throws BackendError if the host has not that much memory */
export function copyOf(values: Float32Array): Float32Array {
  return allocate('wasm', values.byteLength, () => values.slice());
}
