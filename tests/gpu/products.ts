/** Checks of the tiles of matrix products on webgpu, whatever tile the adapter would choose, against sums in float64. */
import { Generator } from '@varigrad/core';
import type { MatmulSpec } from '../../packages/core/src/backend/backend.js';
import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';
import type { GpuArray } from '../../packages/core/src/backend/gpu/handle.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { openMode } from '../../packages/core/src/backend/gpu/modes.js';
import type { Epilogue } from '../../packages/core/src/backend/gpu/wgsl-epilogue.js';
import { TILES, type Tile, tileProduct } from '../../packages/core/src/backend/gpu/wgsl-tiles.js';

/** Largest error of a sum of k products of numbers from −1 to 1, divided by √k. */
const TOLERANCE = 1e-6;
const PLAIN: Epilogue = { biased: false, activation: 'none' };
/** Whether A and B are transposed. */
const TRANSPOSES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** Two matrices of numbers from −1 to 1. */
function operandsOf({ batch, m, n, k }: MatmulSpec): [Float32Array, Float32Array] {
  const draw = (size: number, seed: number) => new Generator(seed).uniform(size).map((v) => 2 * v - 1);
  return [draw(batch * m * k, 1), draw(batch * k * n, 2)];
}

function productOf(a: Float32Array, b: Float32Array, spec: MatmulSpec): Float64Array {
  const { batch, m, n, k, transposeA, transposeB, strideA, strideB } = spec;
  return Float64Array.from({ length: batch * m * n }, (_, at) => {
    const [item, row, column] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const x = a[item * strideA + (transposeA ? j * m + row : row * k + j)]!;
      sum += x * b[item * strideB + (transposeB ? column * k + j : j * n + column)]!;
    }
    return sum;
  });
}

/** Sizes beyond one tile, with rows that are aligned to four numbers or not. */
function specsOf({ rows, columns, depth }: Tile): MatmulSpec[] {
  const sizes = [
    { batch: 1, m: rows + 4, n: columns + 8, k: 2 * depth + 4 },
    { batch: 2, m: 9, n: 5, k: depth + 3 },
  ];
  return sizes.flatMap((size) =>
    TRANSPOSES.map(([transposeA, transposeB]) => {
      const { m, n, k } = size;
      return { ...size, transposeA, transposeB, strideA: m * k, strideB: k * n };
    }),
  );
}

/** A software adapter takes seconds to compile a shader. There, the smallest tile covers all ways to read, the others two each. */
function chosen(specs: readonly MatmulSpec[], tile: Tile): MatmulSpec[] {
  return specs.filter(({ batch, transposeA, transposeB }) =>
    tile === TILES[0] ? transposeA === transposeB : transposeA === transposeB && transposeA === batch > 1,
  );
}

async function tileErrors(machine: Machine, tile: Tile, spec: MatmulSpec): Promise<string[]> {
  const [a, b] = operandsOf(spec);
  const program = tileProduct(spec, PLAIN, tile);
  const arrays = [machine.upload(a), machine.upload(b)] as const;
  const result = machine.shade(program, arrays, spec.batch * spec.m * spec.n);
  const found = await machine.download(result);
  for (const array of [...arrays, result]) machine.release(array);
  const right = productOf(a, b, spec);
  const wrong = [...right.keys()].filter(
    (i) => !(Math.abs(found[i]! - right[i]!) <= TOLERANCE * Math.sqrt(spec.k)),
  );
  const [first] = wrong;
  if (first === undefined) return [];
  const shape = `${spec.batch} × ${spec.m} × ${spec.k} × ${spec.n}`;
  return [
    `${program.name}, ${shape}: ${wrong.length} wrong, [${first}] must be ${right[first]}, found ${found[first]}`,
  ];
}

/** All tiles give the same bits, with bias and activation. A NaN in the first row of B reaches the first column of the result. */
async function bitErrors(machine: Machine): Promise<string[]> {
  const spec = { batch: 1, m: 9, n: 6, k: 70, transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
  const [a, b] = operandsOf(spec);
  b[0] = Number.NaN;
  const operands: GpuArray[] = [a, b, Float32Array.of(1, -2, 3, 0, 0.5, -0.25)].map((x) => machine.upload(x));
  const wrong: string[] = [];
  const results: Float32Array[] = [];
  for (const tile of TILES) {
    const program = tileProduct(spec, { biased: true, activation: 'relu' }, tile);
    results.push(await machine.download(machine.shade(program, operands, spec.m * spec.n)));
  }
  const [first, ...others] = results as [Float32Array, ...Float32Array[]];
  const same = (x: Float32Array) => x.every((v, i) => Object.is(v, first[i]));
  if (!others.every(same)) wrong.push('the tiles give different bits');
  const right = (v: number, i: number) => (i % 6 === 0 ? Number.isNaN(v) : v >= 0);
  if (!first.every(right))
    wrong.push(`relu: NaN must be in the first column only, found [${first.join(', ')}]`);
  return wrong;
}

export async function productErrors(): Promise<string[]> {
  const { instance, driver } = await openMode(await loadGpuJs(), 'webgpu');
  const machine = new Machine(instance, driver);
  const wrong: string[] = [];
  for (const tile of TILES) {
    const specs = specsOf(tile);
    const taken = driver.adapter.software ? chosen(specs, tile) : specs;
    for (const spec of taken) wrong.push(...(await tileErrors(machine, tile, spec)));
  }
  wrong.push(...(await bitErrors(machine)));
  await machine.destroy();
  return wrong;
}
