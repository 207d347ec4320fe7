/** What the kernels import, as a text: it also runs in worker threads, which cannot import this package. */
import { type Ffi, SIGNATURE } from '../../ffi.js';
import { bytes } from './convolutions.generated.js';
import type { LibraryFacts } from './libraries.js';

interface Convention {
  /** Types of the parameters: `int` is 32 bits. */
  readonly parameters: readonly ('char' | 'int' | 'long' | 'float' | 'pointer')[];
  /** The arguments, in terms of those of `Product`. `at` makes an address, and `long` a 64-bit integer. */
  readonly call: string;
}

/** dnnl_sgemm(transA, transB, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc), row-major; it returns 0 if it succeeds. */
const DNNL: Convention = {
  parameters: [
    'char',
    'char',
    'long',
    'long',
    'long',
    'float',
    'pointer',
    'long',
    'pointer',
    'long',
    'float',
    'pointer',
    'long',
  ],
  call: `transposeA ? 84 : 78, transposeB ? 84 : 78, long(m), long(n), long(k), 1, at(a), long(lengthA), at(b), long(lengthB),
      accumulate, at(c), long(lengthC)`,
};

/** cblas_sgemm: the same after a first parameter that says row-major (101), with 32-bit integers and no result. */
const CBLAS: Convention = {
  parameters: [
    'int',
    'int',
    'int',
    'int',
    'int',
    'int',
    'float',
    'pointer',
    'int',
    'pointer',
    'int',
    'float',
    'pointer',
    'int',
  ],
  call: `101, transposeA ? 112 : 111, transposeB ? 112 : 111, m, n, k, 1, at(a), lengthA, at(b), lengthB,
      accumulate, at(c), lengthC`,
};

const TYPES = {
  'node:ffi': { char: 'i8', int: 'i32', long: 'i64', float: 'f32', pointer: 'pointer' },
  koffi: { char: 'int8_t', int: 'int32_t', long: 'int64_t', float: 'float', pointer: 'uintptr_t' },
} as const;

/**
 * The text of a function (memory) => `ProductImports`, to be evaluated in Node.
 * @param product - the text of a function (memory) => `Product`
 */
export function importsText(product: string): string {
  return `((memory) => {
    const product = ${product}(memory);
    const module = new WebAssembly.Module(Buffer.from('${bytes}', 'hex'));
    return { product, job: new WebAssembly.Instance(module, { env: { memory, product } }).exports.runChunk };
  })`;
}

/**
 * The text of a function (memory) => `Product`, to be evaluated where `require` is known. The address of the memory is read again
 * after it has grown.
 */
export function productText({ name, required }: Ffi, path: string, { symbol }: LibraryFacts): string {
  const { parameters, call } = symbol === 'dnnl_sgemm' ? DNNL : CBLAS;
  const types = JSON.stringify(parameters.map((type) => TYPES[name][type]));
  const [file, entry] = [JSON.stringify(path), JSON.stringify(symbol)];
  const returns =
    symbol === 'dnnl_sgemm' ? { 'node:ffi': 'i32', koffi: 'int' } : { 'node:ffi': 'void', koffi: 'void' };
  const result = JSON.stringify(returns[name]);
  const [open, integer, address] =
    name === 'koffi'
      ? [`ffi.load(${file}).func(${entry}, ${result}, ${types})`, 'Number', 'Number(ffi.address(view))']
      : [
          `ffi.dlopen(${file}, { [${entry}]: (${SIGNATURE})(${result}, ${types}) }).functions[${entry}]`,
          'BigInt',
          'ffi.getRawPointer(view)',
        ];
  return `((memory) => {
    const ffi = ${required};
    const sgemm = ${open};
    const long = ${integer};
    let base = long(0), length = 0;
    const at = (address) => base + long(address);
    return (a, lengthA, transposeA, b, lengthB, transposeB, c, lengthC, m, n, k, accumulate) => {
      const { buffer } = memory;
      if (buffer.byteLength !== length) {
        const view = new Uint8Array(buffer);
        base = ${address};
        length = buffer.byteLength;
      }
      const status = sgemm(${call});
      if (status) throw new Error(${entry} + ' failed with status ' + status);
    };
  })`;
}
