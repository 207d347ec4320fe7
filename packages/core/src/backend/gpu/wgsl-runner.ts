import { BackendError } from '../../errors.js';
import type { DispatchTarget } from './dispatch.js';
import type { CompiledShader, ShaderRunner, WgslProgram } from './driver.js';
import type { Device } from './webgpu.js';

/** GPUShaderStage.COMPUTE */
const COMPUTE = 4;

/** Compiles hand-written shaders on gpu.js's device, and calls them. */
export class WgslRunner<Memory> implements ShaderRunner {
  readonly #device: Device;
  readonly #target: DispatchTarget<Memory>;

  constructor(device: Device, target: DispatchTarget<Memory>) {
    this.#device = device;
    this.#target = target;
  }

  compile(program: WgslProgram, operands: number): CompiledShader {
    const device = this.#device;
    const { code, updates } = program;
    const types = [
      'uniform',
      ...Array.from({ length: operands }, (_, i) => (i < updates ? 'storage' : 'read-only-storage')),
      ...(updates === 0 ? ['storage'] : []),
    ];
    const entries = types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
    const bindGroupLayout = device.createBindGroupLayout({ entries });
    const shader = { computePipeline: null as unknown, bindGroupLayout };
    const build = async (): Promise<void> => {
      const module = device.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      checkMessages(program.name, messages);
      shader.computePipeline = await device.createComputePipelineAsync({
        layout: device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] }),
        compute: { module, entryPoint: 'main' },
      });
    };
    return { shader, built: build() };
  }

  dispatch(
    shader: CompiledShader['shader'],
    { params, groups, updates }: WgslProgram,
    operands: readonly unknown[],
    length: number,
  ): unknown {
    const memories = operands as readonly Memory[];
    const result = updates > 0 ? null : this.#target.take(length);
    this.#target.send({
      shader,
      params,
      memories: result === null ? memories : [...memories, result],
      groups,
    });
    return result;
  }
}

interface Message {
  readonly type: string;
  readonly message: string;
  readonly lineNum: number;
}

/** @throws BackendError with the errors of a shader, if there are any */
function checkMessages(name: string, messages: readonly Message[]): void {
  const errors = messages.filter(({ type }) => type === 'error');
  if (errors.length === 0) return;
  const list = errors.map(({ lineNum, message }) => `${lineNum}: ${message}`).join('; ');
  throw new BackendError('gpu', `the shader '${name}' does not compile: ${list}`);
}
