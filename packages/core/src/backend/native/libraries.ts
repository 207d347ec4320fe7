/** The libraries that can compute products: where they are, how they are recognized, and what they say about themselves. */
import type { OpenLibrary } from '../../ffi.js';

/** A library for matrix products. */
export type LibraryName = 'oneDNN' | 'OpenBLAS' | 'BLIS' | 'Accelerate';

/** What a library says about itself. */
export interface LibraryFacts {
  readonly name: LibraryName | 'CBLAS';
  readonly version: string;
  readonly instructionSet: string;
  /** The function for products. */
  readonly symbol: 'dnnl_sgemm' | 'cblas_sgemm';
}

type Platform = 'linux' | 'darwin' | 'win32';

/** File names in the order of search. Names without a folder are found by the system's loader. */
const LIBRARY_FILES: Readonly<Record<LibraryName, Readonly<Record<Platform, readonly string[]>>>> = {
  oneDNN: {
    linux: ['libdnnl.so.3', 'libdnnl.so.2', 'libdnnl.so'],
    darwin: ['libdnnl.dylib', '/opt/homebrew/lib/libdnnl.dylib', '/usr/local/lib/libdnnl.dylib'],
    win32: ['dnnl.dll'],
  },
  OpenBLAS: {
    linux: ['libopenblas.so.0', 'libopenblas.so'],
    darwin: [
      'libopenblas.dylib',
      '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
      '/usr/local/opt/openblas/lib/libopenblas.dylib',
    ],
    win32: ['libopenblas.dll', 'openblas.dll'],
  },
  BLIS: {
    linux: ['libblis.so.4', 'libblis.so'],
    darwin: ['libblis.dylib', '/opt/homebrew/lib/libblis.dylib', '/usr/local/lib/libblis.dylib'],
    win32: ['blis.dll'],
  },
  Accelerate: {
    linux: [],
    darwin: ['/System/Library/Frameworks/Accelerate.framework/Accelerate'],
    win32: [],
  },
};

/** The order in which libraries are tried. */
export const SEARCHED: readonly LibraryName[] = ['Accelerate', 'oneDNN', 'OpenBLAS', 'BLIS'];

/** How to install a library, by platform. */
const HOW_TO_INSTALL: Readonly<Record<Platform, string>> = {
  linux: 'apt-get install libdnnl2 (Debian 12), or libdnnl3.6 or libopenblas0-pthread',
  darwin: 'Accelerate belongs to macOS; brew install onednn or openblas',
  win32: 'put dnnl.dll of oneDNN, or libopenblas.dll, into a folder of PATH',
};

/** The files to try for a library, on this platform. */
export function filesOf(name: LibraryName): readonly string[] {
  return isKnown(process.platform) ? LIBRARY_FILES[name][process.platform] : [];
}

/** Whether a text is the name of a library, and not a path. */
export function isLibraryName(text: string): text is LibraryName {
  return Object.hasOwn(LIBRARY_FILES, text);
}

/** The lines of `HOW_TO_INSTALL` for this platform. */
export function howToInstall(): string {
  return isKnown(process.platform) ? HOW_TO_INSTALL[process.platform] : 'there is none for this platform';
}

const isKnown = (platform: string): platform is Platform => platform in HOW_TO_INSTALL;

/** Recognizes a library by its functions. @throws Error if it has none for products, or one that cannot be called */
export function identify(library: Pick<OpenLibrary, 'has' | 'call'>, path: string): LibraryFacts {
  if (library.has('dnnl_sgemm')) {
    const version = library.call('dnnl_version', 'pointer').join('.');
    const instructionSet = oneDnnSet(library.call('dnnl_get_effective_cpu_isa', 'int32'));
    return { name: 'oneDNN', version, instructionSet, symbol: 'dnnl_sgemm' };
  }
  if (!library.has('cblas_sgemm')) throw new Error('it has neither dnnl_sgemm nor cblas_sgemm');
  const symbol = 'cblas_sgemm';
  if (library.has('openblas_get_config')) {
    const config = library.call('openblas_get_config', 'string');
    if (/USE64BITINT/.test(config))
      throw new Error('it takes 64-bit integers — install the build with 32-bit ones');
    const version = /OpenBLAS ([\d.]+)/.exec(config)?.[1] ?? 'of unknown version';
    return {
      name: 'OpenBLAS',
      version,
      instructionSet: library.call('openblas_get_corename', 'string'),
      symbol,
    };
  }
  if (library.has('bli_info_get_version_str')) {
    const version = library.call('bli_info_get_version_str', 'string');
    const kind = library.call('bli_arch_query_id', 'int32');
    return { name: 'BLIS', version, instructionSet: library.call('bli_arch_string', 'string', kind), symbol };
  }
  const name = /Accelerate/.test(path) ? 'Accelerate' : 'CBLAS';
  return { name, version: 'of unknown version', instructionSet: process.arch, symbol };
}

/** The bits of oneDNN's enumeration, the newest first. */
const ONE_DNN_SETS: readonly (readonly [bits: number, name: string])[] = [
  [0x27, 'AVX-512'],
  [0x07, 'AVX2'],
  [0x03, 'AVX'],
  [0x01, 'SSE4.1'],
];

function oneDnnSet(bits: number): string {
  return ONE_DNN_SETS.find(([set]) => (bits & set) === set)?.[1] ?? process.arch;
}

/** OpenBLAS's kernels with AVX2, and those with AVX-512. */
const AVX2_CORES: readonly string[] = ['Haswell', 'Zen'];
const AVX512_CORES: readonly string[] = ['SkylakeX', 'Cooperlake', 'SapphireRapids'];

/**
 * The value of OPENBLAS_CORETYPE that a build needs which does not recognize this processor and took older kernels; undefined if
 * it needs none.
 * @param core - the name of the kernels that it took
 * @param flags - the processor's flags, as in /proc/cpuinfo
 */
export function missingCoreType(core: string, flags: string): string | undefined {
  const has = (...names: string[]): boolean => names.every((name) => new RegExp(`\\b${name}\\b`).test(flags));
  if (AVX512_CORES.includes(core)) return undefined;
  if (has('avx512f', 'avx512dq', 'avx512bw', 'avx512vl')) return 'SkylakeX';
  return has('avx2', 'fma') && !AVX2_CORES.includes(core) ? 'Haswell' : undefined;
}
