/** The hand-written webgpu shaders, without a device: limits, the order of threads, the choice of kernels, and parameters. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MatmulSpec } from '../../packages/core/src/backend/backend.js';
import { type Fused, fuse, readOf, wholeOf } from '../../packages/core/src/backend/gpu/expression.js';
import { GpuArray, type Read } from '../../packages/core/src/backend/gpu/handle.js';
import { wgslElementwise } from '../../packages/core/src/backend/gpu/wgsl-elementwise.js';
import { wgslMatmul } from '../../packages/core/src/backend/gpu/wgsl-matmul.js';
import { wgslRandom } from '../../packages/core/src/backend/gpu/wgsl-random.js';
import { TILES, type Tile, tileProduct } from '../../packages/core/src/backend/gpu/wgsl-tiles.js';
import { wgslTranspose } from '../../packages/core/src/backend/gpu/wgsl-transpose.js';

const PLAIN = { biased: false, activation: 'none' } as const;
const CARD = { name: 'a card', software: false };
const SOFTWARE = { name: 'SwiftShader', software: true };

function product(m: number, n: number, k: number): MatmulSpec {
  return { batch: 1, m, n, k, transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
}

const codeOf = (tile: Tile): string => tileProduct(product(64, 64, 64), PLAIN, tile).code;
const nameOf = (tile: Tile): string => `${tile.rows}×${tile.columns}`;

/** A whole-number expression of the shader as a function of `copier`. */
function expressionOf(code: string, name: string): (copier: number) => number {
  const text = new RegExp(`let ${name} = (.*);`).exec(code)?.[1] ?? '';
  const plain = text.replace(/(\d+)u/g, '$1').replace(/copier \/ (\d+)/g, 'Math.floor(copier / $1)');
  return new Function('copier', `return ${plain};`) as (copier: number) => number;
}

test('every adapter can run every tile', () => {
  for (const tile of TILES) {
    const code = codeOf(tile);
    const [, across, down] = /@workgroup_size\((\d+), (\d+)\)/.exec(code)!.map(Number);
    assert.ok(across! * down! <= 256, nameOf(tile));
    assert.is(across! * tile.cellColumns, tile.columns, nameOf(tile));
    assert.is(down! * tile.cellRows, tile.rows, nameOf(tile));
    const vectors = [...code.matchAll(/var<workgroup> \w+ : array<vec4<f32>, (\d+)>/g)];
    const bytes = vectors.reduce((sum, [, count]) => sum + 16 * Number(count), 0);
    assert.is(bytes, 4 * tile.depth * (tile.rows + tile.columns), nameOf(tile));
    assert.ok(bytes <= 16_384, nameOf(tile));
  }
});

test('the threads of a tile copy each number once, and their writes use all banks of workgroup memory', () => {
  for (const tile of TILES) {
    const code = codeOf(tile);
    const [line, step] = [expressionOf(code, 'line'), expressionOf(code, 'step')];
    const half = Number(/thread < (\d+)u/.exec(code)?.[1]);
    assert.is(half, ((tile.rows / 4) * tile.depth) / 4, nameOf(tile));
    const copiers = Array.from({ length: half }, (_, i) => i);
    const blocks = new Set(copiers.map((i) => `${line(i)} ${step(i)}`));
    assert.is(blocks.size, half, nameOf(tile));
    for (const i of copiers) assert.ok(line(i) < tile.rows / 4 && step(i) < tile.depth, nameOf(tile));
    for (let first = 0; first < half; first += 8) {
      const vectors = copiers.slice(first, first + 8).map((i) => (step(i) * tile.rows) / 4 + line(i));
      assert.is(new Set(vectors.map((v) => v % 8)).size, 8, `${nameOf(tile)} from thread ${first}`);
    }
  }
});

test('the tile grows with the result, and software adapters use registers only', () => {
  const kernel = (m: number, n: number, adapter = CARD) =>
    wgslMatmul(product(m, n, 784), PLAIN, adapter).name.split(' ', 2)[1];
  assert.is(kernel(128, 400), '32×32');
  assert.is(kernel(1, 1), '32×32');
  assert.is(kernel(512, 2000), '64×64');
  assert.is(kernel(1024, 1024), '64×64');
  assert.is(kernel(2048, 2048), '128×128');
  for (const size of [1, 32, 2048]) assert.is(kernel(size, size, SOFTWARE), 'in');
});

