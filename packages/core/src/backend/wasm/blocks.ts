/** Blocks of one growing memory, by address. Freed blocks are used again for the same size; when space is short, neighbours merge. */

/** A piece of the memory. */
export interface Block {
  readonly address: number;
  /** Bytes reserved. */
  readonly size: number;
}

const ALIGNMENT = 64;

/** Reserves and frees blocks from `start` on. */
export class Blocks {
  readonly #reserve: (end: number) => boolean;
  /** End of the last block. */
  #top: number;
  #bytesFree = 0;
  readonly #start: number;
  /** Free blocks by size. */
  #free: Map<number, Block[]> = new Map();

  /**
   * @param start - the first address
   * @param reserve - makes the memory reach up to an address. @returns whether it could
   */
  constructor(start: number, reserve: (end: number) => boolean) {
    this.#start = start;
    this.#top = start;
    this.#reserve = reserve;
  }

  /** Address after the last block in use or kept for reuse. */
  get top(): number {
    return this.#top;
  }

  /** Bytes of the blocks in use. */
  get bytesUsed(): number {
    return this.#top - this.#start - this.#bytesFree;
  }

  /** A block of at least `bytes` bytes; undefined if there is no room. */
  take(bytes: number): Block | undefined {
    const size = sizeClass(bytes);
    return this.#reuse(size) ?? this.#append(size) ?? this.#squeeze(roundUp(bytes, ALIGNMENT));
  }

  /** Frees a block. */
  free(block: Block): void {
    this.#bytesFree += block.size;
    this.#list(block);
  }

  #list(block: Block): void {
    const list = this.#free.get(block.size);
    if (list === undefined) this.#free.set(block.size, [block]);
    else list.push(block);
  }

  /** A free block of exactly this size. */
  #reuse(size: number): Block | undefined {
    const block = this.#free.get(size)?.pop();
    if (block !== undefined) this.#bytesFree -= size;
    return block;
  }

  /** A new block at the end. */
  #append(size: number): Block | undefined {
    const address = this.#top;
    if (!this.#reserve(address + size)) return undefined;
    this.#top += size;
    return { address, size };
  }

  /** A part of the smallest free block that is large enough. If there is none, free neighbours are merged first. */
  #squeeze(size: number): Block | undefined {
    const found = this.#split(size);
    if (found !== undefined) return found;
    this.#merge();
    return this.#split(size) ?? this.#append(size);
  }

  #split(size: number): Block | undefined {
    let best = Number.POSITIVE_INFINITY;
    for (const [own, blocks] of this.#free) if (own >= size && own < best && blocks.length > 0) best = own;
    const block = this.#reuse(best);
    if (block === undefined) return undefined;
    if (best > size) this.free({ address: block.address + size, size: best - size });
    return { address: block.address, size };
  }

  /** Merges free neighbours. A free block at the end is given back. */
  #merge(): void {
    const blocks = [...this.#free.values()].flat().sort((a, b) => a.address - b.address);
    this.#free = new Map();
    let last: Block | undefined;
    for (const block of blocks) {
      if (last !== undefined && last.address + last.size === block.address) {
        last = { address: last.address, size: last.size + block.size };
      } else {
        if (last !== undefined) this.#list(last);
        last = block;
      }
    }
    if (last === undefined) return;
    if (last.address + last.size < this.#top) this.#list(last);
    else {
      this.#top = last.address;
      this.#bytesFree -= last.size;
    }
  }
}

/** Rounds up to a power of two or the quarters between two of them, so that blocks can be used again for similar sizes. */
function sizeClass(bytes: number): number {
  if (bytes <= ALIGNMENT) return ALIGNMENT;
  return roundUp(bytes, Math.max(ALIGNMENT, 2 ** (Math.ceil(Math.log2(bytes)) - 3)));
}

function roundUp(bytes: number, step: number): number {
  return Math.max(step, Math.ceil(bytes / step) * step);
}
