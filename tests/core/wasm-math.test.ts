/**
 * The vectorized functions of the wasm backend against float64, over all of float32, in every flavour that this host
 * supports, and its random numbers against random.ts.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binaryRows, unaryRows } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  binaryNumber,
  type KernelExports,
  pieces,
  unaryNumber,
} from '../../packages/core/src/backend/wasm/module.generated.js';
import type { BinaryKind, UnaryKind } from '../../packages/core/src/functions/names.generated.js';
import { binaryFunctions, unaryFunctions } from '../../packages/core/src/functions/reference.generated.js';
import type { UnaryRow } from '../../packages/core/src/functions/row.js';
import { philox4x32 } from '../../packages/core/src/philox.js';
import { distance, erf, gelu, sweep, sweepOfPairs, tail } from '../helpers/exact-math.js';

type Fill = (out: number, n: number, key0: number, key1: number, low: number, high: number) => void;
/** The exports of philox.ts. */
interface Harness {
  memory: WebAssembly.Memory;
  fillWords: Fill;
  fillUniform: Fill;
  fillNormal: Fill;
}

const CHUNK = 1 << 16;
const X = 1 << 20; // byte addresses of the operands and the result, above what the module uses
const Y = X + 4 * CHUNK;
const OUT = Y + 4 * CHUNK;

/** A module with one function, whose only instruction is f32x4.relaxed_madd. */
const RELAXED_MODULE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 11],
]);

/** Compiles the harness with asc, in a separate process, because tsx would transform the whole compiler first. */
async function compile(flavour: string, folder: string): Promise<Harness> {
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
  const sources = fileURLToPath(new URL('../../packages/core/src/backend/wasm/assembly', import.meta.url));
  const file = join(folder, `${flavour}.wasm`);
  const options = '-O3 --runtime stub --noAssert --enable simd'.split(' ');
  if (flavour === 'relaxed') options.push('--enable', 'relaxed-simd');
  const call = [
    compiler,
    'philox.ts',
    '--baseDir',
    sources,
    '--outFile',
    relative(sources, file),
    ...options,
  ];
  await promisify(execFile)(process.execPath, call);
  const { instance } = await WebAssembly.instantiate(readFileSync(file));
  const harness = instance.exports as unknown as Harness;
  harness.memory.grow(32);
  return harness;
}

const flavours = ['plain', ...(WebAssembly.validate(RELAXED_MODULE) ? ['relaxed'] : [])];
const folder = mkdtempSync(join(tmpdir(), 'varigrad-math-'));
const compiled = await Promise.all(flavours.map((flavour) => compile(flavour, folder)));
rmSync(folder, { recursive: true });
const harnesses = new Map(flavours.map((flavour, i) => [flavour, compiled[i] as Harness]));

/** The kernels of one flavour, on one thread, with their own memory. */
function instantiate(hex: string): { kernels: KernelExports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65_536, shared: true });
  const module = new WebAssembly.Module(Buffer.from(hex, 'hex'));
  const never = assert.unreachable;
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory, waiting: never, abort: never, product: never, job: never },
  });
  const kernels = exports as unknown as KernelExports;
  kernels.setThreadLimit(1);
  return { kernels, memory };
}

const modules = new Map(
  flavours.map((flavour) => [
    flavour,
    instantiate(pieces.map((piece) => piece[flavour === 'plain' ? 'plain' : 'relaxed']).join('')),
  ]),
);

type Run = (kernels: KernelExports, n: number) => void;

/** The largest distance from `exact` over `points`, and the point, for each flavour. */
function worst(run: Run, exact: (x: number, y: number) => number, points: Iterable<[number, number]>) {
  const x = new Float32Array(CHUNK);
  const y = new Float32Array(CHUNK);
  const found = new Map(flavours.map((flavour) => [flavour, { ulps: 0, x: 0, y: 0, got: 0 }]));
  const check = (n: number): void => {
    const expected = Float64Array.from({ length: n }, (_, i) => exact(x[i]!, y[i]!));
    for (const [flavour, { kernels, memory }] of modules) {
      new Float32Array(memory.buffer, X, CHUNK).set(x);
      new Float32Array(memory.buffer, Y, CHUNK).set(y);
      run(kernels, CHUNK);
      const result = new Float32Array(memory.buffer, OUT, n);
      for (const [i, got] of result.entries()) {
        const ulps = distance(got, expected[i]!);
        if (ulps <= found.get(flavour)!.ulps) continue;
        found.set(flavour, { ulps, x: x[i]!, y: y[i]!, got });
      }
    }
  };
  let total = 0;
  for (const [a, b] of points) {
    x[total % CHUNK] = a;
    y[total % CHUNK] = b;
    if (++total % CHUNK === 0) check(CHUNK);
  }
  check(total % CHUNK);
  assert.ok(total > 1e6, `${total} points`);
  return found;
}

