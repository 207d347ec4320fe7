import { BackendError } from '../../errors.js';
import type { Driver, ShaderRunner, WgslProgram } from './driver.js';
import { type GpuInstance, type GpuKernel, reportedMode } from './gpujs.js';
import { kernelSettings, type Program, sourceOf } from './program.js';
import type { CallQueue } from './queue.js';

interface Kernel {
  readonly run: GpuKernel;
  readonly specials: readonly number[];
  /** Settles when the kernel is compiled; null afterwards. */
  building: Promise<void> | null;
}

interface Shader {
  compiled: unknown;
  building: Promise<void> | null;
}

/** Values of a program's integers and numbers, and the axes of its result, for one call. */
export interface CallArguments {
  readonly output: readonly number[];
  readonly integers: readonly number[];
  readonly numbers: readonly number[];
}

/** Compiles each program once, runs calls in order, and checks the mode in which gpu.js ran them. */
export class Launcher {
  readonly #gpu: GpuInstance;
  readonly #driver: Driver;
  readonly #queue: CallQueue;
  readonly #kernels: Map<string, Kernel> = new Map();
  readonly #shaders: Map<string, Shader> = new Map();
  #launches = 0;

  constructor(gpu: GpuInstance, driver: Driver, queue: CallQueue) {
    this.#gpu = gpu;
    this.#driver = driver;
    this.#queue = queue;
  }

  /** Calls so far. */
  get launches(): number {
    return this.#launches;
  }

  /** Programs compiled so far. */
  get programs(): number {
    return this.#kernels.size + this.#shaders.size;
  }

  /** Queues a call of a program. `memories` and `finish` are called when it runs. */
  run(
    program: Program,
    { output, integers, numbers }: CallArguments,
    memories: () => readonly unknown[],
    finish: (result: unknown) => void,
  ): void {
    const kernel = this.#kernel(program, output);
    this.#launches++;
    this.#queue.submit(kernel.building, () => {
      const args = [...memories(), ...integers, ...numbers, ...kernel.specials];
      const result = this.#driver.run(kernel.run, args, output);
      this.#verify(program, kernel.run);
      finish(result);
    });
  }

  /** As `run`, for a hand-written shader. `finish` receives null if it writes its operands in place. */
  shade(
    program: WgslProgram,
    operands: number,
    length: number,
    memories: () => readonly unknown[],
    finish: (result: unknown) => void,
  ): void {
    const { shaders, mode } = this.#driver;
    if (shaders === null)
      throw new BackendError('gpu', `${program.name}: mode '${mode}' does not support hand-written shaders`);
    const shader = this.#shader(shaders, program, operands);
    this.#launches++;
    this.#queue.submit(shader.building, () => {
      finish(shaders.dispatch(shader.compiled, program, memories(), length));
    });
  }

  /** Frees what gpu.js does not free: the memory of hand-written shaders. */
  clear(): void {
    for (const { compiled } of this.#shaders.values())
      if (compiled !== null) this.#driver.shaders?.free(compiled);
    this.#kernels.clear();
    this.#shaders.clear();
  }

  #kernel(program: Program, output: readonly number[]): Kernel {
    const known = this.#kernels.get(program.name);
    if (known !== undefined) return known;
    const source = sourceOf(program, this.#driver.arrayType, this.#driver.dialect);
    const run = this.#gpu.createKernel(source.text, kernelSettings(output, source));
    const kernel: Kernel = { run, specials: source.specials, building: null };
    const args = Object.keys(source.argumentTypes).length;
    const building = this.#driver.build(run, program.arrays.length, args);
    if (building !== null) {
      kernel.building = building.then(() => {
        this.#verify(program, run);
        kernel.building = null;
      });
      kernel.building.catch(() => {}); // reported by the queued call that waits for it
    }
    this.#kernels.set(program.name, kernel);
    return kernel;
  }

  #shader(shaders: ShaderRunner, program: WgslProgram, operands: number): Shader {
    const known = this.#shaders.get(program.name);
    if (known !== undefined) return known;
    const shader: Shader = { compiled: null, building: null };
    shader.building = shaders.compile(program, operands).then((compiled) => {
      shader.compiled = compiled;
      shader.building = null;
    });
    shader.building.catch(() => {}); // as above
    this.#shaders.set(program.name, shader);
    return shader;
  }

  /** gpu.js falls back to another mode without an error. @throws BackendError if it did */
  #verify(program: Program, { kernel }: GpuKernel): void {
    const { mode } = this.#driver;
    if (kernel.constructor.mode === reportedMode(mode) && !kernel.fallbackReason) return;
    throw new BackendError(
      'gpu',
      `'${program.name}' ran in mode '${kernel.constructor.mode}' instead of '${mode}': ` +
        `${kernel.fallbackReason ?? 'gpu.js gives no reason'} — use a mode that works here`,
    );
  }
}
