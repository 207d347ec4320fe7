/** The cases: kernels of the backend contract over sizes. They do not depend on Node, so that a page can run them. */
import type { Kernels, Values } from '@varigrad/core';

/** One kernel, or a sequence of kernels, at one size. */
export interface KernelCase {
  readonly group: string;
  readonly size: number;
  /** Floating-point operations of one run; 0 if only memory traffic counts. */
  readonly flops: number;
  /** Bytes that must be read and written if nothing is read twice. */
  readonly bytes: number;
  /** Number of elements of each operand, sampled from U(0, 1). */
  readonly operands: readonly number[];
  /** Runs the case. @returns all arrays that it allocates, the result last */
  run(k: Kernels, operands: readonly Values[]): Values[];
}

export const MATMUL_SIZES: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4096];
export const ARRAY_SIZES: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7];
/** Columns of the matrix whose rows are reduced. */
const ROW = 100;

function matmul(n: number): KernelCase {
  const spec = { batch: 1, m: n, n, k: n, transposeA: false, transposeB: false, strideA: 0, strideB: 0 };
  return {
    group: 'matmul',
    size: n,
    flops: 2 * n ** 3,
    bytes: 12 * n ** 2,
    operands: [n * n, n * n],
    run: (k, [a, b]) => [k.matmul(a as Values, b as Values, spec)],
  };
}

function add(n: number): KernelCase {
  return {
    group: 'add',
    size: n,
    flops: n,
    bytes: 12 * n,
    operands: [n, n],
    run: (k, [a, b]) => [k.binary('add', flat(a, n), flat(b, n), [n])],
  };
}

function exp(n: number): KernelCase {
  return {
    group: 'exp',
    size: n,
    flops: n,
    bytes: 8 * n,
    operands: [n],
    run: (k, [a]) => [k.unary('exp', a as Values)],
  };
}

function sum(n: number): KernelCase {
  return {
    group: 'sum of all',
    size: n,
    flops: n,
    bytes: 4 * n,
    operands: [n],
    run: (k, [a]) => [k.reduce('sum', flat(a, n), [0])],
  };
}

function rowSums(n: number): KernelCase {
  const shape = [n / ROW, ROW];
  return {
    group: `sum of rows of ${ROW}`,
    size: n,
    flops: n,
    bytes: 4 * n,
    operands: [n],
    run: (k, [a]) => [k.reduce('sum', { values: a as Values, shape }, [1])],
  };
}

/** tanh(max(log(√((eˣʸ⁺ˣ − y)² + x·y)), y)), ten operations. A backend that fuses them reads x and y once and writes once. */
function chain(n: number): KernelCase {
  return {
    group: 'chain of ten',
    size: n,
    flops: 10 * n,
    bytes: 12 * n,
    operands: [n, n],
    run(k, [a, b]) {
      const [x, y] = [a as Values, b as Values];
      const made: Values[] = [];
      const keep = (values: Values): Values => {
        made.push(values);
        return values;
      };
      const on = (kind: Parameters<Kernels['binary']>[0], p: Values, q: Values) =>
        keep(k.binary(kind, flat(p, n), flat(q, n), [n]));
      const product = on('mul', x, y);
      const grown = keep(k.unary('exp', on('add', product, x)));
      const square = keep(k.unary('square', on('sub', grown, y)));
      const root = keep(k.unary('sqrt', on('add', square, product)));
      keep(k.unary('tanh', on('maximum', keep(k.unary('log', root)), y)));
      return made;
    },
  };
}

function flat(values: Values | undefined, n: number): { values: Values; shape: readonly number[] } {
  return { values: values as Values, shape: [n] };
}

/** All cases, by group, each in order of size. */
export const GROUPS: readonly (readonly KernelCase[])[] = [
  MATMUL_SIZES.map(matmul),
  ...[add, exp, sum, rowSums, chain].map((make) => ARRAY_SIZES.map(make)),
];
