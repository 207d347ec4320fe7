/** Typings of the part of gpu.js that is used here. Its own lack the webgpu classes and asynchronous results. */
import { BackendError } from '../../errors.js';

/** Which of gpu.js's backends runs the kernels. */
export type GpuMode = 'webgpu' | 'webgl2' | 'webgl' | 'headlessgl' | 'webasm' | 'cpu';

/** The name that gpu.js reports for the mode of a kernel: all WebGL kernels report 'gpu'. */
export function reportedMode(mode: GpuMode): string {
  return mode === 'webgl2' || mode === 'webgl' || mode === 'headlessgl' ? 'gpu' : mode;
}

/** Settings of one kernel; see `kernelSettings` for the values. */
export interface KernelSettings {
  readonly output: readonly number[];
  readonly argumentTypes: Readonly<Record<string, string>>;
  readonly functions: readonly unknown[];
  /** Functions in the shading language of the mode. */
  readonly nativeFunctions: readonly unknown[];
  readonly returnType: string;
  readonly loopMaxIterations: number;
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly dynamicOutput: boolean;
  readonly dynamicArguments: boolean;
}

/** The version whose fields and generated text this backend relies on. */
const VERSION = '2.24.1';

/** The error of a gpu.js whose internals differ from those of VERSION. */
export function changed(what: string): BackendError {
  return new BackendError('gpu', `gpu.js has changed: ${what} — run npm install gpu.js@${VERSION}`);
}

/** @throws BackendError if gpu.js lacks a field that this backend uses, as another version may */
export function checkFields(what: string, owner: object, names: readonly string[]): void {
  const missing = names.filter((name) => !(name in owner));
  if (missing.length > 0) throw changed(`${what} lacks ${missing.join(', ')}`);
}

/** The uniform buffer of a webgpu kernel. */
interface ParamsLayout {
  /** The operands: four words each. */
  readonly arrayArgs: readonly { readonly dimsOffset: number }[];
  readonly scalarArgs: readonly { readonly type: string; readonly offset: number }[];
  readonly byteLength: number;
}

/** A kernel of gpu.js after it is built. */
export interface BuiltKernel {
  /** Its class, which names the mode that runs; see `reportedMode`. */
  readonly constructor: { readonly mode: string };
  readonly fallbackReason: string | null;
  readonly built: boolean;
  /** webasm: number of argument sizes for which a kernel keeps its compiled module. */
  moduleCacheLimit?: number;
  /** webgpu: the text of the built shader. */
  readonly compiledSource?: string | null;
  /** webgpu: functions that are not translated. */
  readonly nativeFunctions?: readonly { readonly source: string }[] | null;
  /** webgpu: the compiled shader; null before it is compiled. */
  readonly computePipeline?: unknown;
  readonly bindGroupLayout?: unknown;
  /** webgpu: where the shader finds its parameters, in bytes; null before `build`. */
  readonly paramsLayout?: ParamsLayout | null;
  /** webgpu: threads of a workgroup along each axis. */
  readonly workgroupSize?: readonly [number, number, number];
  /** webgpu: the buffer of a result, which `build` allocates. */
  outputBuffer?: { destroy(): void } | null;
  /** WebGL: its context; undefined before the kernel is built. */
  readonly context?: unknown;
  /** webgpu: compiles the kernel for arguments of these types. */
  build(...args: readonly unknown[]): unknown;
}

/** A kernel as gpu.js returns it: a function whose `kernel` may be replaced during a call. */
export interface GpuKernel {
  (...args: readonly unknown[]): unknown;
  readonly kernel: BuiltKernel;
  setOutput(output: readonly number[]): unknown;
}

/** An instance of gpu.js. */
export interface GpuInstance {
  createKernel(source: string, settings: KernelSettings): GpuKernel;
  /** WebGL: adds text before the functions of every kernel that is created later. */
  injectNative(source: string): unknown;
  /** WebGL: the context of all kernels; undefined before the first kernel. */
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
  /** The classes of WebGL kernels. Only they distinguish these modes. */
  readonly WebGL2Kernel: unknown;
  readonly WebGLKernel: unknown;
  readonly HeadlessGLKernel: unknown;
  readonly WebGPUContext: { acquire(): Promise<object>; destroy(): Promise<void> };
}

const EXPORTS: readonly (keyof GpuJs)[] = [
  'GPU',
  'WebGL2Kernel',
  'WebGLKernel',
  'HeadlessGLKernel',
  'WebGPUContext',
];

/**
 * Loads gpu.js. It overwrites the global `GPU`, in a page the class of `navigator.gpu`; the previous value is restored.
 * @throws BackendError if gpu.js is not installed
 */
export async function loadGpuJs(): Promise<GpuJs> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'GPU');
  try {
    const module = (await import('gpu.js')) as unknown as Partial<GpuJs> & { default?: unknown };
    const gpujs = (module.GPU === undefined ? module.default : module) as GpuJs;
    checkFields('the module', gpujs, EXPORTS);
    return gpujs;
  } catch (cause) {
    if (cause instanceof BackendError) throw cause;
    throw new BackendError(
      'gpu',
      `gpu.js cannot be loaded: ${(cause as Error).message} — run npm install gpu.js@${VERSION}`,
    );
  } finally {
    if (before !== undefined) Object.defineProperty(globalThis, 'GPU', before);
    else Reflect.deleteProperty(globalThis, 'GPU');
  }
}
