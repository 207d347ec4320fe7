/** Checks of the sums of wgsl-sum.ts on webgpu, as a card and as a software adapter would run them, against sums in float64. */
import { Generator } from '@varigrad/core';
import type { AxisSpec } from '../../packages/core/src/backend/backend.js';
import { wholeOf } from '../../packages/core/src/backend/gpu/expression.js';
import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { openMode } from '../../packages/core/src/backend/gpu/modes.js';
import { wgslSum } from '../../packages/core/src/backend/gpu/wgsl-sum.js';

/** Largest error, relative to the sum of the magnitudes. */
const TOLERANCE = 3e-7;

/** Along rows and of rows; with idle lanes, several vectors per lane, empty and incomplete pieces, and several workgroups. */
const AXES: readonly AxisSpec[] = [
  { outer: 1, length: 4, inner: 1 },
  { outer: 300, length: 100, inner: 1 },
  { outer: 7, length: 20_000, inner: 1 },
  { outer: 1, length: 32_772, inner: 1 },
  { outer: 3, length: 5, inner: 8 },
  { outer: 1, length: 128, inner: 400 },
  { outer: 2, length: 3000, inner: 12 },
];

/** The sums of the squares of x, minus half of x; and the largest error that is allowed for each. */
function rightOf(x: Float32Array, { outer, length, inner }: AxisSpec): { sums: number[]; errors: number[] } {
  const sums = new Array<number>(outer * inner).fill(0);
  const sizes = new Array<number>(outer * inner).fill(0);
  x.forEach((v, at) => {
    const i = Math.floor(at / (length * inner)) * inner + (at % inner);
    sums[i]! += v * v - 0.5 * v;
    sizes[i]! += v * v + 0.5 * Math.abs(v);
  });
  return { sums, errors: sizes.map((size) => TOLERANCE * size) };
}

/** Sums of pieces, and then of the pieces. */
async function sumsOf(
  machine: Machine,
  values: Float32Array,
  axis: AxisSpec,
  software: boolean,
): Promise<Float32Array> {
  const x = machine.upload(values);
  const read = wholeOf(x);
  const text = 'x * x - x * c';
  let elements = machine.defer({ name: 'difference', text, reads: [read], number: 0.5 }, values.length);
  const { outer, inner } = axis;
  for (let length = axis.length; ; ) {
    const source = machine.source('sum', elements);
    const sum = wgslSum(source, { outer, length, inner }, { ...machine.driver.adapter, software });
    if (sum === null) throw new Error(`no shader for ${outer} × ${length} × ${inner}`);
    elements = machine.launchFused(sum.program, source, outer * sum.pieces * inner, []);
    length = sum.pieces;
    if (length === 1) return machine.download(elements);
  }
}

export async function sumErrors(): Promise<string[]> {
  const { instance, driver } = await openMode(await loadGpuJs(), 'webgpu');
  const machine = new Machine(instance, driver);
  const wrong: string[] = [];
  for (const axis of AXES) {
    const { outer, length, inner } = axis;
    const x = new Generator(1).uniform(outer * length * inner).map((v) => 2 * v - 0.5);
    const { sums, errors } = rightOf(x, axis);
    for (const software of [false, true]) {
      const found = await sumsOf(machine, x, axis, software);
      const bad = sums.findIndex((sum, i) => !(Math.abs(found[i]! - sum) <= errors[i]!));
      const what = `${outer} × ${length} × ${inner} ${software ? 'alone' : 'in lanes'}`;
      if (bad !== -1) wrong.push(`${what}: [${bad}] must be ${sums[bad]}, found ${found[bad]}`);
    }
  }
  await machine.destroy();
  return wrong;
}
