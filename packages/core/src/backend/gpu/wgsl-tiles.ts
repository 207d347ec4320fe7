/**
 * Matrix products with workgroup memory: a workgroup computes a tile of the result. Its threads copy a block of A and a block of B
 * to workgroup memory, `depth` steps of k at a time, and read the next blocks into registers while they multiply the present ones.
 *
 * - Half of the threads copy A, the other half B. A thread copies 4 × 4 numbers: four steps of k of four rows of A, or of four
 *   columns of B. In workgroup memory, rows or columns are contiguous. So an operand that is contiguous along k is transposed in
 *   registers, and no read or write of memory is narrower than four numbers.
 * - Of 32 neighbouring threads, eight copy neighbouring rows or columns of the same k. Their writes of 16 bytes fill all 32 banks
 *   of workgroup memory once, so they do not collide. The threads that are eight apart copy the next steps of k, so that reads of
 *   an operand that is contiguous along k are of whole lines of memory.
 * - A thread's cells are groups of four columns that are far apart, so that neighbouring threads read neighbouring vectors.
 *
 * Every tile adds the products of a cell in the order of k, by `fma`: all tiles give the same bits.
 */

import type { MatmulSpec } from '../backend.js';
import type { WgslProgram } from './driver.js';
import { type Epilogue, productBindings, storeText } from './wgsl-epilogue.js';

/** Rows and columns of a workgroup and of a thread. The numbers of blocks of 4 × 4 in A and in B must be half of the threads. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Steps of k in workgroup memory. */
  readonly depth: number;
  readonly cellRows: 2 | 4 | 8;
  readonly cellColumns: 4 | 8;
}

/** In order of size. Each needs at most the 256 threads and 16,384 bytes of workgroup memory that every adapter has. */
export const TILES: readonly Tile[] = [
  { rows: 32, columns: 32, depth: 32, cellRows: 2, cellColumns: 4 },
  { rows: 64, columns: 64, depth: 16, cellRows: 8, cellColumns: 4 },
  { rows: 128, columns: 128, depth: 16, cellRows: 8, cellColumns: 8 },
];

/** One operand of the shader. */
interface Side {
  readonly binding: 'a' | 'b';
  /** Whether the operand is contiguous along k; otherwise along the rows of A or the columns of B. */
  readonly alongK: boolean;
  /** Whether every read of four numbers is aligned to 16 bytes. */
  readonly aligned: boolean;
  /** Rows of A or columns of B in a tile. */
  readonly lines: number;
}

/** A product of at least one row, one column and k ≥ 1. */
export function tileProduct(spec: MatmulSpec, epilogue: Epilogue, tile: Tile): WgslProgram {
  const { batch, m, n, k, transposeA, transposeB, strideA, strideB } = spec;
  const { rows, columns } = tile;
  const side = (
    binding: 'a' | 'b',
    alongK: boolean,
    length: number,
    stride: number,
    lines: number,
  ): Side => ({
    binding,
    alongK,
    aligned: length % 4 === 0 && stride % 4 === 0,
    lines,
  });
  const a = side('a', !transposeA, transposeA ? m : k, strideA, rows);
  const b = side('b', transposeB, transposeB ? k : n, strideB, columns);
  const wholeRows = n % 4 === 0;
  const kind = ({ alongK, aligned }: Side) => `${alongK ? 'k' : 'm'}${aligned ? 4 : 1}`;
  const { biased, activation } = epilogue;
  return {
    name: `matmul ${rows}×${columns} ${kind(a)} ${kind(b)} ${wholeRows} ${biased} ${activation}`,
    get code() {
      return shader(a, b, wholeRows, epilogue, tile);
    },
    params: Uint32Array.of(m, n, k, strideA, strideB, 0, 0, 0),
    groups: [Math.ceil(n / columns), Math.ceil(m / rows), batch],
    updates: 0,
  };
}

function shader(a: Side, b: Side, wholeRows: boolean, epilogue: Epilogue, tile: Tile): string {
  const { rows, columns, depth, cellRows, cellColumns } = tile;
  const [across, down] = [columns / cellColumns, rows / cellRows];
  const half = (across * down) / 2;
  const type = ({ aligned }: Side) => (aligned ? 'vec4<f32>' : 'f32');
  return `
${productBindings(type(a), type(b), epilogue.biased, wholeRows)}
var<workgroup> sideA : array<vec4<f32>, ${(depth * rows) / 4}>;
var<workgroup> sideB : array<vec4<f32>, ${(depth * columns) / 4}>;
${reader(a)}
${reader(b)}
@compute @workgroup_size(${across}, ${down})
fn main(
  @builtin(workgroup_id) group : vec3<u32>,
  @builtin(local_invocation_id) id : vec3<u32>,
  @builtin(local_invocation_index) thread : u32
) {
  let top = group.y * ${rows}u;
  let left = group.x * ${columns}u;
  let copiesA = thread < ${half}u;
  let copier = thread % ${half}u;
  let line = copier % 8u + 8u * (copier / ${2 * depth}u);
  let step = 4u * (copier / 8u % ${depth / 4}u);
  let lineA = top + 4u * line;
  let lineB = left + 4u * line;
  let baseA = group.z * p.strideA;
  let baseB = group.z * p.strideB;
  var block : mat4x4<f32>;
  if (copiesA) { block = read_a(baseA, lineA, step); } else { block = read_b(baseB, lineB, step); }
  ${cells(tile, ({ sum }) => `var ${sum} = vec4<f32>();`).join('\n  ')}
  for (var k = 0u; k < p.k; k += ${depth}u) {
    workgroupBarrier(); // all threads have read the blocks before these
    if (copiesA) {
      ${writes('sideA', rows)}
    } else {
      ${writes('sideB', columns)}
    }
    workgroupBarrier();
    let next = k + ${depth}u + step;
    if (k + ${depth}u < p.k) {
      if (copiesA) { block = read_a(baseA, lineA, next); } else { block = read_b(baseB, lineB, next); }
    }
    for (var j = 0u; j < ${depth}u; j++) {
      ${products(tile)}
    }
  }
  ${cells(tile, ({ sum, row, column }) => `if (top + ${row} < p.m && left + ${column} < p.n) { store(group.z, top + ${row}, left + ${column}, ${sum}); }`).join('\n  ')}
}
${storeText(wholeRows, epilogue)}`;
}