function assertWithin(bound: number, found: ReturnType<typeof worst>): void {
  for (const [flavour, { ulps, x, y, got }] of found) {
    assert.ok(ulps <= bound, `${flavour}: ${ulps} ulp > ${bound} at x = ${x}, y = ${y}: ${got}`);
  }
}

/** The default accuracy: rounded once. */
const EXACT: NonNullable<UnaryRow['accuracy']> = { ulp: 0.5 };
/** The names of a table, which are the names of the generated types. */
const namesOf = <Kind extends string>(rows: Readonly<Record<string, unknown>>): Kind[] =>
  Object.keys(rows) as Kind[];

for (const kind of namesOf<UnaryKind>(unaryRows)) {
  const { ulp, near = [] } = unaryRows[kind]!.accuracy ?? EXACT;
  test(`${kind}: within ${ulp} ulp over all of float32`, () => {
    const run: Run = (kernels, n) => kernels.runUnary(unaryNumber[kind], OUT, X, n);
    assertWithin(ulp, worst(run, unaryFunctions[kind], sweep(near)));
  });
}

const pairs = [...sweepOfPairs()];
/** y, or if it is outside of the range, a float32 inside. */
const into = ([low, high]: readonly [number, number], y: number): number =>
  y >= low && y <= high ? y : Math.fround(low + (high - low) * (Math.abs(y) % 1 || 0));
for (const kind of namesOf<BinaryKind>(binaryRows)) {
  const { ulp, second } = binaryRows[kind]!.accuracy ?? EXACT;
  if (!Number.isFinite(ulp)) continue;
  test(`${kind}: within ${ulp} ulp over pairs from all of float32, with the reference's special cases`, () => {
    const run: Run = (kernels, n) => kernels.runBinary(binaryNumber[kind], OUT, X, 16, Y, 16, n);
    const points =
      second === undefined ? pairs : pairs.map(([x, y]) => [x, into(second, y)] as [number, number]);
    assertWithin(ulp, worst(run, binaryFunctions[kind], points));
  });
}

test('elu: within 1.1 ulp over all of float32 for alpha = 1', () => {
  const exact = (x: number): number => binaryFunctions.elu(x, 1);
  const run: Run = (kernels, n) => kernels.runBinary(binaryNumber.elu, OUT, X, 16, Y, 0, n);
  const points = [...sweep([-0.34657, -18.1, -17.3])].map(([x]): [number, number] => [x, 1]);
  assertWithin(1.1, worst(run, exact, points));
});

test('an unknown number of a function traps', () => {
  for (const { kernels } of modules.values()) {
    for (const number of [-1, 1000]) {
      assert.throws(() => kernels.runUnary(number, OUT, X, 4), /unreachable/);
      assert.throws(() => kernels.runBinary(number, OUT, X, 16, Y, 16, 4), /unreachable/);
    }
  }
});

test('the reference: erf and Φ match an independent implementation', () => {
  for (const [x] of sweep([])) {
    if (!(Math.abs(x) < 30)) continue;
    assert.ok(Math.abs(unaryFunctions.erf(x) - erf(x)) <= 1e-14, `erf(${x})`);
    assert.ok(Math.abs(unaryFunctions.gelu(x) - gelu(x)) <= 1e-12 * Math.abs(gelu(x)), `gelu(${x})`);
  }
});

test('the independent implementation: erf and Φ match published tables', () => {
  // Abramowitz & Stegun, tables 7.1 and 26.1
  assert.ok(Math.abs(erf(0.5) - 0.5204998778) < 1e-10);
  assert.ok(Math.abs(erf(-1.5) + 0.9661051465) < 1e-10);
  assert.ok(Math.abs(tail(1) - 0.158655253931457) < 1e-15);
  assert.ok(Math.abs(tail(3) - 0.00134989803163) < 1e-15);
});

test('lanes are independent: a special value does not change its neighbours', () => {
  for (const { kernels, memory } of modules.values()) {
    const values = new Float32Array(memory.buffer);
    for (const [kind, number] of Object.entries(unaryNumber)) {
      for (const odd of [Number.NaN, Infinity, -Infinity, -0, 1e-40, -5, 1e30]) {
        const inputs = [0.7, 0.3, 1.9, 12];
        values.set(inputs, X / 4);
        kernels.runUnary(number, OUT, X, 4);
        const alone = values.slice(OUT / 4, OUT / 4 + 4);
        for (let lane = 0; lane < 4; lane++) {
          values.set(inputs, X / 4);
          values[X / 4 + lane] = odd;
          kernels.runUnary(number, OUT, X, 4);
          const mixed = values.slice(OUT / 4, OUT / 4 + 4);
          for (let i = 0; i < 4; i++) if (i !== lane) assert.is(mixed[i], alone[i], `${kind}(${odd})`);
        }
      }
    }
  }
});