test('a product has the same sums in all tiles: fma in the order of k', () => {
  for (const tile of TILES) {
    const sums = codeOf(tile).match(/(?<!var )c\d_\d = .*/g) ?? [];
    assert.is(sums.length, (tile.cellRows * tile.cellColumns) / 4, nameOf(tile));
    for (const sum of sums) assert.match(sum, /^(c\d_\d) = fma\(vec4<f32>\(x\d\.[xyzw]\), y\d, \1\);$/);
  }
});

test('key and counter of random numbers are parameters', () => {
  const make = (seed: number, block: number) =>
    wgslRandom('normal', 10, { key: [seed, 7], counter: [block, 0xffffffff] });
  const [one, other] = [make(1, 2), make(0xfffffffe, 3)];
  assert.is(one.code, other.code);
  assert.is(one.name, other.name);
  assert.equal(Array.from(one.params.subarray(0, 5)), [1, 7, 2, 0xffffffff, 10]);
  assert.equal(Array.from(other.params.subarray(0, 5)), [0xfffffffe, 7, 3, 0xffffffff, 10]);
  assert.is.not(wgslRandom('normal', 8, { key: [1, 7], counter: [0, 0] }).name, one.name);
});

test('random numbers of many rows of workgroups', () => {
  const { groups, params } = wgslRandom('uniform', 2 ** 28, { key: [0, 0], counter: [0, 0] });
  assert.ok(groups.every((count) => count <= 65_535));
  assert.is(params[5], 65_535 * 64);
  assert.ok(groups[0] * groups[1] * 64 * 4 >= 2 ** 28);
});

const array = new GpuArray(8);

function expression(text: string, operands: readonly Read[], number: number | null = null): Fused {
  return fuse({ name: `test ${text}`, text, operands, number });
}

test('arithmetic on whole arrays and single numbers reads vectors', () => {
  const program = wgslElementwise(
    expression('(x + y) * c', [wholeOf(array), wholeOf(new GpuArray(8))], 0.5),
    8,
  )!;
  assert.match(program.code, /var<storage, read> a1 : array<vec4<f32>>/);
  assert.match(program.code, /let t0 = \(v0 \+ v1\) \* p\.c0;/);
  assert.equal(Array.from(program.params.subarray(0, 2)), [2, 64]);
  assert.is(new Float32Array(program.params.buffer)[2], 0.5);
  const single = wgslElementwise(
    expression('x - y', [wholeOf(array), readOf(new GpuArray(1), [8], [0])]),
    8,
  )!;
  assert.match(single.code, /a1 : array<f32>;/);
  assert.match(single.code, /let v1 = a1\[0\];/);
});

test('functions, strides and sizes that four does not divide are left to gpu.js', () => {
  for (const text of ['Math.exp(x)', 'relu(x)', 'x / y', 'x < y ? x : y', 'over(x, y)']) {
    assert.is(wgslElementwise(expression(text, [wholeOf(array), wholeOf(array)]), 8), null, text);
  }
  assert.is(wgslElementwise(expression('x', [readOf(array, [2, 4], [1, 2])]), 8), null);
  assert.is(wgslElementwise(expression('x + y', [wholeOf(array), wholeOf(array)]), 7), null);
});

test('a card copies large transposed matrices by squares; all other copies are left to gpu.js', () => {
  const big = new GpuArray(6000);
  const copyOf = (shape: number[], strides: number[], text = 'x', adapter = CARD) =>
    wgslTranspose({ name: 'copy', text, operands: [readOf(big, shape, strides)], number: null }, adapter);
  const program = copyOf([2, 50, 60], [3000, 1, 50])!;
  assert.equal(program.groups, [2, 2, 2]);
  assert.equal(Array.from(program.params.subarray(0, 5)), [50, 60, 3000, 50, 0]);
  assert.is(copyOf([50, 60], [1, 50], 'x', SOFTWARE), null);
  assert.is(copyOf([50, 60], [1, 50], 'x * c'), null);
  assert.is(copyOf([50, 60], [60, 1]), null, 'rows of a matrix');
  assert.is(copyOf([10, 600], [1, 10]), null, 'few rows');
  assert.is(copyOf([600, 10], [1, 600]), null, 'few columns');
  assert.is(copyOf([10, 20, 30], [1, 10, 200]), null, 'all axes reversed');
});

test.run();
