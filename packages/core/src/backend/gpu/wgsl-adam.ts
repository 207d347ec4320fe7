/** One step of Adam as a hand-written webgpu shader. A gpu.js kernel has one result; this shader writes three arrays in place. */
import type { WgslProgram } from './driver.js';
import { gridOfThreads, THREADS } from './wgsl-grid.js';

/** Words of `Params`: a multiple of four, as a struct inside of another one begins at a multiple of 16 bytes. */
const WORDS = 12;
/** The place of `rowLength` in `Params`. */
const ROW_LENGTH = 10;

const PARAMS = `struct Params {
  beta1 : f32, rest1 : f32, beta2 : f32, rest2 : f32, decay : f32, shrink : f32,
  stepSize : f32, rootCorrection : f32, epsilon : f32, count : u32, rowLength : u32
}`;

/** The function that updates element i of the arrays whose names end in `n`, with the parameters `c`. */
function step(n: string, c: string): string {
  return `fn step${n}(i : u32) {
  if (i >= ${c}.count) { return; }
  let kept = param${n}[i] * ${c}.shrink;
  let g = grad${n}[i] + ${c}.decay * kept;
  let mean = ${c}.beta1 * m${n}[i] + ${c}.rest1 * g;
  let square = ${c}.beta2 * v${n}[i] + ${c}.rest2 * g * g;
  m${n}[i] = mean;
  v${n}[i] = square;
  param${n}[i] = kept - ${c}.stepSize * mean / (sqrt(square) * ${c}.rootCorrection + ${c}.epsilon);
}`;
}

/** Declares arrays from binding 1 on: those that are written, and then those that are read. */
function bindings(written: readonly string[], read: readonly string[]): string {
  return [...written, ...read]
    .map((name, i) => {
      const access = i < written.length ? 'read_write' : 'read';
      return `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name} : array<f32>;`;
    })
    .join('\n');
}

const CODE = `${PARAMS}
@group(0) @binding(0) var<uniform> c : Params;
${bindings(['param', 'm', 'v'], ['grad'])}
${step('', 'c')}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  step(id.y * c.rowLength + id.x);
}`;

/** The threads of the first parameter fill whole workgroups, and those of the second follow. */
const PAIR_CODE = `${PARAMS}
struct Pair { @align(16) first : Params, @align(16) second : Params }
@group(0) @binding(0) var<uniform> c : Pair;
${bindings(['param1', 'm1', 'v1', 'param2', 'm2', 'v2'], ['grad1', 'grad2'])}
${step('1', 'c.first')}
${step('2', 'c.second')}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.y * c.first.rowLength + id.x;
  let start = (c.first.count + ${THREADS - 1}u) / ${THREADS}u * ${THREADS}u;
  if (i < start) { step1(i); } else { step2(i - start); }
}`;

/**
 * Operands are param, m, v and grad; see adamStep of the reference backend for the formulas.
 * @param numbers - the fields of the shader's Params up to `epsilon`, in order
 */
export function wgslAdam(count: number, numbers: readonly number[]): WgslProgram {
  const { groups, rowLength } = gridOfThreads(count);
  const params = new Uint32Array(WORDS);
  new Float32Array(params.buffer).set(numbers);
  params.set([count, rowLength], numbers.length);
  const pairedWith = (params2: Uint32Array): WgslProgram => {
    const start = Math.ceil(count / THREADS) * THREADS;
    const grid = gridOfThreads(start + params2[ROW_LENGTH - 1]!);
    const both = new Uint32Array(2 * WORDS);
    both.set(params);
    both.set(params2, WORDS);
    both[ROW_LENGTH] = grid.rowLength;
    return { name: 'adam pair', code: PAIR_CODE, params: both, groups: grid.groups, updates: 6 };
  };
  return { name: 'adam', code: CODE, params, groups, updates: 3, pairedWith };
}
