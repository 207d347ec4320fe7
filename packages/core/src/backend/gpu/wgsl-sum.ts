/**
 * Sums along an axis as a hand-written webgpu shader: each thread reads vectors of four numbers. On a card, neighbouring threads, its
 * lanes, share the elements of a result, and add their sums in workgroup memory. A software adapter emulates workgroup memory at a high
 * cost, so there each thread computes a result by itself.
 */
import type { AxisSpec } from '../backend.js';
import type { GpuAdapter, WgslProgram } from './driver.js';
import type { Fused } from './expression.js';
import { paramsOf, type Vectors, vectorsOf } from './wgsl-elementwise.js';
import { gridOfThreads } from './wgsl-grid.js';

/** Threads of a workgroup. */
const THREADS = 256;
/** Vectors that a lane reads, at most. */
const MOST_READS = 8;
/** Numbers that are added one after another on a software adapter, at most. */
const LONGEST_ALONE = 128;
/** Neighbouring results of one workgroup at least, so that it reads 64 bytes in a row. */
const LEAST_COLUMNS = 4;

/** A sum of pieces of an axis. */
export interface SumOfPieces {
  readonly program: WgslProgram;
  /** The result is `[outer, pieces, inner]`. */
  readonly pieces: number;
}

/** @returns null if the elements are not the results of arithmetic, or do not form vectors of four */
export function wgslSum(
  source: Fused,
  { outer, length, inner }: AxisSpec,
  { software }: GpuAdapter,
): SumOfPieces | null {
  const alongRows = inner === 1;
  if ((alongRows ? length : inner) % 4 !== 0 || length < 2) return null;
  const vectors = vectorsOf(source);
  if (vectors === null) return null;
  // in vectors
  const reads = alongRows ? length / 4 : length;
  const columns = alongRows ? 1 : inner / 4;
  const most = alongRows ? THREADS : THREADS / LEAST_COLUMNS;
  const lanes = software ? 1 : Math.min(most, 2 ** Math.ceil(Math.log2(Math.ceil(reads / 4))));
  const needed = software ? Math.ceil(length / LONGEST_ALONE) : Math.ceil(reads / (lanes * MOST_READS));
  const pieces = needed > 1 && alongRows ? 4 * Math.ceil(needed / 4) : needed; // so that they form vectors again
  const results = outer * pieces * columns;
  const { groups, rowLength } = gridOfThreads(results * lanes, THREADS);
  const piece = Math.ceil(reads / pieces);
  return {
    program: {
      name: `sum ${alongRows ? 'along rows' : 'of rows'} by ${lanes} of ${source.name}`,
      get code() {
        return shaderOf(vectors, source.names.length, lanes, alongRows);
      },
      params: paramsOf([results, rowLength, reads, piece, pieces, columns], source),
      groups,
      updates: 0,
    },
    pieces,
  };
}

function shaderOf(
  { bindings, fields, lines, result }: Vectors,
  arrays: number,
  lanes: number,
  alongRows: boolean,
): string {
  const width = THREADS / lanes;
  // Neighbouring threads read neighbouring vectors: those of one row, or those of neighbouring columns.
  const [lane, own, distance] = alongRows
    ? [`local % ${lanes}u`, `thread / ${lanes}u`, 1]
    : [`local / ${width}u`, `(thread - local) / ${lanes}u + local % ${width}u`, width];
  const addLanes = `parts[local] = total;
  for (var half = ${lanes / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[local] += parts[local + half * ${distance}u]; }
  }
  total = parts[local];`;
  return `
struct Params { results : u32, rowLength : u32, reads : u32, piece : u32, pieces : u32, columns : u32, ${fields} }
@group(0) @binding(0) var<uniform> p : Params;
${bindings}
@group(0) @binding(${arrays + 1}) var<storage, read_write> result : array<${alongRows ? 'f32' : 'vec4<f32>'}>;
${lanes > 1 ? `var<workgroup> parts : array<vec4<f32>, ${THREADS}>;` : ''}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>, @builtin(local_invocation_index) local : u32) {
  let thread = id.y * p.rowLength + id.x;
  let lane = ${lane};
  let own = ${own};
  let column = own % p.columns;
  let piece = own / p.columns % p.pieces;
  let outer = own / p.columns / p.pieces;
  let end = select(0u, min((piece + 1u) * p.piece, p.reads), own < p.results);
  var total = vec4<f32>();
  for (var j = piece * p.piece + lane; j < end; j += ${lanes}u) {
    let i = (outer * p.reads + j) * p.columns + column;
    ${lines}
    total += ${result};
  }
  ${lanes > 1 ? addLanes : ''}
  if (lane == 0u && own < p.results) {
    result[own] = ${alongRows ? '(total.x + total.y) + (total.z + total.w)' : 'total'};
  }
}`;
}
