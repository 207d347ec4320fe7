import { BackendError } from '../../errors.js';
import type { ComputeShader } from './dispatch.js';
import type { Driver, WgslProgram } from './driver.js';
import { type GpuInstance, type GpuKernel, reportedMode } from './gpujs.js';
import { kernelSettings, type Program, sourceOf } from './program.js';

/** A compiled program. */
export interface Kernel {
  readonly run: GpuKernel;
  readonly specials: readonly number[];
  /** Settles when the kernel is compiled; null afterwards. */
  building: Promise<void> | null;
}

/** A compiled hand-written shader. */
export interface Shader {
  readonly shader: ComputeShader;
  building: Promise<void> | null;
}

/** Compiles each program once, and checks the mode in which gpu.js runs it. */
export class Compiler {
  readonly #gpu: GpuInstance;
  readonly #driver: Driver;
  readonly #kernels: Map<string, Kernel> = new Map();
  readonly #shaders: Map<string, Shader> = new Map();

  constructor(gpu: GpuInstance, driver: Driver) {
    this.#gpu = gpu;
    this.#driver = driver;
  }

  /** Programs compiled so far. */
  get programs(): number {
    return this.#kernels.size + this.#shaders.size;
  }

  clear(): void {
    this.#kernels.clear();
    this.#shaders.clear();
  }

  kernel(program: Program, output: readonly number[]): Kernel {
    const known = this.#kernels.get(program.name);
    if (known !== undefined) return known;
    const source = sourceOf(program, this.#driver.arrayType, this.#driver.dialect);
    const run = this.#gpu.createKernel(source.text, kernelSettings(output, source));
    const kernel: Kernel = { run, specials: source.specials, building: null };
    const args = Object.keys(source.argumentTypes).length;
    const building = this.#driver.build(run, program.arrays.length, args);
    if (building !== null) {
      kernel.building = building.then(() => {
        this.verify(program, run);
        kernel.building = null;
      });
      kernel.building.catch(() => {}); // reported by the queued call that waits for it
    }
    this.#kernels.set(program.name, kernel);
    return kernel;
  }

  shader(program: WgslProgram, operands: number): Shader {
    const known = this.#shaders.get(program.name);
    if (known !== undefined) return known;
    const { shaders, mode } = this.#driver;
    if (shaders === null)
      throw new BackendError('gpu', `${program.name}: mode '${mode}' does not support hand-written shaders`);
    const { shader, built } = shaders.compile(program, operands);
    const compiled: Shader = { shader, building: null };
    compiled.building = built.then(() => {
      compiled.building = null;
    });
    compiled.building.catch(() => {}); // as above
    this.#shaders.set(program.name, compiled);
    return compiled;
  }

  /** gpu.js falls back to another mode without an error. @throws BackendError if it did */
  verify(program: Program, { kernel }: GpuKernel): void {
    const { mode } = this.#driver;
    if (kernel.constructor.mode === reportedMode(mode) && !kernel.fallbackReason) return;
    throw new BackendError(
      'gpu',
      `'${program.name}' ran in mode '${kernel.constructor.mode}' instead of '${mode}': ` +
        `${kernel.fallbackReason ?? 'gpu.js gives no reason'} — use a mode that works here`,
    );
  }
}
