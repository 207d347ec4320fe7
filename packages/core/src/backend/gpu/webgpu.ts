/** Typings of the part of WebGPU that is used here. Neither Node nor TypeScript's own libraries declare them. */

export interface DeviceBuffer {
  readonly size: number;
  destroy(): void;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
}

export interface ComputePass {
  setPipeline(pipeline: unknown): void;
  setBindGroup(index: number, group: unknown): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}

export interface CommandEncoder {
  beginComputePass(): ComputePass;
  copyBufferToBuffer(from: DeviceBuffer, start: number, to: DeviceBuffer, place: number, bytes: number): void;
  finish(): unknown;
}

interface Limits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minUniformBufferOffsetAlignment: number;
  readonly minStorageBufferOffsetAlignment: number;
}

export interface Device {
  readonly limits: Limits;
  readonly queue: {
    writeBuffer(buffer: DeviceBuffer, offset: number, data: Float32Array | Uint32Array): void;
    submit(commands: readonly unknown[]): void;
  };
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  onuncapturederror: ((event: { readonly error: { readonly message: string } }) => void) | null;
  createBuffer(descriptor: { size: number; usage: number }): DeviceBuffer;
  createShaderModule(descriptor: { code: string }): {
    getCompilationInfo(): Promise<{ readonly messages: readonly CompilationMessage[] }>;
  };
  createBindGroupLayout(descriptor: object): unknown;
  createPipelineLayout(descriptor: object): unknown;
  createComputePipelineAsync(descriptor: object): Promise<unknown>;
  createBindGroup(descriptor: object): unknown;
  createCommandEncoder(): CommandEncoder;
}

interface CompilationMessage {
  readonly type: string;
  readonly message: string;
  readonly lineNum: number;
}

/** The state that gpu.js shares among all its kernels of mode webgpu. */
export interface WebGpuContext {
  readonly device: Device;
  readonly adapter: unknown;
}

/** GPUBufferUsage.MAP_READ, and GPUMapMode.READ. */
export const MAP_READ = 0x01;
export const COPY_SRC = 0x04;
export const COPY_DST = 0x08;
export const UNIFORM = 0x40;
export const STORAGE = 0x80;
