/** The part of gpu.js that we use. Its own typings lack the webgpu classes and asynchronous results. */
import { BackendError } from '../../errors.js';

/** Which of gpu.js's backends runs the kernels. */
export type GpuMode = 'webgpu' | 'webgl2' | 'webgl' | 'headlessgl' | 'webasm' | 'cpu';

/** What gpu.js calls a mode when asked what a kernel runs in: its kernels of WebGL, of any sort, say 'gpu'. */
export function reportedMode(mode: GpuMode): string {
  return mode === 'webgl2' || mode === 'webgl' || mode === 'headlessgl' ? 'gpu' : mode;
}

/** Settings of one kernel; see `compile` for the reasons of each. */
export interface KernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: Readonly<Record<string, string>>;
  readonly functions: readonly unknown[];
  readonly returnType: string;
  readonly loopMaxIterations: number;
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
}

/** What gpu.js tells of a kernel once it is built. */
export interface BuiltKernel {
  /** Its class, which names the mode that really runs; see `reportedMode`. */
  readonly constructor: { readonly mode: string };
  readonly fallbackReason: string | null;
  readonly built: boolean;
  /** webasm: how many sizes of arguments one kernel keeps compiled. */
  moduleCacheLimit?: number;
  /** webgpu: where the last call put its result. */
  outputBuffer?: unknown;
  /** webgpu: its bindings must be made anew. */
  bindGroupDirty?: boolean;
  /** webgpu: whether each call makes a buffer for its result. */
  immutable?: boolean;
  /** WebGL: its context, once the kernel is made. */
  readonly context?: unknown;
  /** webgpu: compiles the kernel for arguments like these. */
  build(...args: readonly unknown[]): unknown;
}

/** A kernel as gpu.js returns it: a function whose `kernel` may be replaced by another when it is called. */
export interface GpuKernel {
  (...args: readonly unknown[]): unknown;
  readonly kernel: BuiltKernel;
  setOutput(output: readonly number[]): unknown;
}

/** An instance of gpu.js. */
export interface GpuInstance {
  createKernel(source: string, settings: KernelSettings): GpuKernel;
  /** WebGL: text that goes before the functions of every kernel that is made from now on. */
  injectNative(source: string): unknown;
  /** WebGL: the context of all kernels, once there is one. */
  readonly context?: unknown;
  destroy(): Promise<void>;
}

interface GpuClass {
  new (settings: { mode: string }): GpuInstance;
  readonly isWebGPUSupported: boolean;
  readonly isWebGL2Supported: boolean;
  readonly isWebGLSupported: boolean;
  readonly isHeadlessGLSupported: boolean;
}

/** gpu.js itself. */
export interface GpuJs {
  readonly GPU: GpuClass;
  /** The classes of WebGL's kernels, by which alone these modes can be told apart. */
  readonly WebGL2Kernel: unknown;
  readonly WebGLKernel: unknown;
  readonly HeadlessGLKernel: unknown;
  readonly WebGPUBufferResult: new (settings: object) => unknown;
  readonly WebGPUContext: { acquire(): Promise<object>; destroy(): Promise<void> };
}

/**
 * Loads gpu.js. It claims the global name `GPU`, in a page the class of `navigator.gpu`: what was there is put back.
 * @throws BackendError if gpu.js is not installed
 */
export async function loadGpuJs(): Promise<GpuJs> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'GPU');
  try {
    const module = (await import('gpu.js')) as unknown as Partial<GpuJs> & { default?: unknown };
    return (module.GPU === undefined ? module.default : module) as GpuJs;
  } catch (cause) {
    throw new BackendError(
      'gpu',
      `gpu.js cannot be loaded: ${(cause as Error).message} — npm install gpu.js@2.24.1`,
    );
  } finally {
    if (before !== undefined) Object.defineProperty(globalThis, 'GPU', before);
    else Reflect.deleteProperty(globalThis, 'GPU');
  }
}
