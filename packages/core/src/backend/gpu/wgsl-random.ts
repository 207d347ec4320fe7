/**
 * Random numbers as hand-written webgpu shaders; see random.ts for the stream. A thread computes a block of four numbers. Uniform
 * numbers have the bits of every other backend. Normal numbers differ by less than 10⁻⁶: the logarithm, the sine and the cosine are
 * the polynomials of the wasm backend (see ../wasm/assembly/math/fit.mjs), and the built-in functions of a driver are not used.
 */

import type { PhiloxState } from '../backend.js';
import type { WgslProgram } from './driver.js';
import { gridOfThreads, THREADS } from './wgsl-grid.js';

export type Distribution = 'uniform' | 'normal';

/** The products of 32-bit words are computed from 16-bit pieces, because WGSL has no 64-bit integers. */
const PHILOX = `fn multiplyHigh(a : u32, b : u32) -> u32 {
  let low = ((a & 0xffffu) * (b & 0xffffu)) >> 16u;
  let middle1 = (a >> 16u) * (b & 0xffffu) + low;
  let middle2 = (a & 0xffffu) * (b >> 16u) + (middle1 & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle1 >> 16u) + (middle2 >> 16u);
}

fn philox(counter : vec2<u32>, start : vec2<u32>) -> vec4<u32> {
  var c = vec4<u32>(counter, 0u, 0u);
  var key = start;
  for (var round = 0; round < 10; round++) {
    let high0 = multiplyHigh(0xd2511f53u, c.x);
    let high1 = multiplyHigh(0xcd9e8d57u, c.z);
    c = vec4<u32>(high1 ^ c.y ^ key.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ key.y, 0xd2511f53u * c.x);
    key += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}`;

const UNIFORM = `fn draw(words : vec4<u32>) -> vec4<f32> {
  return vec4<f32>(words >> vec4<u32>(8u)) * ${2 ** -24};
}`;

/** A step of Newton's method follows `sqrt`, whose error in WGSL may be several units in the last place. */
const NORMAL = `fn logarithm(x : vec2<f32>) -> vec2<f32> {
  let bits = bitcast<vec2<u32>>(x);
  let field = (bits - vec2<u32>(0x3f3504f3u)) & vec2<u32>(0xff800000u);
  let k = vec2<f32>(bitcast<vec2<i32>>(field) >> vec2<u32>(23u));
  let f = bitcast<vec2<f32>>(bits - field) - 1.0;
  let upper = 0.142015785 + f * (-0.131607756 + f * (0.127618045 - f * 0.0763168186));
  let series = 0.333333313 + f * (-0.250008225 + f * (0.200012445 + f * (-0.166233048 + f * upper)));
  let square = f * f;
  let small = square * -0.5 + (k * 0.00000142860677 + square * f * series);
  return k * 0.693145752 + (f + small);
}

fn radius(words : vec2<u32>) -> vec2<f32> {
  let x = logarithm(vec2<f32>((words >> vec2<u32>(8u)) + 1u) * ${2 ** -24}) * -2.0;
  let root = sqrt(max(x, vec2<f32>()));
  return select(root + fma(-root, root, x) * (0.5 / root), vec2<f32>(), x <= vec2<f32>());
}

fn circle(word : u32) -> vec2<f32> {
  let u = f32(word >> 8u) * ${2 ** -24};
  let n = floor(4.0 * u + 0.5);
  let r = (u - 0.25 * n) * 6.2831855;
  let q = r * r;
  let sine = r + r * q * (-0.166666552 + q * (0.00833218917 - q * 0.000195182831));
  let cosine = 1.0 - q * (0.5 - q * (0.0416666456 + q * (-0.00138873106 + q * 0.0000244325784)));
  let quarter = u32(n) & 3u;
  let turned = select(vec2<f32>(cosine, sine), vec2<f32>(-sine, cosine), (quarter & 1u) == 1u);
  return select(turned, -turned, quarter > 1u);
}

fn draw(words : vec4<u32>) -> vec4<f32> {
  let r = radius(words.xz);
  return vec4<f32>(r.x * circle(words.y), r.y * circle(words.w));
}`;

const DRAWS: Readonly<Record<Distribution, string>> = { uniform: UNIFORM, normal: NORMAL };

/** @param size - at least 1. @param state - the key and the first block; they are parameters, so that a call needs no new shader */
export function wgslRandom(kind: Distribution, size: number, { key, counter }: PhiloxState): WgslProgram {
  const whole = size % 4 === 0;
  const { groups, rowLength } = gridOfThreads(Math.ceil(size / 4));
  return {
    name: `${kind} ${whole}`,
    get code() {
      return shader(DRAWS[kind], whole);
    },
    params: Uint32Array.of(...key, ...counter, size, rowLength, 0, 0),
    groups,
    updates: 0,
  };
}

function shader(draw: string, whole: boolean): string {
  const write = whole
    ? 'result[block] = v;'
    : [0, 1, 2, 3]
        .map((i) => `if (4u * block + ${i}u < p.size) { result[4u * block + ${i}u] = v[${i}]; }`)
        .join('\n  ');
  return `
struct Params { key : vec2<u32>, counter : vec2<u32>, size : u32, rowLength : u32 }
@group(0) @binding(0) var<uniform> p : Params;
@group(0) @binding(1) var<storage, read_write> result : array<${whole ? 'vec4<f32>' : 'f32'}>;
${PHILOX}
${draw}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let block = id.y * p.rowLength + id.x;
  if (4u * block >= p.size) { return; }
  let low = p.counter.x + block;
  let high = p.counter.y + select(0u, 1u, low < block);
  let v = draw(philox(vec2<u32>(low, high), p.key));
  ${write}
}`;
}
