import type { Driver, WgslProgram } from './driver.js';
import type { Fused } from './expression.js';
import type { Call } from './handle.js';
import { wgslElementwise } from './wgsl-elementwise.js';
import { wgslTranspose } from './wgsl-transpose.js';

/** @returns the hand-written shader of a deferred call of `size` elements; null if it is left to gpu.js */
export function wgslCall(
  call: Call,
  source: Fused,
  size: number,
  { shaders, adapter }: Driver,
): WgslProgram | null {
  return shaders === null ? null : (wgslTranspose(call, adapter) ?? wgslElementwise(source, size));
}
