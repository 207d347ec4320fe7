/** Checks of the transposed copies of wgsl-transpose.ts on webgpu, as a card would run them. */
import { readOf } from '../../packages/core/src/backend/gpu/expression.js';
import { loadGpuJs } from '../../packages/core/src/backend/gpu/gpujs.js';
import { Machine } from '../../packages/core/src/backend/gpu/machine.js';
import { openMode } from '../../packages/core/src/backend/gpu/modes.js';
import { wgslTranspose } from '../../packages/core/src/backend/gpu/wgsl-transpose.js';

/** Shape, strides and offset of a copy: whole and incomplete squares, several matrices, and a view of a part of a matrix. */
const COPIES: readonly { shape: readonly number[]; strides: readonly number[]; offset: number }[] = [
  { shape: [32, 64], strides: [1, 32], offset: 0 },
  { shape: [100, 39], strides: [1, 100], offset: 0 },
  { shape: [17, 16], strides: [1, 40], offset: 23 },
  { shape: [3, 33, 50], strides: [1650, 1, 33], offset: 0 },
  { shape: [2, 20, 5, 8], strides: [800, 1, 160, 20], offset: 0 },
];

export async function transposeErrors(): Promise<string[]> {
  const { instance, driver } = await openMode(await loadGpuJs(), 'webgpu');
  const machine = new Machine(instance, driver);
  const wrong: string[] = [];
  for (const { shape, strides, offset } of COPIES) {
    const places = placesOf(shape, strides, offset);
    const x = machine.upload(Float32Array.from({ length: Math.max(...places) + 1 }, (_, i) => i - 7.5));
    const operands = [readOf(x, shape, strides, offset)];
    const card = { ...driver.adapter, software: false };
    const program = wgslTranspose({ name: 'copy', text: 'x', operands, number: null }, card);
    if (program === null) throw new Error(`no shader for ${shape.join(' × ')}`);
    const found = await machine.download(machine.shade(program, [x], places.length));
    const bad = places.findIndex((place, i) => found[i] !== place - 7.5);
    if (bad !== -1)
      wrong.push(`${shape.join(' × ')}: [${bad}] must be ${places[bad]! - 7.5}, found ${found[bad]}`);
  }
  await machine.destroy();
  return wrong;
}

/** Where each element of a copy is read. */
function placesOf(shape: readonly number[], strides: readonly number[], offset: number): number[] {
  return shape.reduce(
    (places, length, axis) =>
      places.flatMap((place) => Array.from({ length }, (_, i) => place + i * strides[axis]!)),
    [offset],
  );
}
