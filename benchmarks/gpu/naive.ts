/** Products and sums without this library: with gpu.js alone, and with WebGPU alone. */
import type { WgslProgram } from '../../packages/core/src/backend/gpu/driver.js';
import type { Device, DeviceBuffer } from '../../packages/core/src/backend/gpu/webgpu.js';
import {
  COPY_DST,
  COPY_SRC,
  MAP_READ,
  STORAGE,
  UNIFORM,
} from '../../packages/core/src/backend/gpu/webgpu.js';
import { registerProduct } from '../../packages/core/src/backend/gpu/wgsl-registers.js';
import { TILES, tileProduct } from '../../packages/core/src/backend/gpu/wgsl-tiles.js';
import type { KernelCase } from './cases.js';
import { type Contestant, operandsOf } from './contestants.js';
import { YARDSTICKS, type Yardstick } from './tiles.js';
import type { Runner } from './time.js';

/** The public part of gpu.js that is used here. */
interface Gpu {
  createKernel(source: string, settings: object): (...args: unknown[]) => unknown;
  destroy(): Promise<void>;
}

/** A kernel of plain gpu.js, with the shape of its operands and of its result. */
interface PlainKernel {
  readonly source: string;
  readonly shape: readonly number[];
  readonly constants: Readonly<Record<string, number>>;
}

function plainKernel({ group, size }: KernelCase): PlainKernel | null {
  if (group === 'add') {
    const source = 'function (a, b) { return a[this.thread.x] + b[this.thread.x]; }';
    return { source, shape: [size], constants: {} };
  }
  if (group !== 'matmul') return null;
  const source = `function (a, b) {
  let sum = 0;
  for (let k = 0; k < this.constants.n; k++) sum += a[this.thread.y][k] * b[k][this.thread.x];
  return sum;
}`;
  return { source, shape: [size, size], constants: { n: size } };
}

const COPIES = [
  '',
  'function (a) { return a[this.thread.x]; }',
  'function (a) { return a[this.thread.y][this.thread.x]; }',
];

/** Plain gpu.js in the same mode: one number per thread, operands on the device. */
export async function plainGpuJs(mode: string): Promise<Contestant> {
  const module = (await import('gpu.js')) as unknown as {
    GPU?: new (settings: object) => Gpu;
    default?: { GPU: new (settings: object) => Gpu };
  };
  const GPU = module.GPU ?? module.default?.GPU;
  if (GPU === undefined) throw new Error('gpu.js does not export GPU');
  return {
    name: `${mode}, plain gpu.js`,
    async enter(which) {
      const kernel = plainKernel(which);
      if (kernel === null) return null;
      const { source, shape, constants } = kernel;
      const [size] = shape as [number];
      const gpu = new GPU({ mode });
      const settings = { output: shape, precision: 'single', pipeline: true, immutable: true };
      const run = gpu.createKernel(source, { ...settings, constants, loopMaxIterations: size });
      const copy = gpu.createKernel(COPIES[shape.length]!, settings);
      const marker = gpu.createKernel('function () { return 1; }', { output: [1] });
      const operands: unknown[] = [];
      for (const flat of operandsOf(which)) {
        const rows = Array.from({ length: size }, (_, i) => flat.subarray(i * size, (i + 1) * size));
        operands.push(await copy(shape.length === 1 ? flat : rows));
      }
      let last: unknown;
      const drop = async (result: unknown): Promise<void> => {
        ((await result) as { delete?(): void } | undefined)?.delete?.();
      };
      return {
        launch() {
          void drop(last);
          last = run(...operands);
        },
        async finish() {
          await marker();
        },
        async close() {
          for (const result of [...operands, last]) await drop(result);
          await gpu.destroy();
        },
      };
    },
  };
}

interface WebGpu {
  requestAdapter(): Promise<{
    readonly limits: Device['limits'];
    requestDevice(options: object): Promise<Device>;
  } | null>;
}

/** Held, because the memory of a device is freed when its adapter is garbage-collected. */
const adapters: unknown[] = [];

const PLAIN = { biased: false, activation: 'none' } as const;

/** The kernels that the table of wgsl-matmul.ts chooses from. */
const VARIANTS: readonly Yardstick[] = [
  {
    name: 'register tile of the library',
    programOf: ({ product }) => (product === undefined ? null : registerProduct(product, PLAIN)),
  },
  ...TILES.map((tile) => ({
    name: `${tile.rows}×${tile.columns} tile of the library`,
    programOf: ({ product }: KernelCase) =>
      product === undefined ? null : tileProduct(product, PLAIN, tile),
  })),
];

/**
 * Hand-written shaders on a separate device, without this library and gpu.js. On a card, also all kernels that the library
 * chooses from; a software adapter takes seconds for each.
 */
export async function handWritten(software: boolean): Promise<Contestant[]> {
  const adapter = await (navigator as unknown as { gpu: WebGpu }).gpu.requestAdapter();
  if (adapter === null) throw new Error('there is no adapter');
  adapters.push(adapter);
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
  });
  return [...YARDSTICKS, ...(software ? [] : VARIANTS)].map(({ name, programOf }) => ({
    name: `webgpu, ${name}`,
    async enter(which) {
      const program = programOf(which);
      return program === null ? null : shaderRunner(device, program, which);
    },
  }));
}

async function shaderRunner(
  device: Device,
  { code, params, groups }: WgslProgram,
  which: KernelCase,
): Promise<Runner> {
  const usage = STORAGE | COPY_SRC | COPY_DST;
  const operands = operandsOf(which).map((values) => {
    const buffer = device.createBuffer({ size: values.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  });
  const elements = which.product === undefined ? which.size : which.product.m * which.product.n;
  const result = device.createBuffer({ size: 4 * elements, usage });
  const uniform = device.createBuffer({ size: params.byteLength, usage: UNIFORM | COPY_DST });
  device.queue.writeBuffer(uniform, 0, params);
  const module = device.createShaderModule({ code });
  const pipeline = (await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  })) as { getBindGroupLayout(index: number): unknown };
  const entries = [uniform, ...operands, result].map((buffer, binding) => ({
    binding,
    resource: { buffer },
  }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return {
    launch() {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...groups);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
    finish: () => readWord(device, result),
    async close() {
      for (const buffer of [...operands, result, uniform]) buffer.destroy();
    },
  };
}

/** Reads one word, which completes after all earlier work. */
async function readWord(device: Device, from: DeviceBuffer): Promise<void> {
  const staging = device.createBuffer({ size: 4, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(MAP_READ);
  staging.destroy();
}
