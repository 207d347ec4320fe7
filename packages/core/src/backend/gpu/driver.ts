/** The differences between the modes of gpu.js: how memory is allocated, read and freed, and whether calls are asynchronous. */
import type { ComputeShader } from './dispatch.js';
import type { GpuKernel, GpuMode } from './gpujs.js';
import type { Dialect } from './natives.js';

/** Counts of what a device was sent so far. */
export interface Activity {
  /** Kernels called. */
  launches: number;
  /** Times that calls were handed to the device; calls of webgpu are collected, see commands.ts. */
  submits: number;
  /** Copies to the device of arrays, or of all numbers of a compiled step together; and copies from it. */
  uploads: number;
  downloads: number;
}

export function noActivity(): Activity {
  return { launches: 0, submits: 0, uploads: 0, downloads: 0 };
}

/** The GPU that a mode runs on. */
export interface GpuAdapter {
  readonly name: string;
  /** Whether the GPU is emulated on the CPU: results are right, and timings are not those of a GPU. */
  readonly software: boolean;
}

/** A compute shader in place of a gpu.js kernel. Bindings, in order: the parameters, the operands, the result. */
export interface WgslProgram {
  /** Unique among all shaders: the key of the kernel cache. */
  readonly name: string;
  /** Read only to compile it. */
  readonly code: string;
  /** The struct of parameters as 32-bit words; their number is a multiple of four. */
  readonly params: Uint32Array;
  readonly groups: readonly [number, number, number];
  /** Number of leading operands that are written in place. There is a result only if it is 0. */
  readonly updates: number;
  /** This call and the next one of the same program as one; the arrays that are written come first. */
  readonly pairedWith?: (params: Uint32Array) => WgslProgram;
}

/** A shader, and when it can be called. */
export interface CompiledShader {
  readonly shader: ComputeShader;
  readonly built: Promise<void>;
}

/** Runs shaders on the device and the buffers of gpu.js. */
export interface ShaderRunner {
  compile(program: WgslProgram, operands: number): CompiledShader;
  /** @returns the result, or null for a program that updates in place */
  dispatch(
    shader: ComputeShader,
    program: WgslProgram,
    operands: readonly unknown[],
    length: number,
  ): unknown;
}

/** The memory of one mode. `memory` below is a block of webgpu, a texture of gpu.js, or a Float32Array. */
export interface Driver {
  readonly mode: GpuMode;
  readonly adapter: GpuAdapter;
  readonly activity: Activity;
  /** The gpu.js type of a kernel's array operands. */
  readonly arrayType: string;
  /** The language of functions that gpu.js does not translate; null if the mode has none (see natives.ts). */
  readonly dialect: Dialect | null;
  /** Largest number of elements of one array. */
  readonly maxLength: number;
  /** Largest number of operands of one kernel. */
  readonly maxArrays: number;
  /** Null except on webgpu. */
  readonly shaders: ShaderRunner | null;
  upload(values: Float32Array): unknown;
  /** Starts to compile a kernel of `arrays` operands and `args` arguments; null if the first call compiles it synchronously. */
  build(kernel: GpuKernel, arrays: number, args: number): Promise<void> | null;
  /** Whether a kernel with a three-dimensional output is faster than the same kernel with a flat one. */
  readonly grids: boolean;
  /** Whether kernels can read and write four numbers per element, and are faster with it. */
  readonly quads: boolean;
  /** Calls a compiled kernel. The result is flat for every `output`. */
  run(kernel: GpuKernel, args: readonly unknown[], output: readonly number[]): unknown;
  read(memory: unknown, length: number): Promise<Float32Array>;
  /** Frees memory, or keeps it for reuse. */
  free(memory: unknown): void;
  /** Bytes of free memory kept for reuse. */
  pooledBytes(): number;
  /** Why the device can no longer be used, or null. */
  failure(): string | null;
  destroy(): Promise<void>;
}
