import type { Driver, GpuAdapter } from './driver.js';
import { type BuiltKernel, changed, checkFields, type GpuJs, type GpuKernel } from './gpujs.js';
import { BufferPool } from './pool.js';
import type { BufferResult, DeviceBuffer, WebGpuContext } from './webgpu.js';
import { COPY_DST, COPY_SRC, MAP_READ, STORAGE } from './webgpu.js';
import { WgslRunner } from './wgsl-runner.js';

/** Positions in an array are 32-bit signed integers. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** What this driver reads and sets of gpu.js's own kernel. */
const KERNEL_FIELDS: readonly (keyof BuiltKernel)[] = [
  'build',
  'compiledSource',
  'nativeFunctions',
  'outputBuffer',
  'bindGroupDirty',
  'immutable',
];

/** The functions of natives.ts must be in the shader as they are written. @throws BackendError if one is not */
export function checkNatives({ nativeFunctions, compiledSource }: BuiltKernel): void {
  for (const { source } of nativeFunctions ?? []) {
    if (!compiledSource?.includes(source))
      throw changed(`a shader lacks the function '${source.split('(')[0]}'`);
  }
}

/** All drivers that share gpu.js's single device. When the last one is destroyed, the device is destroyed. */
const users: Set<BufferDriver> = new Set();

/** gpu.js's mode webgpu: arrays are storage buffers. */
export class BufferDriver implements Driver {
  readonly mode = 'webgpu';
  readonly adapter: GpuAdapter;
  readonly arrayType: string = 'Array';
  readonly dialect = 'wgsl';
  readonly maxLength: number;
  readonly maxArrays: number = 7;
  readonly grids: boolean = false;
  readonly quads: boolean = false;
  readonly shaders: WgslRunner;
  readonly #gpujs: GpuJs;
  readonly #context: WebGpuContext;
  readonly #pool: BufferPool;
  #failure: string | null = null;
  #destroyed = false;

  constructor(gpujs: GpuJs, context: WebGpuContext, adapter: GpuAdapter) {
    users.add(this);
    this.#gpujs = gpujs;
    this.#context = context;
    this.adapter = adapter;
    const { device } = context;
    const usage = STORAGE | COPY_SRC | COPY_DST;
    this.#pool = new BufferPool((size) => device.createBuffer({ size, usage }));
    this.shaders = new WgslRunner(device, {
      take: (length) => this.#pool.take(4 * length),
      wrap: (buffer, length) => this.#wrap(buffer, length),
    });
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    const bytes = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    this.maxLength = Math.min(MOST_ELEMENTS, Math.floor(bytes / 4));
    device.lost.then(({ message }) => {
      this.#failure ??= `it was lost (${message})`;
    });
    device.onuncapturederror = ({ error }) => {
      for (const user of users) user.#failure ??= error.message;
    };
  }

  upload(values: Float32Array): unknown {
    const { device } = this.#context;
    const buffer = this.#pool.take(values.byteLength);
    device.queue.writeBuffer(buffer, 0, values);
    return this.#wrap(buffer, values.length);
  }

  build({ kernel }: GpuKernel, arrays: number, args: number): Promise<void> {
    checkFields('a webgpu kernel', kernel, KERNEL_FIELDS);
    // Only the types of the arguments matter, and they are declared.
    const examples = Array.from({ length: args }, (_, i) => (i < arrays ? new Float32Array(1) : 0));
    return Promise.resolve(kernel.build(...examples)).then(() => {
      checkNatives(kernel);
      kernel.immutable = false; // `run` passes a buffer for each result
    });
  }

  /** A built kernel submits its work within the call. The promise that gpu.js returns only reports errors. */
  run(kernel: GpuKernel, args: readonly unknown[], output: readonly number[]): unknown {
    const length = output.reduce((product, n) => product * n, 1);
    const inner = kernel.kernel;
    kernel.setOutput(output);
    inner.outputBuffer = this.#pool.take(4 * length);
    inner.bindGroupDirty = true;
    Promise.resolve(kernel(...args)).catch((cause: Error) => {
      this.#failure ??= cause.message;
    });
    const buffer = inner.outputBuffer as DeviceBuffer;
    inner.outputBuffer = null;
    return this.#wrap(buffer, length);
  }

  #wrap(buffer: DeviceBuffer, length: number): unknown {
    const context = this.#context;
    return new this.#gpujs.WebGPUBufferResult({ buffer, output: [length], context, kernel: null });
  }

  async read(memory: BufferResult, length: number): Promise<Float32Array> {
    const { device } = this.#context;
    const staging = device.createBuffer({ size: 4 * length, usage: MAP_READ | COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(memory.buffer, 0, staging, 0, 4 * length);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const values = new Float32Array(staging.getMappedRange()).slice();
    staging.destroy();
    return values;
  }

  free(memory: BufferResult): void {
    this.#pool.give(memory.buffer);
  }

  pooledBytes(): number {
    return this.#pool.bytes;
  }

  failure(): string | null {
    return this.#failure;
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#pool.destroy();
    users.delete(this);
    if (users.size === 0) await this.#gpujs.WebGPUContext.destroy();
  }
}
