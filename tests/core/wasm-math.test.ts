/**
 * The vectorised functions of the wasm backend against float64, over all of float32, in every flavour that this host
 * runs, and its random numbers against random.ts.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { philox4x32 } from '../../packages/core/src/random.js';
import { distance, erf, gelu, softplus, sweep, sweepOfPairs, tail } from './wasm-math-exact.js';

type Loop = (out: number, x: number, n: number) => void;
type Fill = (out: number, n: number, key0: number, key1: number, low: number, high: number) => void;
interface Harness {
  memory: WebAssembly.Memory;
  pow(out: number, x: number, y: number, n: number): void;
  elu(out: number, x: number, n: number, alpha: number): void;
  fillWords: Fill;
  fillUniform: Fill;
  fillNormal: Fill;
  [name: string]: Loop | Fill | WebAssembly.Memory;
}

const CHUNK = 1 << 16;
const X = 1 << 16; // byte addresses of the operands and the result
const Y = X + 4 * CHUNK;
const OUT = Y + 4 * CHUNK;

/** A module with one function, whose only instruction is f32x4.relaxed_madd. */
const RELAXED_MODULE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 11],
]);

/** Compiles the harness with asc, in a process of its own because tsx would transform the whole compiler first. */
async function compile(flavour: string, folder: string): Promise<Harness> {
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
  const sources = fileURLToPath(new URL('../../packages/core/src/backend/wasm/assembly', import.meta.url));
  const file = join(folder, `${flavour}.wasm`);
  const options = '-O3 --runtime stub --noAssert --enable simd'.split(' ');
  if (flavour === 'relaxed') options.push('--enable', 'relaxed-simd');
  const call = [
    compiler,
    'math-harness.ts',
    '--baseDir',
    sources,
    '--outFile',
    relative(sources, file),
    ...options,
  ];
  await promisify(execFile)(process.execPath, call);
  const { instance } = await WebAssembly.instantiate(readFileSync(file));
  const harness = instance.exports as unknown as Harness;
  harness.memory.grow(16);
  return harness;
}

const flavours = ['plain', ...(WebAssembly.validate(RELAXED_MODULE) ? ['relaxed'] : [])];
const folder = mkdtempSync(join(tmpdir(), 'varigrad-math-'));
const compiled = await Promise.all(flavours.map((flavour) => compile(flavour, folder)));
rmSync(folder, { recursive: true });
const harnesses = new Map(flavours.map((flavour, i) => [flavour, compiled[i] as Harness]));

/** Each function in float64, its bound in ulp, and thresholds of float32 or of our own that need a closer look. */
const cases: { name: string; exact: (x: number) => number; bound: number; thresholds: number[] }[] = [
  {
    name: 'exp',
    exact: Math.exp,
    bound: 1.1,
    thresholds: [88.72284, 89, -87.33655, -103.97208, -104, 0.34657],
  },
  {
    name: 'expm1',
    exact: Math.expm1,
    bound: 1.7,
    thresholds: [88.3, 88.72284, 0.34657, -0.34657, -18.1, -17.3],
  },
  { name: 'log', exact: Math.log, bound: 0.9, thresholds: [1, Math.SQRT1_2, Math.SQRT2, 2] },
  {
    name: 'log1p',
    exact: Math.log1p,
    bound: 1.5,
    thresholds: [-1, 1e30, Math.SQRT1_2 - 1, Math.SQRT2 - 1, 1],
  },
  {
    name: 'sigmoid',
    exact: (x) => 1 / (1 + Math.exp(-x)),
    bound: 2.5,
    thresholds: [-103.97, -104, -87.3, 17.3],
  },
  { name: 'tanh', exact: Math.tanh, bound: 2.6, thresholds: [0.1733, 9.01, 9.05, -9.05] },
  { name: 'softplus', exact: softplus, bound: 2.3, thresholds: [-103.97, -104, -87.3, 17.3, 104] },
  {
    name: 'logSigmoid',
    exact: (x) => -softplus(-x),
    bound: 2.3,
    thresholds: [103.97, 104, 87.3, -17.3, -104],
  },
  { name: 'erf', exact: erf, bound: 1.8, thresholds: [0.9, 3.9, 4.24, -0.9] },
  { name: 'gelu', exact: gelu, bound: 2.9, thresholds: [1, -1, -14.1, -14.5, -13.2, 5.5] },
  { name: 'sin', exact: Math.sin, bound: 2.2, thresholds: [Math.PI, 2 * Math.PI, 1048576, 1e5, 355, 3.4e38] },
  { name: 'cos', exact: Math.cos, bound: 2.2, thresholds: [Math.PI / 2, Math.PI / 4, 1048576, 11, 3.4e38] },
  { name: 'rsqrt', exact: (x) => 1 / Math.sqrt(x), bound: 1.5, thresholds: [1, 4] },
  {
    name: 'elu',
    exact: (x) => (x > 0 ? x : Math.expm1(x)),
    bound: 1.1,
    thresholds: [-0.34657, -18.1, -17.3],
  },
];

