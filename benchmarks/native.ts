/**
 * `npm run bench:native`: matrix products and training steps on wasm and with a library of this machine, alternating in one process.
 *
 *   npm run bench:native -- --seconds 4 --library OpenBLAS
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import {
  type Backend,
  createWasm,
  Generator,
  matmul,
  noGrad,
  parameter,
  rand,
  scope,
  setBackend,
} from '@varigrad/core';
import { native } from '@varigrad/core/native';
import { cpuTime, formatTiming, interleave, machine, type Timing, table } from './measure.js';
import { CASES, trainingStep } from './training-step.js';

/** m, n, k and the transposed operands of products: those of a 784-400-20 VAE, and a square one. */
const PRODUCTS: readonly (readonly [
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
])[] = [
  [128, 400, 784, false, true],
  [128, 784, 400, false, false],
  [400, 784, 128, true, false],
  [128, 20, 400, false, true],
  [512, 512, 512, false, false],
  [1024, 400, 784, false, true],
];

/** Products that are timed together. The first one finds its operands in the caches of neither variant. */
const REPEAT = 10;

/** The training steps of training-step.ts that are measured. */
const STEPS: readonly string[] = [
  'VAE 784-64-8, batch 64',
  'VAE 784-400-20, batch 128',
  'VAE 784-400-20, batch 1024',
  'VAE 784-2000-20, batch 128',
  'convolutional VAE, 32-64-20, batch 128',
];

function multiplication(
  on: Backend,
  [m, n, k, transposeA, transposeB]: (typeof PRODUCTS)[number],
): () => void {
  setBackend(on);
  const generator = new Generator(1);
  const a = parameter(rand(transposeA ? [k, m] : [m, k], { generator }));
  const b = parameter(rand(transposeB ? [n, k] : [k, n], { generator }));
  return () => {
    setBackend(on);
    noGrad(() => scope(() => void matmul(a, b, { transposeA, transposeB })));
  };
}

/** Wasm and native on a number of threads. */
interface Pair {
  readonly threads: number;
  readonly wasm: Backend;
  readonly native: Backend;
}

/**
 * Measures work on both backends: `5.91 ms (5.80–6.12)` each, and how many times faster native is by first quartiles. On one
 * thread the times are processor time.
 */
async function compare(
  { threads, ...pair }: Pair,
  work: (on: Backend) => () => void,
  seconds: number,
  flops?: number,
): Promise<string[]> {
  const repeat = flops === undefined ? 1 : REPEAT;
  const variants = (['wasm', 'native'] as const).map((name) => ({ name, run: work(pair[name]), repeat }));
  const timings = await interleave(variants, seconds, threads === 1 ? cpuTime : undefined);
  const [wasm, own] = ['wasm', 'native'].map((name) => timings.get(name)!) as [Timing, Timing];
  const speed = (timing: Timing) =>
    flops === undefined ? '' : ` ${(flops / timing.low / 1e6).toFixed(0)} GFLOP/s`;
  return [
    String(threads),
    `${formatTiming(wasm)}${speed(wasm)}`,
    `${formatTiming(own)}${speed(own)}`,
    `×${(wasm.low / own.low).toFixed(2)}`,
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, library: { type: 'string' } } });
  const seconds = Number(values.seconds ?? 4);
  if (!(seconds > 0)) throw new Error('bench:native: --seconds must be a number above 0');
  const pairs: Pair[] = [];
  for (const threads of new Set([1, availableParallelism()])) {
    const library = values.library;
    pairs.push({ threads, wasm: createWasm({ threads }), native: await native({ threads, library }) });
  }
  console.log(machine());
  for (const { wasm, native } of pairs) console.log(`${wasm.description} · ${native.description}`);
  console.log('Median (quartiles), processor time on one thread; ratios and rates of first quartiles.\n');
  const rows = [['', 'threads', 'wasm', 'native', 'native is faster']];
  for (const product of PRODUCTS) {
    const [m, n, k, transposeA, transposeB] = product;
    const name = `${m}×${n}×${k}${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`;
    for (const pair of pairs) {
      const found = await compare(pair, (on) => multiplication(on, product), seconds / 2, 2 * m * n * k);
      rows.push([name, ...found]);
    }
  }
  for (const which of CASES) {
    const name = `${which.name}, batch ${which.batch}`;
    if (!STEPS.includes(name)) continue;
    for (const pair of pairs)
      rows.push([name, ...(await compare(pair, (on) => trainingStep(on, which, 'compiled'), seconds))]);
  }
  console.log(table(rows));
}

await main();
