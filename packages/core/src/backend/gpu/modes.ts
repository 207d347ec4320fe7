/** Finds a mode that works on this host, and reports what the others lack. */
import { BackendError } from '../../errors.js';
import { BufferDriver } from './buffer-driver.js';
import type { Driver, GpuAdapter } from './driver.js';
import { glslDeclarations } from './functions.js';
import type { GpuInstance, GpuJs, GpuMode } from './gpujs.js';
import { HostDriver } from './host-driver.js';
import { GLSL_MACROS } from './natives.js';
import { kernelSettings } from './program.js';
import { type GlContext, rendererOf, TextureDriver } from './texture-driver.js';
import type { WebGpuContext } from './webgpu.js';

/** All modes, and how to get each. */
export const howToGet: Readonly<Record<GpuMode, string>> = {
  webgpu:
    'a browser with WebGPU (headless Chromium: --enable-unsafe-webgpu), or Node with the package webgpu' +
    ' (npm install webgpu) and a Vulkan, Metal or Direct3D 12 driver',
  webgl2: 'a browser with WebGL 2',
  webgl: 'a browser with WebGL and float textures',
  headlessgl:
    'Node with the package gl (npm install gl; it may need a native build) and a display (xvfb-run -a)',
  webasm: 'any host with WebAssembly; it does not use a GPU',
  cpu: 'any host; it does not use a GPU',
};

/** The part of an adapter's description that is read here. */
interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

interface Adapter {
  readonly info?: AdapterInfo;
  readonly isFallbackAdapter?: boolean;
}

interface Navigator {
  readonly gpu?: { requestAdapter(): Promise<Adapter | null> };
}

/** A kernel without arguments and functions. */
const EMPTY = { argumentTypes: {}, functions: [], nativeFunctions: [], returnType: 'Number' } as const;

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render|software/i;

/** An open mode: an instance of gpu.js, and its memory. */
export interface OpenMode {
  readonly instance: GpuInstance;
  readonly driver: Driver;
}

/** @throws BackendError that lists what each mode lacks, if none opens */
export async function firstThatOpens<T>(
  modes: readonly GpuMode[],
  open: (mode: GpuMode) => Promise<T>,
): Promise<T> {
  const refusals: string[] = [];
  for (const mode of modes) {
    try {
      return await open(mode);
    } catch (error) {
      refusals.push((error as Error).message.replace(/^gpu: /, ''));
    }
  }
  throw new BackendError('gpu', `no GPU was found:\n- ${refusals.join('\n- ')}`);
}

/** @throws BackendError with what the mode lacks on this host */
export async function openMode(gpujs: GpuJs, mode: GpuMode): Promise<OpenMode> {
  if (mode === 'webgpu') {
    const driver = await openWebGpu(gpujs); // first, because it may have to create navigator.gpu
    return { instance: new gpujs.GPU({ mode }), driver };
  }
  if (mode === 'cpu' || mode === 'webasm') {
    return { instance: new gpujs.GPU({ mode }), driver: new HostDriver(mode) };
  }
  return openWebGl(gpujs, mode);
}

function openWebGl(gpujs: GpuJs, mode: 'webgl' | 'webgl2' | 'headlessgl'): OpenMode {
  const { GPU } = gpujs;
  const supported = {
    webgl: GPU.isWebGLSupported,
    webgl2: GPU.isWebGL2Supported,
    headlessgl: GPU.isHeadlessGLSupported,
  };
  if (!supported[mode]) throw lacking(mode, 'gpu.js reports that it is not supported here');
  const instance = new GPU({ mode });
  instance.injectNative(mode === 'webgl2' ? `${GLSL_MACROS}\n${glslDeclarations()}` : glslDeclarations());
  const first = instance.createKernel('function () { return 1; }', kernelSettings([1], EMPTY));
  const kernelClass = {
    webgl: gpujs.WebGLKernel,
    webgl2: gpujs.WebGL2Kernel,
    headlessgl: gpujs.HeadlessGLKernel,
  }[mode];
  if (first.kernel.constructor !== kernelClass) throw lacking(mode, 'gpu.js chose another mode');
  const context = (first.kernel.context ?? instance.context) as GlContext | null | undefined;
  if (!context) throw lacking(mode, 'a context could not be created');
  const name = rendererOf(context);
  const driver = new TextureDriver(mode, instance, { name, software: SOFTWARE.test(name) }, context);
  return { instance, driver };
}

function lacking(mode: GpuMode, reason: string): BackendError {
  return new BackendError('gpu', `mode '${mode}': ${reason} — it needs ${howToGet[mode]}`);
}

async function openWebGpu(gpujs: GpuJs): Promise<Driver> {
  const missing = await provideNavigator();
  if (missing !== null) throw lacking('webgpu', missing);
  const { gpu } = navigator as Navigator;
  const adapter = (await gpu?.requestAdapter()) ?? null;
  if (adapter === null) throw lacking('webgpu', 'there is no adapter');
  const context = (await gpujs.WebGPUContext.acquire()) as WebGpuContext;
  return new BufferDriver(gpujs, context, describe(adapter), gpu);
}

function describe({ info = {}, isFallbackAdapter }: Adapter): GpuAdapter {
  const name = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ');
  const software = info.isFallbackAdapter ?? isFallbackAdapter ?? false;
  return { name: name || 'unnamed adapter', software: software || SOFTWARE.test(JSON.stringify(name)) };
}

/** Node has no `navigator.gpu`; the package `webgpu` provides it. @returns what is missing, or null */
async function provideNavigator(): Promise<string | null> {
  if ((globalThis.navigator as Navigator | undefined)?.gpu !== undefined) return null;
  if (typeof process === 'undefined' || process.versions?.node === undefined)
    return 'there is no navigator.gpu';
  try {
    const name = 'webgpu'; // a variable, so that no bundler for browsers follows it
    const { create, globals } = (await import(name)) as {
      create(options: string[]): unknown;
      globals: object;
    };
    Object.assign(globalThis, globals);
    const gpu = create([]);
    if (globalThis.navigator === undefined) {
      Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    } else {
      Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
    }
    return null;
  } catch (cause) {
    return `the package webgpu cannot be loaded: ${(cause as Error).message.split('\n')[0]}`;
  }
}
