/** Opens a library with the environment variables that it reads when it is loaded. */

import type { Ffi } from '../../ffi.js';
import { cpuFlags } from '../wasm/simd.js';
import { identify, type LibraryFacts, missingCoreType } from './libraries.js';

/** What limits a library to the threads that call it. */
const ONE_THREAD: Readonly<Record<string, string>> = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  BLIS_NUM_THREADS: '1',
  VECLIB_MAXIMUM_THREADS: '1',
};

/** Selects the kernels of OpenBLAS. */
const CORE_TYPE = 'OPENBLAS_CORETYPE';

/**
 * Loads a library for the rest of the process. It computes on the thread that calls it. An OpenBLAS that does not recognize this
 * processor is loaded again with `OPENBLAS_CORETYPE`, unless the user has set it.
 * @throws Error with the loader's words, or if the library is of no use
 */
export function openLibrary(ffi: Ffi, path: string): LibraryFacts {
  return withEnvironment(ONE_THREAD, () => {
    const facts = load(ffi, path, (found) => coreTypeFor(found) === undefined);
    if (facts.isKept) return facts;
    return withEnvironment({ [CORE_TYPE]: coreTypeFor(facts)! }, () => load(ffi, path, () => true));
  });
}

/** Loads and identifies a library, and closes it again unless `keeps` holds. */
function load(
  ffi: Ffi,
  path: string,
  keeps: (facts: LibraryFacts) => boolean,
): LibraryFacts & { isKept: boolean } {
  const library = ffi.open(path);
  let isKept = false;
  try {
    const facts = identify(library, path);
    isKept = keeps(facts);
    return { ...facts, isKept };
  } finally {
    if (!isKept) library.close();
  }
}

/** The value of `OPENBLAS_CORETYPE` that a library needs; undefined if it needs none, or the user chose one. */
function coreTypeFor({ name, instructionSet }: LibraryFacts): string | undefined {
  const flags = cpuFlags();
  if (name !== 'OpenBLAS' || flags === undefined || process.env[CORE_TYPE] !== undefined) return undefined;
  return missingCoreType(instructionSet, flags);
}

/** Runs `action` with other environment variables, and restores them. */
function withEnvironment<T>(variables: Readonly<Record<string, string>>, action: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
