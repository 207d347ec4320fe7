import { describeValue } from '../../checks/arguments.js';
import { checkOptions, type OptionNames } from '../../checks/options.js';
import { ArgumentError, BackendError } from '../../errors.js';
import { type Ffi, findFfi } from '../../ffi.js';
import { createKernelBackend, type KernelBackend, type NativeProducts } from '../wasm/wasm.js';
import { importsText, productText } from './binding.js';
import { nativeConvolutions } from './convolutions.js';
import {
  filesOf,
  howToInstall,
  isLibraryName,
  type LibraryFacts,
  type LibraryName,
  SEARCHED,
} from './libraries.js';
import { openLibrary } from './open.js';
import { findFault } from './prove.js';

/** Options of `native`. */
export interface NativeOptions {
  /** The name of a library, or the path of one. Default: the first named one that works. */
  library?: LibraryName | (string & {}) | undefined;
  /** Number of threads, the caller included; default: all cores. */
  threads?: number | undefined;
}

const NATIVE_OPTIONS: OptionNames<NativeOptions> = { library: true, threads: true };

/** The wasm backend with the matrix products of a library of this machine. */
export interface NativeBackend extends KernelBackend {
  readonly name: 'native';
  /** The library that computes products. */
  readonly library: LibraryFacts & { readonly path: string };
  /** How it is called. */
  readonly ffi: Ffi['name'];
}

/** Fewest multiply-adds of a product that the library computes. Below, the call costs more than it saves. */
const NATIVE_FROM = 32_768;

/** How loaders say that there is no such file. Linux says so, too, if a file is for another processor. */
const NOT_FOUND = /no such file|cannot find the (file|module)|could not be found/i;
const UNUSABLE = `it is for another processor architecture than this process, or a library that it needs is missing`;

/**
 * Creates a backend that equals the wasm backend except for its large matrix products: oneDNN, OpenBLAS, BLIS or Accelerate
 * computes them, on the same memory. Nothing is compiled. The library is called by `node:ffi` (Node 26), on all threads, or
 * by the package koffi, on the calling thread. It starts no threads of its own. Results do not depend on the
 * number of threads; their last bits differ from those of wasm, and from one library to another.
 *
 * A library is accepted if products of several shapes agree with those of wasm and a large one is faster.
 * @throws BackendError if no library is accepted, with what was tried and what to install
 */
export async function native(options: NativeOptions = {}): Promise<NativeBackend> {
  checkOptions('native', options, NATIVE_OPTIONS);
  const { library, threads } = options;
  if (library !== undefined && (typeof library !== 'string' || library === '')) {
    throw new ArgumentError('native', `library must be a name or a path, found ${describeValue(library)}`);
  }
  const ffi = findFfi('native', {
    otherwise: 'use wasm',
    inWorkers:
      'the environment variables that a library reads can be set on the main thread only — call native there, or use wasm in worker threads',
  });
  const { existsSync } = process.getBuiltinModule('node:fs');
  const refusals: string[] = [];
  for (const { name, files } of placesOf(library)) {
    const missing: string[] = [];
    for (const path of files) {
      try {
        return open(ffi, path, threads);
      } catch (error) {
        if (error instanceof ArgumentError) throw error;
        const { message } = error as Error;
        if (!NOT_FOUND.test(message)) refusals.push(`${path}: ${message.replace(/^(native|wasm): /, '')}`);
        else if (existsSync(path)) refusals.push(`${path}: ${UNUSABLE} (${message})`);
        else missing.push(path);
      }
    }
    if (missing.length > 0 && missing.length === files.length)
      refusals.push(`${name}: not found (${missing.join(', ')})`);
  }
  throw new BackendError(
    'native',
    `no library was accepted by ${ffi.name}:\n- ${refusals.join('\n- ')}\nTo install one: ${howToInstall()}`,
  );
}

/** Where to look for the requested library, or for all. */
function placesOf(library: string | undefined): { name: string; files: readonly string[] }[] {
  if (library !== undefined && !isLibraryName(library)) return [{ name: 'the file', files: [library] }];
  const names = library === undefined ? SEARCHED : [library];
  return names.map((name) => ({ name, files: filesOf(name) }));
}

/** @throws Error if the library cannot be loaded, is wrong or slow */
function open(ffi: Ffi, path: string, threads: number | undefined): NativeBackend {
  const facts = openLibrary(ffi, path);
  const text = importsText(productText(ffi, path, facts));
  const where = ffi.inWorkers ? '' : ', on the calling thread';
  const products: NativeProducts = {
    description: `${facts.name} ${facts.version}, ${facts.instructionSet}, by ${ffi.name}${where}`,
    bind: ffi.evaluate(text) as NativeProducts['bind'],
    workerBind: ffi.inWorkers ? text : undefined,
    start(wasm, memory) {
      const fault = findFault(wasm, memory);
      if (fault !== undefined) throw new BackendError('native', `${fault}${remedyFor(facts)}`);
      wasm.setNative(NATIVE_FROM, ffi.inWorkers);
    },
    replace: nativeConvolutions,
  };
  const created = createKernelBackend('native', { threads }, products);
  return Object.assign(created, { library: { ...facts, path }, ffi: ffi.name });
}

function remedyFor({ name, instructionSet }: LibraryFacts): string {
  if (name === 'OpenBLAS')
    return `; it took the kernels for ${instructionSet} — set OPENBLAS_CORETYPE to another, such as Haswell or SkylakeX`;
  return name === 'oneDNN' ? `; it uses ${instructionSet} — unset ONEDNN_MAX_CPU_ISA` : '';
}
