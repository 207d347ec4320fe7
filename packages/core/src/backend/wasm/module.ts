/** Loads the compiled kernels: selects the flavour and allocates the memory. */
import { BackendError } from '../../errors.js';
import { type KernelExports, pieces } from './module.generated.js';
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
  /** The text of `ProductBinding.bind`, for threads other than the caller; undefined without native products. */
  readonly workerBind: string | undefined;
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

/** What the kernels import to compute products outside of them. */
export interface ProductImports {
  readonly product: Product;
  /** Runs a chunk of a job of `runNative`. */
  job(thread: number, chunk: number): void;
}

/** Computes products outside of WebAssembly. */
export interface ProductBinding {
  /** What the calling thread imports. @param memory - the kernels' memory */
  bind(memory: KernelMemory): ProductImports;
  /** See `LoadedModule.workerBind`; undefined if other threads cannot compute products. */
  readonly workerBind: string | undefined;
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
    const module = compile(
      decodeHex(pieces.map((piece) => piece[simd === 'plain' ? 'plain' : 'relaxed']).join('')),
    );
    const { memory, mostPages } = createMemory();
    const imports = products?.bind(memory) ?? { product: fail, job: fail };
    const env = { memory, waiting, abort: fail, ...imports };
    const instance = new WebAssembly.Instance(module, { env });
    const kernels = instance.exports as unknown as KernelExports;
    return { module, memory, mostPages, kernels, simd, workerBind: products?.workerBind };
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
