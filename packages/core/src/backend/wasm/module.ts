/** Loads the compiled kernels: selects the flavour and allocates the memory. */
import { BackendError } from '../../errors.js';
import { type KernelExports, plain, relaxed } from './module.generated.js';
import { chooseSimd, type Simd } from './simd.js';

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
  readonly simd: Simd;
  /** The text of an expression for the import `product`, for threads other than the caller; undefined without native products. */
  readonly workerProduct: string | undefined;
}

/**
 * C ← op(A)·op(B), or C + op(A)·op(B), computed outside of WebAssembly on addresses in the kernels' memory. `lengthA` is the
 * distance in elements between stored rows of A.
 */
export type Product = (
  ...args: [
    a: number,
    lengthA: number,
    transposeA: number,
    b: number,
    lengthB: number,
    transposeB: number,
    c: number,
    lengthC: number,
    m: number,
    n: number,
    k: number,
    accumulate: number,
  ]
) => void;

/** A function that computes products outside of WebAssembly. */
export interface ProductBinding {
  /** Computes products on the calling thread. @param memory - the kernels' memory */
  bind(memory: KernelMemory): Product;
  /** See `LoadedModule.workerProduct`; undefined if other threads cannot compute products. */
  readonly workerProduct: string | undefined;
}

/** Options of `loadModule`. */
export interface LoadOptions {
  readonly compile?: Compile | undefined;
  readonly simd?: Simd | undefined;
  readonly products?: ProductBinding | undefined;
}

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
export function loadModule(waiting: (polls: number) => void, options: LoadOptions = {}): LoadedModule {
  const { compile = (bytes) => new WebAssembly.Module(bytes), products } = options;
  if (typeof WebAssembly === 'undefined') throw new BackendError('wasm', 'this host has no WebAssembly');
  const simd = chooseSimd(options.simd);
  try {
    const module = compile(decodeHex(simd === 'plain' ? plain : relaxed));
    const { memory, mostPages } = createMemory();
    const product = products?.bind(memory) ?? fail;
    const instance = new WebAssembly.Instance(module, { env: { memory, waiting, abort: fail, product } });
    const kernels = instance.exports as unknown as KernelExports;
    return { module, memory, mostPages, kernels, simd, workerProduct: products?.workerProduct };
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