type Run = (harness: Harness, n: number) => void;

/** The largest distance from `exact` over `points`, for each flavour, and where it is. */
function worst(run: Run, exact: (x: number, y: number) => number, points: Iterable<[number, number]>) {
  const x = new Float32Array(CHUNK);
  const y = new Float32Array(CHUNK);
  const found = new Map(flavours.map((flavour) => [flavour, { ulps: 0, x: 0, y: 0, got: 0 }]));
  const check = (n: number): void => {
    const expected = Float64Array.from({ length: n }, (_, i) => exact(x[i] as number, y[i] as number));
    for (const [flavour, harness] of harnesses) {
      const { buffer } = harness.memory;
      new Float32Array(buffer, X, CHUNK).set(x);
      new Float32Array(buffer, Y, CHUNK).set(y);
      run(harness, CHUNK);
      const result = new Float32Array(buffer, OUT, n);
      for (const [i, got] of result.entries()) {
        const ulps = distance(got, expected[i] as number);
        if (ulps <= (found.get(flavour)?.ulps ?? 0)) continue;
        found.set(flavour, { ulps, x: x[i] as number, y: y[i] as number, got });
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

for (const { name, exact, bound, thresholds } of cases) {
  test(`${name}: within ${bound} ulp over all of float32`, () => {
    const run: Run = name === 'elu' ? (h, n) => h.elu(OUT, X, n, 1) : (h, n) => (h[name] as Loop)(OUT, X, n);
    assertWithin(bound, worst(run, exact, sweep(thresholds)));
  });
}

test('pow: within 1.1 ulp over all of float32, with the special cases of Math.pow', () => {
  assertWithin(
    1.1,
    worst((h, n) => h.pow(OUT, X, Y, n), Math.pow, sweepOfPairs()),
  );
});

test('elu: alpha scales the negative branch only', () => {
  for (const harness of harnesses.values()) {
    const values = new Float32Array(harness.memory.buffer);
    values.set([-1, -Infinity, 2, 0], X / 4);
    harness.elu(OUT, X, 4, 0.5);
    const [minusOne, least, two, zero] = values.subarray(OUT / 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    assert.ok(Math.abs(minusOne - 0.5 * Math.expm1(-1)) < 1e-7);
    assert.equal([least, two, zero], [-0.5, 2, 0]);
  }
});

test('the oracle: erf and Φ as tabulated', () => {
  // Abramowitz & Stegun, tables 7.1 and 26.1
  assert.ok(Math.abs(erf(0.5) - 0.5204998778) < 1e-10);
  assert.ok(Math.abs(erf(-1.5) + 0.9661051465) < 1e-10);
  assert.ok(Math.abs(tail(1) - 0.158655253931457) < 1e-15);
  assert.ok(Math.abs(tail(3) - 0.00134989803163) < 1e-15);
});

test('lanes are independent: a special value does not touch its neighbours', () => {
  for (const harness of harnesses.values()) {
    const values = new Float32Array(harness.memory.buffer);
    for (const { name } of cases.filter((c) => c.name !== 'elu')) {
      for (const odd of [Number.NaN, Infinity, -Infinity, -0, 1e-40, -5, 1e30]) {
        const inputs = [0.7, 0.3, 1.9, 12];
        values.set(inputs, X / 4);
        (harness[name] as Loop)(OUT, X, 4);
        const alone = values.slice(OUT / 4, OUT / 4 + 4);
        for (let lane = 0; lane < 4; lane++) {
          values.set(inputs, X / 4);
          values[X / 4 + lane] = odd;
          (harness[name] as Loop)(OUT, X, 4);
          const mixed = values.slice(OUT / 4, OUT / 4 + 4);
          for (let i = 0; i < 4; i++) if (i !== lane) assert.is(mixed[i], alone[i], `${name}(${odd})`);
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

/** The words of a draw, by random.ts. */
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

test('philox: the stream of random.ts, word for word, and uniform draws from it', () => {
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

test('philox: normal draws by Box and Muller, within 5 ulp of float64', () => {
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

test('philox: a draw of any length writes that many numbers, and may be made in parts', () => {
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
