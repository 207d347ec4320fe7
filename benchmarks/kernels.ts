/**
 * `npm run bench:kernels`: GFLOP/s and GB/s of each kernel on the wasm backend (one thread and all) and the reference
 * backend, over sizes, with memory copy as the ceiling. It writes a table and a chart to runs/bench/.
 */
import { availableParallelism } from 'node:os';
import { type Backend, createReference, createWasm, Generator, type Kernels } from '@varigrad/core';
import { lineChart } from '@varigrad/vae';
import { writeFileAtomic } from '@varigrad/vae/node';
import { formatTiming, interleave, machine, type Timing, table } from './measure.js';

const all = availableParallelism();
const backends: Record<string, Backend> = {
  '1 thread': createWasm({ threads: 1 }),
  [`${all} threads`]: createWasm({ threads: all }),
  reference: createReference(),
};
const out: string[] = [];
const print = (text: string): void => {
  out.push(text);
  console.log(text);
};

/** Values in a backend's resident memory, like parameters. */
function resident(on: Backend, size: number): Float32Array {
  const values = on.kernels.uniform(size, new Generator(size).take(size));
  return on.persist(values) as Float32Array;
}

/** Runs a kernel and frees its result, as inside a scope. */
function released(on: Backend, kernel: (k: Kernels) => unknown): () => void {
  return () => {
    on.openScope();
    on.release(kernel(on.kernels) as Float32Array);
    on.closeScope();
  };
}

type Build = (on: Backend) => (k: Kernels) => unknown;

/** Times one kernel on all backends alternately. Small kernels are repeated, for the resolution of the clock. */
async function measure(build: Build, work: number, skipReference: boolean): Promise<Map<string, Timing>> {
  const repeat = Math.max(1, Math.min(1000, Math.round(2e6 / work)));
  const variants = Object.entries(backends)
    .filter(([name]) => !(skipReference && name === 'reference'))
    .map(([name, on]) => ({ name, run: released(on, build(on)), repeat: name === 'reference' ? 1 : repeat }));
  return interleave(variants, 0.6);
}

const PRODUCTS: readonly [
  name: string,
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
][] = [
  ['128×784 @ 784×400', 128, 400, 784, false, false],
  ['(784×128)ᵀ… @ 128×400', 784, 400, 128, true, false],
  ['128×400 @ (784×400)ᵀ', 128, 784, 400, false, true],
  ['128×400 @ 400×20', 128, 20, 400, false, false],
  ...[64, 128, 256, 512, 1024].map((n): [string, number, number, number, boolean, boolean] => [
    `${n}³`,
    n,
    n,
    n,
    false,
    false,
  ]),
];

async function products(): Promise<void> {
  const rows = [['matmul (GFLOP/s)', ...Object.keys(backends), 'ms on one thread', 'scaling']];
  for (const [name, m, n, k, transposeA, transposeB] of PRODUCTS) {
    const spec = { batch: 1, m, n, k, transposeA, transposeB, strideA: 0, strideB: 0 };
    const build: Build = (on) => {
      const [a, b] = [resident(on, m * k), resident(on, k * n)];
      return (kernels) => kernels.matmul(a, b, spec);
    };
    const timings = await measure(build, m * n * k, m * n * k > 2e8);
    const rate = (t: Timing | undefined) =>
      t === undefined ? '' : ((2 * m * n * k) / t.median / 1e6).toFixed(1);
    const [one, many] = [timings.get('1 thread'), timings.get(`${all} threads`)] as [Timing, Timing];
    const cells = Object.keys(backends).map((b) => rate(timings.get(b)));
    rows.push([name, ...cells, formatTiming(one), `${(one.median / many.median).toFixed(2)}×`]);
  }
  print(table(rows));
}

const ELEMENTWISE = ['relu', 'exp', 'log', 'sigmoid', 'tanh', 'softplus', 'gelu', 'sin'] as const;
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];

interface ElementKernel {
  name: string;
  build: (size: number) => Build;
  /** Bytes read and written per element. */
  bytes: number;
}

const KERNELS: readonly ElementKernel[] = [
  { name: 'copy (memcpy)', bytes: 8, build: (n) => (on) => copyOf(resident(on, n), n) },
  { name: 'add', bytes: 12, build: (n) => (on) => binaryOf('add', resident(on, n), resident(on, n), n) },
  { name: 'mul', bytes: 12, build: (n) => (on) => binaryOf('mul', resident(on, n), resident(on, n), n) },
  ...ELEMENTWISE.map((kind) => ({
    name: kind,
    bytes: 8,
    build: (n: number) => (on: Backend) => {
      const x = resident(on, n);
      return (k: Kernels) => k.unary(kind, x);
    },
  })),
  { name: 'sum', bytes: 4, build: (n) => (on) => sumOf(resident(on, n), n) },
  { name: 'normal', bytes: 4, build: (n) => () => (k) => k.normal(n, new Generator(1).take(n)) },
];

const copyOf = (x: Float32Array, n: number) => (k: Kernels) =>
  k.strided(x, { shape: [n], strides: [1], offset: 0 });
const sumOf = (x: Float32Array, n: number) => (k: Kernels) => k.reduce('sum', { values: x, shape: [n] }, [0]);
const binaryOf = (kind: 'add' | 'mul', a: Float32Array, b: Float32Array, n: number) => (k: Kernels) =>
  k.binary(kind, { values: a, shape: [n] }, { values: b, shape: [n] }, [n]);

async function elements(): Promise<void> {
  const series = [];
  for (const size of SIZES) {
    const rows = [
      [
        `${size.toLocaleString('en')} elements`,
        ...Object.keys(backends).map((b) => `${b}, ns per element`),
        'GB/s, 1 thread',
      ],
    ];
    for (const { name, bytes, build } of KERNELS) {
      const timings = await measure(build(size), size, size > 1e6);
      const each = (t: Timing | undefined) => (t === undefined ? '' : ((1e6 * t.median) / size).toFixed(3));
      const one = timings.get('1 thread') as Timing;
      const cells = Object.keys(backends).map((b) => each(timings.get(b)));
      rows.push([name, ...cells, ((bytes * size) / one.median / 1e6).toFixed(1)]);
      series.push({ name, size, milliseconds: one.median });
    }
    print(`\n${table(rows)}`);
  }
  await writeChart(series);
}

/** Writes a chart of the time of one call over the size, both as powers of ten. */
async function writeChart(
  points: readonly { name: string; size: number; milliseconds: number }[],
): Promise<void> {
  const chart = lineChart({
    title: 'Time of one call on one thread (wasm backend)',
    xLabel: 'elements, as a power of ten',
    yLabel: 'microseconds, as a power of ten',
    height: 520,
    series: KERNELS.map(({ name }) => ({
      name,
      points: points
        .filter((p) => p.name === name)
        .map((p) => [Math.log10(p.size), Math.log10(1000 * p.milliseconds)] as const),
    })),
  });
  await writeFileAtomic('runs/bench/kernels.svg', chart);
}

print(
  `${machine()}\n${Object.values(backends)
    .map((b) => b.description)
    .join(' · ')}`,
);
print('Medians of interleaved rounds, with resident operands; results are freed as inside a scope.\n');
await products();
await elements();
await writeFileAtomic('runs/bench/kernels.txt', `${out.join('\n')}\n`);
console.log('\nTable and chart: runs/bench/kernels.txt, runs/bench/kernels.svg');
