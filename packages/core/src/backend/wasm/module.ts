/** Loads the compiled kernels: selects the flavour and allocates the memory. */
import { BackendError } from '../../errors.js';
import { type KernelExports, plain, relaxed } from './module.generated.js';

/** The part of `WebAssembly.Memory` that is used. The original type would make the declarations depend on the DOM library. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The instantiated kernels, with a memory that threads can share. */
export interface LoadedModule {
  /** The `WebAssembly.Module`. */
  readonly module: object;
  readonly memory: KernelMemory;
  /** 64 KiB pages that the memory may grow to. */
  readonly mostPages: number;
  readonly kernels: KernelExports;
  /** 'plain' SIMD, or 'relaxed' SIMD with fused multiply-add. */
  readonly simd: 'plain' | 'relaxed';
}

/** A function with the instruction i32x4.relaxed_trunc_f32x4_s: valid only if the host supports relaxed SIMD. */
const RELAXED_PROBE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 11, 1, 9, 0, 0x41, 0, 0xfd,
  0x0f, 0xfd, 0x81, 0x02, 0x0b,
]);

/** Initial and maximum number of 64 KiB pages of the memory; the host may allow fewer. */
const FIRST_PAGES = 32;
const MOST_PAGES = [65_536, 32_768, 16_384, 4_096];

/** Compiles bytes to a module: `WebAssembly.Module`, or a replacement in tests. */
export type Compile = (bytes: KernelBytes) => object;

/** A `Uint8Array` on memory that is not shared; `Uint8Array<ArrayBuffer>` needs TypeScript 5.7. */
type KernelBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/**
 * Compiles and instantiates the kernels.
 * @param waiting - see assembly/pool.ts
 * @throws BackendError if the host cannot compile them
 */
export function loadModule(
  waiting: (polls: number) => void,
  compile: Compile = (bytes) => new WebAssembly.Module(bytes),
): LoadedModule {
  if (typeof WebAssembly === 'undefined') throw new BackendError('wasm', 'this host has no WebAssembly');
  const simd = WebAssembly.validate(RELAXED_PROBE) ? 'relaxed' : 'plain';
  try {
    const module = compile(decodeHex(simd === 'relaxed' ? relaxed : plain));
    const { memory, mostPages } = createMemory();
    const instance = new WebAssembly.Instance(module, { env: { memory, waiting, abort: fail } });
    return { module, memory, mostPages, kernels: instance.exports as unknown as KernelExports, simd };
  } catch (error) {
    throw new BackendError('wasm', `this host refused the kernels: ${(error as Error).message}`);
  }
}

function createMemory(): { memory: WebAssembly.Memory; mostPages: number } {
  let refusal: unknown;
  for (const mostPages of MOST_PAGES) {
    try {
      const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: mostPages, shared: true });
      return { memory, mostPages };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function fail(): never {
  throw new BackendError('wasm', 'a kernel aborted');
}

function decodeHex(text: string): KernelBytes {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
