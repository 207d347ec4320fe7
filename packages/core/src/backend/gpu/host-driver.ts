import { type Activity, type Driver, type GpuAdapter, noActivity } from './driver.js';
import type { GpuKernel } from './gpujs.js';

/** In mode webasm, gpu.js compiles a kernel for each size of arguments, and keeps only 8 of them by default. */
const SIZES_KEPT = 16;

/** A gpu.js result of several axes. */
type Nested = Float32Array | readonly Nested[];

/** gpu.js's modes without a GPU, for comparison: its arrays are ordinary Float32Arrays. */
export class HostDriver implements Driver {
  readonly mode: 'cpu' | 'webasm';
  readonly adapter: GpuAdapter;
  readonly arrayType: string = 'Array';
  readonly dialect: null = null;
  readonly maxLength: number = 2 ** 28;
  readonly maxArrays: number = 16;
  readonly shaders: null = null;
  readonly activity: Activity = noActivity();
  readonly grids: boolean;
  readonly quads: boolean = false;

  constructor(mode: 'cpu' | 'webasm') {
    this.mode = mode;
    // Mode webasm computes four neighbours of a row at once, if the output has rows.
    this.grids = mode === 'webasm';
    const name = mode === 'cpu' ? 'JavaScript of gpu.js, no GPU' : 'WebAssembly of gpu.js, no GPU';
    this.adapter = { name, software: true };
  }

  upload(values: Float32Array): Float32Array {
    this.activity.uploads++;
    return values;
  }

  build({ kernel }: GpuKernel): null {
    if (this.mode === 'webasm') kernel.moduleCacheLimit = SIZES_KEPT;
    return null;
  }

  run(kernel: GpuKernel, args: readonly unknown[], output: readonly number[]): unknown {
    this.activity.launches++;
    this.activity.submits++;
    kernel.setOutput(output);
    const result = kernel(...args);
    return output.length === 1 ? result : flattened(result as Nested, output);
  }

  async read(memory: Float32Array): Promise<Float32Array> {
    this.activity.downloads++;
    return memory.slice();
  }

  free(): void {}

  pooledBytes(): number {
    return 0;
  }

  failure(): null {
    return null;
  }

  async destroy(): Promise<void> {}
}

/** A result of two or three axes in row-major order. */
function flattened(result: Nested, output: readonly number[]): Float32Array {
  const flat = new Float32Array(output.reduce((product, n) => product * n, 1));
  let end = 0;
  const append = (part: Nested): void => {
    if (!(part instanceof Float32Array)) for (const inner of part) append(inner);
    else {
      flat.set(part, end);
      end += part.length;
    }
  };
  append(result);
  return flat;
}
