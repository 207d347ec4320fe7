/** Shaders in WGSL, as yardsticks: products of square matrices whose sizes are multiples of 32, and an add. */
import type { WgslProgram } from '../../packages/core/src/backend/gpu/driver.js';
import type { KernelCase } from './cases.js';

interface SquareTile {
  readonly name: string;
  readonly code: string;
  /** Rows and columns of the result that one workgroup computes. */
  readonly block: number;
}

/** 4 × 4 results per thread in registers; operands are read four numbers at a time. */
const REGISTER_TILE: SquareTile = {
  name: 'hand-written register tile',
  block: 32,
  code: `
@group(0) @binding(0) var<uniform> n : u32;
@group(0) @binding(1) var<storage, read> a : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c : array<vec4<f32>>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let row = id.y * 4u;
  let width = n / 4u;
  var c0 = vec4<f32>(); var c1 = vec4<f32>(); var c2 = vec4<f32>(); var c3 = vec4<f32>();
  for (var k = 0u; k < width; k++) {
    let a0 = a[row * width + k];
    let a1 = a[(row + 1u) * width + k];
    let a2 = a[(row + 2u) * width + k];
    let a3 = a[(row + 3u) * width + k];
    let b0 = b[4u * k * width + id.x];
    let b1 = b[(4u * k + 1u) * width + id.x];
    let b2 = b[(4u * k + 2u) * width + id.x];
    let b3 = b[(4u * k + 3u) * width + id.x];
    c0 += a0.x * b0 + a0.y * b1 + a0.z * b2 + a0.w * b3;
    c1 += a1.x * b0 + a1.y * b1 + a1.z * b2 + a1.w * b3;
    c2 += a2.x * b0 + a2.y * b1 + a2.z * b2 + a2.w * b3;
    c3 += a3.x * b0 + a3.y * b1 + a3.z * b2 + a3.w * b3;
  }
  c[row * width + id.x] = c0;
  c[(row + 1u) * width + id.x] = c1;
  c[(row + 2u) * width + id.x] = c2;
  c[(row + 3u) * width + id.x] = c3;
}`,
};

/** 64 × 64 results per workgroup; its threads share the parts of the operands that they read. */
const SHARED_TILE: SquareTile = {
  name: 'hand-written shared-memory tile',
  block: 64,
  code: `
@group(0) @binding(0) var<uniform> n : u32;
@group(0) @binding(1) var<storage, read> a : array<f32>;
@group(0) @binding(2) var<storage, read> b : array<f32>;
@group(0) @binding(3) var<storage, read_write> c : array<f32>;
var<workgroup> sideA : array<array<f32, 64>, 16>;
var<workgroup> sideB : array<array<f32, 64>, 16>;
@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_id) id : vec3<u32>) {
  let top = group.y * 64u;
  let left = group.x * 64u;
  let thread = id.y * 16u + id.x;
  var sums : array<vec4<f32>, 4>;
  for (var k = 0u; k < n; k += 16u) {
    for (var i = 0u; i < 4u; i++) {
      let at = thread + 256u * i;
      let row = top + at / 16u;
      sideA[at % 16u][at / 16u] = select(0.0, a[min(row, n - 1u) * n + k + at % 16u], row < n);
      let column = left + at % 64u;
      sideB[at / 64u][at % 64u] = select(0.0, b[(k + at / 64u) * n + min(column, n - 1u)], column < n);
    }
    workgroupBarrier();
    for (var j = 0u; j < 16u; j++) {
      let y = vec4<f32>(sideB[j][id.x * 4u], sideB[j][id.x * 4u + 1u], sideB[j][id.x * 4u + 2u], sideB[j][id.x * 4u + 3u]);
      for (var i = 0u; i < 4u; i++) { sums[i] += sideA[j][id.y * 4u + i] * y; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      let row = top + id.y * 4u + i;
      let column = left + id.x * 4u + j;
      if (row < n && column < n) { c[row * n + column] = sums[i][j]; }
    }
  }
}`,
};

/** Four sums per thread. */
const ADD = `
@group(0) @binding(0) var<uniform> n : u32;
@group(0) @binding(1) var<storage, read> a : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c : array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  if (4u * id.x < n) { c[id.x] = a[id.x] + b[id.x]; }
}`;

/** A shader for some of the cases; null for all others. */
export interface Yardstick {
  readonly name: string;
  programOf(which: KernelCase): WgslProgram | null;
}

const program = (name: string, code: string, n: number, groups: WgslProgram['groups']): WgslProgram => ({
  ...{ name, code, groups, updates: 0 },
  params: Uint32Array.of(n, 0, 0, 0),
});

function square({ name, code, block }: SquareTile): Yardstick {
  return {
    name,
    programOf({ group, size }) {
      const groups = Math.ceil(size / block);
      return group === 'matmul' ? program(name, code, size, [groups, groups, 1]) : null;
    },
  };
}

export const YARDSTICKS: readonly Yardstick[] = [
  square(REGISTER_TILE),
  square(SHARED_TILE),
  {
    name: 'hand-written add',
    programOf: ({ group, size }) =>
      group === 'add' ? program('add', ADD, size, [Math.ceil(size / 1024), 1, 1]) : null,
  },
];
