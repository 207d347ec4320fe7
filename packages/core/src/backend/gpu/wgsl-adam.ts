/** One step of Adam as a hand-written webgpu shader. A gpu.js kernel has one result; this shader writes three arrays in place. */
import type { WgslProgram } from './driver.js';
import { gridOfThreads, THREADS } from './wgsl-grid.js';

const CODE = `
struct Params {
  beta1 : f32, rest1 : f32, beta2 : f32, rest2 : f32, decay : f32, shrink : f32,
  stepSize : f32, rootCorrection : f32, epsilon : f32, count : u32, rowLength : u32
}
@group(0) @binding(0) var<uniform> c : Params;
@group(0) @binding(1) var<storage, read_write> param : array<f32>;
@group(0) @binding(2) var<storage, read_write> m : array<f32>;
@group(0) @binding(3) var<storage, read_write> v : array<f32>;
@group(0) @binding(4) var<storage, read> grad : array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.y * c.rowLength + id.x;
  if (i >= c.count) { return; }
  let kept = param[i] * c.shrink;
  let g = grad[i] + c.decay * kept;
  let mean = c.beta1 * m[i] + c.rest1 * g;
  let square = c.beta2 * v[i] + c.rest2 * g * g;
  m[i] = mean;
  v[i] = square;
  param[i] = kept - c.stepSize * mean / (sqrt(square) * c.rootCorrection + c.epsilon);
}`;

/**
 * Operands are param, m, v and grad; see adamStep of the reference backend for the formulas.
 * @param numbers - the fields of the shader's Params up to `epsilon`, in order
 */
export function wgslAdam(count: number, numbers: readonly number[]): WgslProgram {
  const { groups, rowLength } = gridOfThreads(count);
  const params = new Uint32Array(12);
  new Float32Array(params.buffer).set(numbers);
  params.set([count, rowLength], numbers.length);
  return { name: 'adam', code: CODE, params, groups, updates: 3 };
}
