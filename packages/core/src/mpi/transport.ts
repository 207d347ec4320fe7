/** What a group needs of a library for messages. Every process calls the same functions in the same order. */
export interface Transport {
  readonly rank: number;
  readonly size: number;
  /** What exchanges the messages, for display. */
  readonly description: string;
  /** Replaces the values by their sums over the processes. All processes get the same bits. */
  sum(values: Float32Array | Float64Array): void;
  /** Replaces the bytes by those of process `root`. */
  broadcast(bytes: Uint8Array, root: number): void;
  /** Copies the bytes of all processes one after the other to `into`, which is `size` times as long. */
  gather(bytes: Uint8Array, into: Uint8Array): void;
  /** Sends the i-th part of `bytes` to process i, and puts what process i sends to the i-th part of `into`. */
  swap(bytes: Uint8Array, into: Uint8Array): void;
  barrier(): void;
  end(): void;
}

/** One process alone. */
export const ALONE: Transport = {
  rank: 0,
  size: 1,
  description: 'one process',
  sum() {},
  broadcast() {},
  gather: (bytes, into) => into.set(bytes),
  swap: (bytes, into) => into.set(bytes),
  barrier() {},
  end() {},
};
