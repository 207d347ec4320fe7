/** The cases: kernels over sizes, as calls of a backend and as functions of tensors. They do not depend on Node, so that a page can run them. */
import type { Kernels, MatmulSpec, Tensor, Values } from '@varigrad/core';

/** One kernel, or a sequence of kernels, at one size. */
export interface KernelCase {
  readonly group: string;
  /** Elements, or the cube root of m·n·k of a product. */
  readonly size: number;
  readonly label: string;
  /** Floating-point operations of one run. */
  readonly flops: number;
  /** Bytes that must be read and written if nothing is read twice. */
  readonly bytes: number;
  /** Shapes of the operands, whose elements are sampled from U(0, 1). */
  readonly operands: readonly (readonly number[])[];
  readonly product?: MatmulSpec;
  /** Runs the case. @returns all arrays that it allocates, the result last */
  run(k: Kernels, operands: readonly Values[]): Values[];
  /** The same as a function of tensors, to be compiled. */
  compute(x: Tensor, y: Tensor): Tensor;
}

export const MATMUL_SIZES: readonly number[] = [32, 64, 128, 256, 512, 1024, 2048, 4096];
export const ARRAY_SIZES: readonly number[] = [1e3, 1e4, 1e5, 1e6, 1e7];
/** Columns of the matrix whose rows are reduced. */
const ROW = 100;

function product(group: string, label: string, sides: MatmulSpec): KernelCase {
  const { m, n, k, transposeA, transposeB } = sides;
  return {
    group,
    size: Math.round(Math.cbrt(m * n * k)),
    label,
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n),
    operands: [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]],
    product: sides,
    run: (on, [a, b]) => [on.matmul(a as Values, b as Values, sides)],
    compute: (a, b) => (transposeA ? a.transpose() : a).matmul(transposeB ? b.transpose() : b),
  };
}

/** Whether A and B are transposed. */
type Transposes = 'NN' | 'NT' | 'TN' | 'TT';

const sidesOf = (m: number, k: number, n: number, transposes: Transposes): MatmulSpec => ({
  ...{ batch: 1, m, n, k, strideA: 0, strideB: 0 },
  transposeA: transposes[0] === 'T',
  transposeB: transposes[1] === 'T',
});

const cubes = (group: string, transposes: Transposes): KernelCase[] =>
  MATMUL_SIZES.map((n) => product(group, `${n}³`, sidesOf(n, n, n, transposes)));

/** Products of the layers of a VAE: forward passes, gradients of weights and of inputs, and a width that four does not divide. */
const LAYERS: readonly (readonly [number, number, number, Transposes])[] = [
  [128, 784, 400, 'NT'],
  [400, 128, 784, 'TN'],
  [128, 400, 784, 'NN'],
  [512, 784, 2000, 'NT'],
  [512, 794, 794, 'NT'],
];

function elementwise(
  group: string,
  n: number,
  operands: number,
  rest: Pick<KernelCase, 'run' | 'compute'> & { flops?: number },
): KernelCase {
  return {
    group,
    size: n,
    label: n.toLocaleString('en'),
    flops: n,
    bytes: 4 * n * (operands + 1),
    operands: Array.from({ length: operands }, () => [n]),
    ...rest,
  };
}

const add = (n: number): KernelCase =>
  elementwise('add', n, 2, {
    run: (k, [a, b]) => [k.binary('add', flat(a, n), flat(b, n), [n])],
    compute: (x, y) => x.add(y),
  });

const exp = (n: number): KernelCase =>
  elementwise('exp', n, 1, { run: (k, [a]) => [k.unary('exp', a as Values)], compute: (x) => x.exp() });

const copy = (n: number): KernelCase =>
  elementwise('copy', n, 1, {
    run: (k, [a]) => [k.strided(a as Values, { shape: [n], strides: [1], offset: 0 })],
    compute: (x) => x.clone(),
  });

const transpose = (n: number): KernelCase => ({
  ...elementwise(`copy of ${ROW} columns as rows`, n, 1, {
    run: (k, [a]) => [k.strided(a as Values, { shape: [ROW, n / ROW], strides: [1, ROW], offset: 0 })],
    compute: (x) => x.transpose().clone(),
  }),
  operands: [[n / ROW, ROW]],
});

const sum = (n: number): KernelCase => ({
  ...elementwise('sum of all', n, 1, {
    run: (k, [a]) => [k.reduce('sum', flat(a, n), [0])],
    compute: (x) => x.sum(),
  }),
  bytes: 4 * n,
});

const rowSums = (n: number): KernelCase => ({
  ...elementwise(`sum of rows of ${ROW}`, n, 1, {
    run: (k, [a]) => [k.reduce('sum', { values: a as Values, shape: [n / ROW, ROW] }, [1])],
    compute: (x) => x.sum({ axis: 1 }),
  }),
  operands: [[n / ROW, ROW]],
  bytes: 4 * n,
});

/** tanh(max(log(√((eˣʸ⁺ˣ − y)² + x·y)), y)), ten operations. A backend that fuses them reads x and y once and writes once. */
function chain(n: number): KernelCase {
  return elementwise('chain of ten', n, 2, {
    flops: 10 * n,
    run(k, [a, b]) {
      const [x, y] = [a as Values, b as Values];
      const made: Values[] = [];
      const keep = (values: Values): Values => {
        made.push(values);
        return values;
      };
      const on = (kind: Parameters<Kernels['binary']>[0], p: Values, q: Values) =>
        keep(k.binary(kind, flat(p, n), flat(q, n), [n]));
      const xy = on('mul', x, y);
      const grown = keep(k.unary('exp', on('add', xy, x)));
      const square = keep(k.unary('square', on('sub', grown, y)));
      const root = keep(k.unary('sqrt', on('add', square, xy)));
      keep(k.unary('tanh', on('maximum', keep(k.unary('log', root)), y)));
      return made;
    },
    compute(x, y) {
      const xy = x.mul(y);
      return xy.add(x).exp().sub(y).square().add(xy).sqrt().log().maximum(y).tanh();
    },
  });
}

function flat(values: Values | undefined, n: number): { values: Values; shape: readonly number[] } {
  return { values: values as Values, shape: [n] };
}

/** All cases, by group, each in order of size. */
export const GROUPS: readonly (readonly KernelCase[])[] = [
  cubes('matmul', 'NN'),
  cubes('matmul, B transposed', 'NT'),
  cubes('matmul, A transposed', 'TN'),
  LAYERS.map(([m, k, n, transposes]) =>
    product('matmul of layers', `${m} × ${k} × ${n} ${transposes}`, sidesOf(m, k, n, transposes)),
  ).sort((a, b) => a.size - b.size),
  ...[add, copy, transpose, sum, rowSums, exp, chain].map((make) => ARRAY_SIZES.map(make)),
  cubes('matmul, both transposed', 'TT'),
];

export const isProduct = (group: string): boolean => group.startsWith('matmul');
