import { fillNormal, fillUniform } from '../../philox.js';
import type { PhiloxState } from '../backend.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { type Distribution, wgslRandom } from './wgsl-random.js';

const FILLS = { uniform: fillUniform, normal: fillNormal } as const;

/**
 * Random numbers, computed on the device where shaders can be written by hand. gpu.js's integers lack the products of 32-bit words
 * that Philox needs, so in other modes they are computed on the host.
 */
export function drawn(machine: Machine, kind: Distribution, size: number, state: PhiloxState): GpuArray {
  if (machine.driver.shaders !== null && size > 0) {
    return machine.shade(wgslRandom(kind, size, state), [], size);
  }
  const values = new Float32Array(size);
  FILLS[kind](values, state);
  return machine.upload(values);
}
