import { Commands } from './commands.js';
import { type Dispatch, type DispatchTarget, kernelDispatch } from './dispatch.js';
import { type Activity, type Driver, type GpuAdapter, noActivity } from './driver.js';
import { type BuiltKernel, changed, checkFields, type GpuJs, type GpuKernel } from './gpujs.js';
import { BufferPool } from './pool.js';
import type { DeviceBuffer, WebGpuContext } from './webgpu.js';
import { COPY_DST, COPY_SRC, MAP_READ, STORAGE } from './webgpu.js';
import { WgslRunner } from './wgsl-runner.js';

/** Positions in an array are 32-bit signed integers. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** What this driver reads and sets of gpu.js's own kernel, before and after it is built. */
const KERNEL_FIELDS: readonly (keyof BuiltKernel)[] = [
  'build',
  'compiledSource',
  'nativeFunctions',
  'computePipeline',
  'bindGroupLayout',
  'paramsLayout',
  'outputBuffer',
];
const BUILT_FIELDS: readonly (keyof BuiltKernel)[] = ['workgroupSize'];

/** The functions of natives.ts must be in the shader as they are written. @throws BackendError if one is not */
export function checkNatives({ nativeFunctions, compiledSource }: BuiltKernel): void {
  for (const { source } of nativeFunctions ?? []) {
    if (!compiledSource?.includes(source))
      throw changed(`a shader lacks the function '${source.split('(')[0]}'`);
  }
}

/** The memory of an array: numbers that were not copied to the device yet, or a buffer. */
export interface Block {
  readonly length: number;
  host: Float32Array | null;
  /** Whether a compiled step has copied the numbers of the host with its own. */
  staged: boolean;
  /** Null as long as the numbers are on the host. */
  buffer: DeviceBuffer | null;
}

/** All drivers that share gpu.js's single device. When the last one is destroyed, the device is destroyed. */
const users: Set<BufferDriver> = new Set();

/** gpu.js's mode webgpu: arrays are storage buffers. gpu.js compiles kernels, and this driver calls them. */
export class BufferDriver implements Driver, DispatchTarget<Block> {
  readonly mode = 'webgpu';
  readonly adapter: GpuAdapter;
  readonly activity: Activity = noActivity();
  readonly arrayType: string = 'Array';
  readonly dialect = 'wgsl';
  readonly maxLength: number;
  readonly maxArrays: number = 7;
  readonly grids: boolean = false;
  readonly quads: boolean = false;
  readonly shaders: WgslRunner<Block>;
  readonly commands: Commands;
  readonly #gpujs: GpuJs;
  /** Holds the device's adapter. Once an adapter or the origin is garbage-collected, the memory of its devices is freed. */
  readonly #context: WebGpuContext;
  readonly origin: unknown;
  readonly #pool: BufferPool;
  #failure: string | null = null;
  #destroyed = false;

  /** @param origin - the object that gave the adapter, `navigator.gpu` */
  constructor(gpujs: GpuJs, context: WebGpuContext, adapter: GpuAdapter, origin: unknown) {
    users.add(this);
    this.#gpujs = gpujs;
    this.#context = context;
    this.origin = origin;
    this.adapter = adapter;
    const { device } = context;
    const usage = STORAGE | COPY_SRC | COPY_DST;
    this.commands = new Commands(device, this.activity);
    this.#pool = new BufferPool(
      (size) => device.createBuffer({ size, usage }),
      (buffer) => this.commands.destroyBuffer(buffer),
    );
    this.shaders = new WgslRunner<Block>(device, this);
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

  /** A block of the device, with undefined values. */
  take(length: number): Block {
    return { length, host: null, staged: false, buffer: this.#pool.take(4 * length) };
  }

  /** The numbers are copied to the device when a kernel needs them; a compiled step copies them with its own numbers. */
  upload(values: Float32Array): Block {
    return { length: values.length, host: values, staged: false, buffer: null };
  }

  /** The buffer of a block. Numbers on the host are copied to a new one. */
  bufferOf(block: Block): DeviceBuffer {
    if (block.buffer !== null) return block.buffer;
    const buffer = this.#pool.take(4 * block.length);
    this.commands.write(buffer, block.host!);
    block.buffer = buffer;
    block.host = null;
    return buffer;
  }

  build({ kernel }: GpuKernel, arrays: number, args: number): Promise<void> {
    checkFields('a webgpu kernel', kernel, KERNEL_FIELDS);
    // Only the types of the arguments matter, and they are declared.
    const examples = Array.from({ length: args }, (_, i) => (i < arrays ? new Float32Array(1) : 0));
    const built = Promise.resolve(kernel.build(...examples));
    checkFields('a webgpu kernel', kernel, BUILT_FIELDS);
    return built.then(() => {
      checkNatives(kernel);
      kernel.outputBuffer?.destroy();
      kernel.outputBuffer = null;
    });
  }

  run({ kernel }: GpuKernel, args: readonly unknown[], [length]: readonly number[]): Block {
    const result = this.take(length!);
    const most = this.#context.device.limits.maxComputeWorkgroupsPerDimension;
    this.send(kernelDispatch(kernel, args, result, most));
    return result;
  }

  send(dispatch: Dispatch<Block>): void {
    this.commands.add({ ...dispatch, memories: dispatch.memories.map((block) => this.bufferOf(block)) });
  }

  async read(block: Block, length: number): Promise<Float32Array> {
    this.activity.downloads++;
    if (block.host !== null) return block.host.slice();
    const { device } = this.#context;
    const from = this.bufferOf(block);
    const staging = device.createBuffer({ size: 4 * length, usage: MAP_READ | COPY_DST });
    this.commands.flush((encoder) => encoder.copyBufferToBuffer(from, 0, staging, 0, 4 * length));
    await staging.mapAsync(MAP_READ);
    const values = new Float32Array(staging.getMappedRange()).slice();
    staging.destroy();
    return values;
  }

  free({ buffer }: Block): void {
    if (buffer !== null) this.#pool.give(buffer);
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
    this.commands.destroy();
    this.#pool.destroy();
    users.delete(this);
    if (users.size === 0) await this.#gpujs.WebGPUContext.destroy();
  }
}
