import { BackendError } from '../../errors.js';
import type { ShaderRunner, WgslProgram } from './driver.js';
import { type BufferResult, COPY_DST, type Device, type DeviceBuffer, UNIFORM } from './webgpu.js';

interface Compiled {
  readonly pipeline: unknown;
  readonly layout: unknown;
  readonly params: DeviceBuffer;
}

/** Allocates and wraps the buffers of results. */
interface Results {
  /** A buffer of `length` elements. */
  take(length: number): DeviceBuffer;
  /** gpu.js's handle of a buffer. */
  wrap(buffer: DeviceBuffer, length: number): unknown;
}

/** GPUShaderStage.COMPUTE */
const COMPUTE = 4;

/** Compiles and dispatches hand-written shaders on gpu.js's device. */
export class WgslRunner implements ShaderRunner {
  readonly #device: Device;
  readonly #results: Results;

  constructor(device: Device, results: Results) {
    this.#device = device;
    this.#results = results;
  }

  async compile({ name, code, params, updates }: WgslProgram, operands: number): Promise<Compiled> {
    const device = this.#device;
    const module = device.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    const errors = messages.filter(({ type }) => type === 'error');
    if (errors.length > 0) {
      const list = errors.map(({ lineNum, message }) => `${lineNum}: ${message}`).join('; ');
      throw new BackendError('gpu', `the shader '${name}' does not compile: ${list}`);
    }
    const types = [
      'uniform',
      ...Array.from({ length: operands }, (_, i) => (i < updates ? 'storage' : 'read-only-storage')),
      ...(updates === 0 ? ['storage'] : []),
    ];
    const entries = types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
    const layout = device.createBindGroupLayout({ entries });
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    return {
      pipeline,
      layout,
      params: device.createBuffer({ size: params.byteLength, usage: UNIFORM | COPY_DST }),
    };
  }

  free({ params }: Compiled): void {
    params.destroy();
  }

  dispatch(
    { pipeline, layout, params }: Compiled,
    program: WgslProgram,
    operands: readonly BufferResult[],
    length: number,
  ): unknown {
    const device = this.#device;
    const result = program.updates > 0 ? null : this.#results.take(length);
    const buffers = [params, ...operands.map(({ buffer }) => buffer), ...(result === null ? [] : [result])];
    device.queue.writeBuffer(params, 0, program.params);
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...program.groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    return result === null ? null : this.#results.wrap(result, length);
  }
}
