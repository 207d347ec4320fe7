/** What differs between the modes of gpu.js: how memory is made, read and given back, and whether calls are asynchronous. */
import type { GpuKernel, GpuMode } from './gpujs.js';

/** The machine behind a mode. */
export interface GpuAdapter {
  readonly name: string;
  /** A GPU that is imitated on the CPU: right results, no speed. */
  readonly software: boolean;
}

/** A compute shader in place of a gpu.js kernel. Bindings are the parameters, the operands in turn, and the result. */
export interface WgslProgram {
  /** Unique among all shaders: the key of the kernel cache. */
  readonly name: string;
  readonly code: string;
  /** Values of the struct of parameters, 32 bits each, a multiple of four of them. */
  readonly params: Uint32Array;
  readonly groups: readonly [number, number, number];
  /** How many operands, from the first on, are written in place; there is a result only if none is. */
  readonly updates: number;
}

/** Shaders beside gpu.js's kernels, on its device and its buffers. */
export interface ShaderRunner {
  compile(program: WgslProgram, operands: number): Promise<unknown>;
  /** @returns the result, or null for a program that updates in place */
  dispatch(compiled: unknown, program: WgslProgram, operands: readonly unknown[], length: number): unknown;
}

/** The memory of one mode. `memory` below is a pipeline handle of gpu.js, or a Float32Array. */
export interface Driver {
  readonly mode: GpuMode;
  readonly adapter: GpuAdapter;
  /** What gpu.js calls an operand of a kernel. */
  readonly arrayType: string;
  /** Largest number of elements of one array. */
  readonly maxLength: number;
  /** Largest number of operands of one kernel. */
  readonly maxArrays: number;
  /** Only webgpu has them. */
  readonly shaders: ShaderRunner | null;
  upload(values: Float32Array): unknown;
  /** Starts to compile a kernel of so many operands and arguments; null where the first call compiles it at once. */
  build(kernel: GpuKernel, arrays: number, args: number): Promise<void> | null;
  /** Whether a kernel of three-dimensional output is faster than the same on a flat one. */
  readonly grids: boolean;
  /** Whether kernels can read and give four numbers an element, and gain by it. */
  readonly quads: boolean;
  /** Calls a compiled kernel; the result is flat, whatever the output's axes. */
  run(kernel: GpuKernel, args: readonly unknown[], output: readonly number[]): unknown;
  read(memory: unknown, length: number): Promise<Float32Array>;
  /** Takes memory back, perhaps for reuse. */
  free(memory: unknown): void;
  /** Bytes that lie ready for reuse. */
  pooledBytes(): number;
  /** Why the device can no longer be used, or null. */
  failure(): string | null;
  destroy(): Promise<void>;
}
