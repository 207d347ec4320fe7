/** Matrix products without this library: with gpu.js alone, and with WebGPU alone. */
import type { Device, DeviceBuffer } from '../../packages/core/src/backend/gpu/webgpu.js';
import {
  COPY_DST,
  COPY_SRC,
  MAP_READ,
  STORAGE,
  UNIFORM,
} from '../../packages/core/src/backend/gpu/webgpu.js';
import { type Contestant, operandsOf } from './contestants.js';
import { REGISTER_TILE, SHARED_TILE, type Tile } from './tiles.js';

/** The public part of gpu.js that is used here. */
interface Gpu {
  createKernel(source: string, settings: object): (...args: unknown[]) => unknown;
  destroy(): Promise<void>;
}

const DOT = `function (a, b) {
  let sum = 0;
  for (let k = 0; k < this.constants.n; k++) sum += a[this.thread.y][k] * b[k][this.thread.x];
  return sum;
}`;
const COPY = 'function (a) { return a[this.thread.y][this.thread.x]; }';

/** Plain gpu.js in the same mode: one dot product per thread, two-dimensional operands on the device. */
export async function plainGpuJs(mode: string): Promise<Contestant> {
  const module = (await import('gpu.js')) as unknown as {
    GPU?: new (settings: object) => Gpu;
    default?: { GPU: new (settings: object) => Gpu };
  };
  const GPU = module.GPU ?? module.default?.GPU;
  if (GPU === undefined) throw new Error('gpu.js does not export GPU');
  return {
    name: `${mode}, plain gpu.js dot`,
    async enter(which) {
      if (which.group !== 'matmul') return null;
      const { size } = which;
      const gpu = new GPU({ mode });
      const settings = { output: [size, size], precision: 'single', pipeline: true, immutable: true };
      const dot = gpu.createKernel(DOT, { ...settings, constants: { n: size }, loopMaxIterations: size });
      const copy = gpu.createKernel(COPY, settings);
      const marker = gpu.createKernel('function () { return 1; }', { output: [1] });
      const operands: unknown[] = [];
      for (const flat of operandsOf(which)) {
        const rows = Array.from({ length: size }, (_, i) => flat.subarray(i * size, (i + 1) * size));
        operands.push(await copy(rows));
      }
      let last: unknown;
      const drop = async (result: unknown): Promise<void> => {
        ((await result) as { delete?(): void } | undefined)?.delete?.();
      };
      return {
        launch() {
          void drop(last);
          last = dot(...operands);
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

/** Hand-written shaders on a separate device, without this library and gpu.js. */
export async function handWritten(): Promise<Contestant[]> {
  const adapter = await (navigator as unknown as { gpu: WebGpu }).gpu.requestAdapter();
  if (adapter === null) throw new Error('there is no adapter');
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
  });
  return [REGISTER_TILE, SHARED_TILE].map((tile) => tileContestant(device, tile));
}

function tileContestant(device: Device, { name, code, block }: Tile): Contestant {
  return {
    name: `webgpu, ${name}`,
    async enter(which) {
      if (which.group !== 'matmul') return null;
      const { size } = which;
      const bytes = 4 * size * size;
      const usage = STORAGE | COPY_SRC | COPY_DST;
      const operands = operandsOf(which).map((values) => {
        const buffer = device.createBuffer({ size: bytes, usage });
        device.queue.writeBuffer(buffer, 0, values);
        return buffer;
      });
      const result = device.createBuffer({ size: bytes, usage });
      const params = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
      device.queue.writeBuffer(params, 0, Uint32Array.of(size, 0, 0, 0));
      const module = device.createShaderModule({ code });
      const pipeline = (await device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      })) as { getBindGroupLayout(index: number): unknown };
      const entries = [params, ...operands, result].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      }));
      const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      const groups = Math.ceil(size / block);
      return {
        launch() {
          const encoder = device.createCommandEncoder();
          const pass = encoder.beginComputePass();
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(groups, groups, 1);
          pass.end();
          device.queue.submit([encoder.finish()]);
        },
        finish: () => readWord(device, result),
        async close() {
          for (const buffer of [...operands, result, params]) buffer.destroy();
        },
      };
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
