/** Random numbers of a GPU backend, beside those of the host. */
import { type Backend, Generator } from '@varigrad/core';
import { fillNormal, fillUniform } from '../../packages/core/src/philox.js';

/** Largest difference of normal numbers, relative to the larger of 1 and the number. */
const TOLERANCE = 1e-6;
/** Less and more than a block of four. */
const SIZES = [1, 3, 4, 1001, 100_000];
/** More than a row of workgroups: 65,535 of 64 threads, each with four numbers. */
const LARGE = 16_777_220;
/** The second carries into the upper word of the counter. */
const COUNTERS = [
  [0, 0],
  [0xfffffffe, 7],
] as const;

export async function randomErrors(machine: Backend): Promise<string[]> {
  const wrong: string[] = [];
  for (const size of SIZES) {
    for (const counter of COUNTERS) {
      const state = { key: [0xdeadbeef, size] as const, counter };
      for (const [kind, fill, tolerance] of [
        ['uniform', fillUniform, 0],
        ['normal', fillNormal, TOLERANCE],
      ] as const) {
        const right = new Float32Array(size);
        fill(right, state);
        const values = machine.kernels[kind](size, state);
        const found = await machine.download(values);
        machine.release(values);
        const at = right.findIndex(
          (v, i) => !(Math.abs(found[i]! - v) <= tolerance * Math.max(1, Math.abs(v))),
        );
        if (at !== -1) wrong.push(`${kind}[${at}] of ${size} must be ${right[at]}, found ${found[at]}`);
      }
    }
  }
  wrong.push(...(await streamErrors(machine)), ...(await largeErrors(machine)));
  return wrong;
}

/** Draws that follow each other continue the stream of the generator. */
async function streamErrors(machine: Backend): Promise<string[]> {
  const [one, other] = [new Generator(3), new Generator(3)];
  for (const size of [5, 8]) {
    const right = one.uniform(size);
    const found = await machine.download(machine.kernels.uniform(size, other.take(size)));
    if (right.some((v, i) => v !== found[i])) return [`${size} numbers differ from those of the generator`];
  }
  return [];
}

/** The second row of workgroups continues the first. */
async function largeErrors(machine: Backend): Promise<string[]> {
  const key = [1, 2] as const;
  const values = machine.kernels.uniform(LARGE, { key, counter: [0, 0] });
  const found = await machine.download(values);
  machine.release(values);
  const first = LARGE - 40;
  const right = new Float32Array(40);
  fillUniform(right, { key, counter: [first / 4, 0] });
  const at = right.findIndex((v, i) => found[first + i] !== v);
  return at === -1 ? [] : [`uniform[${first + at}] must be ${right[at]}, found ${found[first + at]}`];
}