const places: { key: [number, number]; low: number; high: number }[] = [
  { key: [0, 0], low: 0, high: 0 },
  { key: [0xffffffff, 0xffffffff], low: 0xffffffff, high: 0xffffffff },
  { key: [0xa4093822, 0x299f31d0], low: 0x243f6a88, high: 0x85a308d3 },
  { key: [1, 2], low: 0xfffffffd, high: 7 }, // the carry falls inside a group of four blocks
];

/** n words of the stream, from random.ts. */
function wordsOf(n: number, { key, low, high }: (typeof places)[number]): number[] {
  const start = (BigInt(high) << 32n) + BigInt(low);
  return Array.from({ length: n / 4 }, (_, i) => {
    const block = BigInt.asUintN(64, start + BigInt(i));
    return philox4x32([Number(block & 0xffffffffn), Number(block >> 32n), 0, 0], key);
  }).flat();
}

test('philox: the published known answers', () => {
  // Random123, kat_vectors: philox4x32 10
  const hex = (words: Iterable<number>) => [...words].map((w) => w.toString(16).padStart(8, '0')).join(' ');
  const all = 0xffffffff;
  assert.is(hex(philox4x32([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.is(hex(philox4x32([all, all, all, all], [all, all])), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
  assert.is(hex(philox4x32(pi, [0xa4093822, 0x299f31d0])), 'd16cfe09 94fdcceb 5001e420 24126ea1');
  for (const harness of harnesses.values()) {
    harness.fillWords(OUT, 4, 0, 0, 0, 0);
    assert.is(hex(new Uint32Array(harness.memory.buffer, OUT, 4)), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  }
});

test('philox: the words and the uniform samples are those of random.ts', () => {
  const N = 256;
  for (const harness of harnesses.values()) {
    for (const place of places) {
      const words = wordsOf(N, place);
      harness.fillWords(OUT, N, ...place.key, place.low, place.high);
      assert.equal([...new Uint32Array(harness.memory.buffer, OUT, N)], words);
      harness.fillUniform(OUT, N, ...place.key, place.low, place.high);
      assert.equal(
        [...new Float32Array(harness.memory.buffer, OUT, N)],
        words.map((w) => (w >>> 8) * 2 ** -24),
      );
    }
  }
});

test('philox: normal samples are within 5 ulp of a float64 Box–Muller transform', () => {
  const N = 1 << 16;
  for (const [flavour, harness] of harnesses) {
    for (const place of places) {
      harness.fillNormal(OUT, N, ...place.key, place.low, place.high);
      const draws = new Float32Array(harness.memory.buffer, OUT, N);
      const words = wordsOf(N, place);
      for (let i = 0; i < N; i += 2) {
        const r = Math.sqrt(-2 * Math.log((((words[i] as number) >>> 8) + 1) * 2 ** -24));
        const turns = ((words[i + 1] as number) >>> 8) * 2 ** -24;
        const [cosine, sine] = [r * Math.cos(2 * Math.PI * turns), r * Math.sin(2 * Math.PI * turns)];
        for (const [got, exact] of [
          [draws[i], cosine],
          [draws[i + 1], sine],
        ] as [number, number][]) {
          // the float64 cosine of a quarter turn is 6e-17, ours is 0
          const ulps = Math.abs(exact) < 1e-15 ? Math.abs(got) / 1e-15 : distance(got, exact);
          assert.ok(ulps <= 5, `${flavour}: ${ulps} ulp at ${i}: ${got}, ${exact}`);
        }
      }
    }
  }
});

test('philox: a request writes exactly its number of values, and may be split into parts', () => {
  for (const { memory, fillNormal } of harnesses.values()) {
    const values = new Float32Array(memory.buffer);
    fillNormal(X, 64, 3, 4, 5, 6);
    const whole = values.slice(X / 4, X / 4 + 64);
    for (let n = 0; n <= 33; n++) {
      values.fill(99, OUT / 4, OUT / 4 + 64);
      fillNormal(OUT, n, 3, 4, 5, 6);
      assert.equal(values.slice(OUT / 4, OUT / 4 + n), whole.slice(0, n));
      assert.ok(values.slice(OUT / 4 + n, OUT / 4 + 64).every((v) => v === 99));
    }
    fillNormal(OUT, 20, 3, 4, 5, 6);
    fillNormal(OUT + 80, 44, 3, 4, 5 + 5, 6);
    assert.equal(values.slice(OUT / 4, OUT / 4 + 64), whole);
  }
});

test.run();
