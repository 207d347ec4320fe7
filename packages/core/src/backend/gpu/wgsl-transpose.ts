/**
 * Copies of transposed matrices as a hand-written webgpu shader. A workgroup copies a square of numbers through workgroup memory, so that
 * neighbouring threads read and write neighbours. A kernel of gpu.js reads numbers that are a whole row apart. A software adapter emulates
 * workgroup memory at a high cost, and keeps that kernel.
 */
import type { GpuAdapter, WgslProgram } from './driver.js';
import { isCall } from './expression.js';
import type { Call, Read } from './handle.js';
import { MOST_GROUPS } from './wgsl-grid.js';

/** Rows and columns of a square. */
const SIDE = 32;
/** Rows of threads of a workgroup. Each thread copies SIDE / ROWS numbers. */
const ROWS = 8;
/** Shorter sides would leave more than half of the threads idle. */
const LEAST = SIDE / 2;

/** The matrices `[batch, rows, columns]` of a result, and where their elements are: neighbours of a column are neighbours in memory. */
interface Matrices {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  /** Distance of neighbouring matrices and of neighbouring columns. */
  readonly apart: number;
  readonly across: number;
}

function matricesOf({ lengths, strides }: Read): Matrices | null {
  if (lengths.length !== 2 && lengths.length !== 3) return null;
  const [batch, apart] = lengths.length === 3 ? [lengths[0]!, strides[0]!] : [1, 0];
  const [rows, columns] = lengths.slice(-2) as [number, number];
  const [down, across] = strides.slice(-2) as [number, number];
  return down === 1 && across >= LEAST ? { batch, rows, columns, apart, across } : null;
}

/** @returns null unless the call copies large transposed matrices */
export function wgslTranspose({ text, operands }: Call, { software }: GpuAdapter): WgslProgram | null {
  const [read] = operands;
  if (software || text !== 'x' || read === undefined || isCall(read)) return null;
  const matrices = matricesOf(read);
  if (matrices === null) return null;
  const { batch, rows, columns, apart, across } = matrices;
  const groups = [Math.ceil(columns / SIDE), Math.ceil(rows / SIDE), batch] as const;
  if (Math.min(rows, columns) < LEAST || groups.some((count) => count > MOST_GROUPS)) return null;
  return {
    name: 'transpose',
    code: SHADER,
    params: Uint32Array.of(rows, columns, apart, across, read.offset, 0, 0, 0),
    groups,
    updates: 0,
  };
}

/** In a row of SIDE + 1 numbers, the numbers of a column lie in different banks of workgroup memory. */
const SHADER = `
struct Params { rows : u32, columns : u32, apart : u32, across : u32, offset : u32 }
@group(0) @binding(0) var<uniform> p : Params;
@group(0) @binding(1) var<storage, read> x : array<f32>;
@group(0) @binding(2) var<storage, read_write> result : array<f32>;
var<workgroup> square : array<f32, ${SIDE * (SIDE + 1)}>;
@compute @workgroup_size(${SIDE}, ${ROWS})
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_id) id : vec3<u32>) {
  let top = group.y * ${SIDE}u;
  let left = group.x * ${SIDE}u;
  let start = p.offset + group.z * p.apart + top + id.x;
  for (var j = id.y; j < ${SIDE}u; j += ${ROWS}u) {
    if (top + id.x < p.rows && left + j < p.columns) {
      square[j * ${SIDE + 1}u + id.x] = x[start + (left + j) * p.across];
    }
  }
  workgroupBarrier();
  for (var i = id.y; i < ${SIDE}u; i += ${ROWS}u) {
    if (top + i < p.rows && left + id.x < p.columns) {
      result[(group.z * p.rows + top + i) * p.columns + left + id.x] = square[id.x * ${SIDE + 1}u + i];
    }
  }
}`;
