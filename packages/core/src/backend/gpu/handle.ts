import type { DeviceArray } from '../backend.js';

/** Values in device memory: a flat array of float32 behind a handle. */
export class GpuArray implements DeviceArray {
  readonly device: string = 'gpu';
  /** A separate object, so that the memory can be freed when the handle is garbage-collected. */
  readonly cell: Cell;

  constructor(length: number) {
    this.cell = { length, memory: null, pending: null, readers: new Set(), released: false, lent: false };
  }

  get length(): number {
    return this.cell.length;
  }
}

/** The state that a handle refers to. */
export interface Cell {
  readonly length: number;
  /** A block of webgpu, a texture of gpu.js, or a Float32Array in its modes cpu and webasm; null for 0 elements, and until it is computed. */
  memory: unknown;
  /** The deferred computation; null once it has been submitted. */
  pending: Call | null;
  /** Pending cells that read this one. Its values must be kept until they are computed. */
  readonly readers: Set<Cell>;
  released: boolean;
  /** Whether the next run of a compiled step replaces the values. */
  lent: boolean;
}

/** Element i of a result reads an array at `offset` plus its coordinates times `strides`. */
export interface Read {
  readonly array: GpuArray;
  readonly lengths: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A function of other elements. `text` is an expression in x, y and z (the operands, in order) and c (a number). */
export interface Call {
  readonly name: string;
  readonly text: string;
  readonly operands: readonly (Read | Call)[];
  readonly number: number | null;
}

/** An elementwise operation on arrays: a `Call` whose operands are not resolved yet. */
export interface Operation {
  readonly name: string;
  readonly text: string;
  readonly reads: readonly Read[];
  readonly number?: number;
}

/** Reads the memories of arrays when it is called, and keeps no handle alive until then. */
export function memoriesOf(operands: readonly GpuArray[]): () => unknown[] {
  const cells = operands.map(({ cell }) => cell);
  return () => cells.map(({ memory }) => memory);
}
