import { type Activity, type Driver, type GpuAdapter, noActivity } from './driver.js';
import type { GpuInstance, GpuKernel } from './gpujs.js';
import { kernelSettings, sourceOf } from './program.js';

/** The part of WebGL that is used here. */
export interface GlContext {
  readonly MAX_TEXTURE_SIZE: number;
  readonly RENDERER: number;
  getParameter(name: number): unknown;
  getExtension(name: string): { readonly UNMASKED_RENDERER_WEBGL?: number } | null;
  isContextLost(): boolean;
}

/** gpu.js's handle of a result. All are one-dimensional, because a kernel accepts textures of one kind only. */
interface Texture {
  toArray(): Float32Array;
  delete(): void;
}

/** gpu.js's modes on WebGL: arrays are float textures, and calls are synchronous. */
export class TextureDriver implements Driver {
  readonly mode: 'webgl' | 'webgl2' | 'headlessgl';
  readonly adapter: GpuAdapter;
  readonly arrayType: string = 'ArrayTexture(1)';
  readonly dialect: 'glsl' | null;
  readonly maxLength: number;
  readonly maxArrays: number = 7;
  readonly shaders: null = null;
  readonly activity: Activity = noActivity();
  readonly grids: boolean = false;
  readonly quads: boolean = true;
  readonly #context: GlContext;
  readonly #upload: GpuKernel;

  constructor(mode: TextureDriver['mode'], gpu: GpuInstance, adapter: GpuAdapter, context: GlContext) {
    this.mode = mode;
    this.dialect = mode === 'webgl2' ? 'glsl' : null; // the others lack integers
    this.adapter = adapter;
    this.#context = context;
    // In the oldest mode a float takes up a pixel of four, so the limit for all modes is a quarter of the largest texture.
    this.maxLength = (context.getParameter(context.MAX_TEXTURE_SIZE) as number) ** 2 / 4;
    const copy = {
      name: 'upload',
      arrays: ['a'],
      integers: [],
      numbers: [],
      body: 'return a[this.thread.x];',
    };
    const source = sourceOf(copy, 'Array', null);
    this.#upload = gpu.createKernel(source.text, kernelSettings([1], source));
  }

  upload(values: Float32Array): unknown {
    this.activity.uploads++;
    this.#upload.setOutput([values.length]);
    return this.#upload(values);
  }

  build(): null {
    return null;
  }

  run(kernel: GpuKernel, args: readonly unknown[], output: readonly number[]): unknown {
    this.activity.launches++;
    this.activity.submits++;
    kernel.setOutput(output);
    return kernel(...args);
  }

  async read(memory: Texture): Promise<Float32Array> {
    this.activity.downloads++;
    return memory.toArray();
  }

  free(memory: Texture): void {
    memory.delete();
  }

  pooledBytes(): number {
    return 0;
  }

  failure(): string | null {
    return this.#context.isContextLost() ? 'the WebGL context was lost' : null;
  }

  async destroy(): Promise<void> {}
}

/** The name of the renderer of a context, if the context reveals it. */
export function rendererOf(context: GlContext): string {
  const { UNMASKED_RENDERER_WEBGL } = context.getExtension('WEBGL_debug_renderer_info') ?? {};
  return String(context.getParameter(UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
}