/**
 * read_x(base, line, k): column j of the result holds step k + j of four neighbouring rows of A or columns of B. Steps beyond
 * p.k are zeros. Rows and columns beyond the result may be any numbers, because their sums are not stored.
 */
function reader({ binding, alongK, aligned }: Side): string {
  const four = [0, 1, 2, 3];
  const length = alongK ? 'p.k' : binding === 'a' ? 'p.m' : 'p.n';
  const [at, ...steps] = alongK ? ['line', 'k'] : ['k', 'line'];
  const place = `let at = base + ${at} * ${length} + ${steps[0]};`;
  const vector = (i: number) => `${binding}[(at + ${i}u * ${length}) >> 2u]`;
  const scalar = (line: number, j: number) =>
    alongK ? `${binding}[at + ${line}u * p.k + ${j}u]` : `${binding}[at + ${j}u * ${length} + ${line}u]`;
  const inside = (j: number, value: string) => `select(vec4<f32>(), ${value}, k + ${j}u < p.k)`;
  const column = (j: number) =>
    inside(j, aligned ? vector(j) : `vec4<f32>(${four.map((line) => scalar(line, j)).join(', ')})`);
  // with aligned reads along k, k and p.k are multiples of four
  const value =
    alongK && aligned
      ? `transpose(mat4x4<f32>(${four.map((i) => inside(0, vector(i))).join(', ')}))`
      : `mat4x4<f32>(${four.map(column).join(', ')})`;
  return `fn read_${binding}(base : u32, line : u32, k : u32) -> mat4x4<f32> {
  ${place}
  return ${value};
}`;
}

/** Copies a thread's 4 × 4 numbers to workgroup memory. */
function writes(side: string, lines: number): string {
  return [0, 1, 2, 3]
    .map((j) => `${side}[(step + ${j}u) * ${lines / 4}u + line] = block[${j}];`)
    .join('\n      ');
}

/** Four neighbouring cells of a row: the variable of their sums, the row and the first column in the tile. */
interface Cells {
  readonly sum: string;
  readonly row: string;
  readonly column: string;
}

/** Writes a text for each four cells of a thread. */
function cells({ rows, columns, cellRows, cellColumns }: Tile, text: (four: Cells) => string): string[] {
  const perGroup = Math.min(4, cellRows);
  const rowOf = (i: number) => `(${perGroup}u * id.y + ${Math.floor(i / 4) * (rows / 2) + (i % 4)}u)`;
  return Array.from({ length: cellRows }, (_, i) =>
    Array.from({ length: cellColumns / 4 }, (_, g) =>
      text({ sum: `c${i}_${g}`, row: rowOf(i), column: `(4u * id.x + ${g * (columns / 2)}u)` }),
    ),
  ).flat();
}

/** One step of k: a column of A times a row of B. */
function products({ rows, columns, cellRows, cellColumns }: Tile): string {
  const groupsOf = (count: number) => Array.from({ length: Math.ceil(count / 4) }, (_, g) => g);
  const parts = cellRows === 2 ? ['x', 'y'] : ['x', 'y', 'z', 'w'];
  const readA =
    cellRows === 2
      ? [
          `let two = sideA[j * ${rows / 4}u + id.y / 2u];`,
          'let x0 = select(two.xy, two.zw, (id.y & 1u) == 1u);',
        ]
      : groupsOf(cellRows).map((g) => `let x${g} = sideA[j * ${rows / 4}u + ${(g * rows) / 8}u + id.y];`);
  const readB = groupsOf(cellColumns).map(
    (g) => `let y${g} = sideB[j * ${columns / 4}u + ${(g * columns) / 8}u + id.x];`,
  );
  const sums = Array.from({ length: cellRows }, (_, i) =>
    groupsOf(cellColumns).map(
      (g) => `c${i}_${g} = fma(vec4<f32>(x${Math.floor(i / 4)}.${parts[i % 4]}), y${g}, c${i}_${g});`,
    ),
  );
  return [...readA, ...readB, ...sums.flat()].join('\n      ');
}
