/**
 * Matrix products without workgroup memory: each thread computes a 4 × 4 tile in registers, and reads operands four numbers at a
 * time. Software adapters emulate workgroup memory and barriers at a high cost, so this is their fastest kernel.
 */

import type { MatmulSpec } from '../backend.js';
import type { WgslProgram } from './driver.js';
import { type Epilogue, productBindings, storeText } from './wgsl-epilogue.js';

/** Threads of a workgroup along columns and rows of tiles. */
const GROUP = [8, 8] as const;
const TILE = 4;

/** One operand of the shader. */
interface Side {
  readonly binding: string;
  /** Whether the four numbers of a read are along k; otherwise along the rows of A or the columns of B. */
  readonly alongK: boolean;
  /** Whether every read is aligned to 16 bytes and inside the operand. */
  readonly aligned: boolean;
  /** Whether the number of lines is a multiple of four. */
  readonly exact: boolean;
}

/** A product of at least one row, one column and k ≥ 1. */
export function registerProduct(spec: MatmulSpec, epilogue: Epilogue): WgslProgram {
  const { batch, m, n, k, transposeA, transposeB, strideA, strideB } = spec;
  const [lengthA, lengthB] = [transposeA ? m : k, transposeB ? k : n];
  const a: Side = {
    binding: 'a',
    alongK: !transposeA,
    aligned: lengthA % TILE === 0 && strideA % TILE === 0,
    exact: (transposeA ? k : m) % TILE === 0,
  };
  const b: Side = {
    binding: 'b',
    alongK: transposeB,
    aligned: lengthB % TILE === 0 && strideB % TILE === 0,
    exact: (transposeB ? n : k) % TILE === 0,
  };
  const { biased, activation } = epilogue;
  const kind = (side: Side) =>
    `${side.alongK ? 'k' : 'm'}${side.aligned ? '4' : '1'}${side.exact ? 'x' : ''}`;
  const wholeRows = n % TILE === 0;
  return {
    name: `matmul in registers ${kind(a)} ${kind(b)} ${wholeRows} ${biased} ${activation}`,
    get code() {
      return shader(a, b, wholeRows, epilogue);
    },
    params: Uint32Array.of(m, n, k, strideA, strideB, 0, 0, 0),
    groups: [Math.ceil(n / (TILE * GROUP[0])), Math.ceil(m / (TILE * GROUP[1])), batch],
    updates: 0,
  };
}

function shader(a: Side, b: Side, wholeRows: boolean, epilogue: Epilogue): string {
  const type = ({ aligned }: Side) => (aligned ? 'vec4<f32>' : 'f32');
  return `
${productBindings(type(a), type(b), epilogue.biased, wholeRows)}
${loader(a, 'p.m')}
${loader(b, 'p.n')}
@compute @workgroup_size(${GROUP[0]}, ${GROUP[1]})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let row = id.y * 4u;
  let column = id.x * 4u;
  if (row >= p.m || column >= p.n) { return; }
  let baseA = id.z * p.strideA;
  let baseB = id.z * p.strideB;
  var c0 = vec4<f32>(); var c1 = vec4<f32>(); var c2 = vec4<f32>(); var c3 = vec4<f32>();
  ${a.alongK || b.alongK ? fourSteps(a, b) : singleSteps()}
  ${[0, 1, 2, 3].map((i) => `if (row + ${i}u < p.m) { store(id.z, row + ${i}u, column, c${i}); }`).join('\n  ')}
}
${storeText(wholeRows, epilogue)}`;
}

/** load_x(base, line, place): four neighbours of a stored line; zeros outside of `lines` × `length`. */
function loader({ binding, alongK, aligned, exact }: Side, width: string): string {
  const [lines, length] = alongK ? [width, 'p.k'] : ['p.k', width];
  const head = `fn load_${binding}(base : u32, line : u32, place : u32) -> vec4<f32> {
  let at = base + ${exact ? 'line' : `min(line, ${lines} - 1u)`} * ${length} + place;`;
  if (aligned) return `${head}\n  return ${binding}[at >> 2u];\n}`;
  return `${head}
  if (place + 4u <= ${length}) {
    return vec4<f32>(${binding}[at], ${binding}[at + 1u], ${binding}[at + 2u], ${binding}[at + 3u]);
  }
  var v = vec4<f32>(${binding}[at], 0.0, 0.0, 0.0);
  if (place + 1u < ${length}) { v.y = ${binding}[at + 1u]; }
  if (place + 2u < ${length}) { v.z = ${binding}[at + 2u]; }
  return v;
}`;
}

/** For A and B stored with k as their lines: one column of A times one row of B at a time. */
function singleSteps(): string {
  return `for (var k = 0u; k < p.k; k++) {
    let x = load_a(baseA, k, row);
    let y = load_b(baseB, k, column);
    c0 += x.x * y; c1 += x.y * y; c2 += x.z * y; c3 += x.w * y;
  }`;
}

/** Four steps of k at a time. Elements beyond k are zero in the operand that is read along k. */
function fourSteps(a: Side, b: Side): string {
  const four = [0, 1, 2, 3];
  const reads = (side: Side, name: string, start: string, base: string) =>
    four
      .map((i) =>
        side.alongK
          ? `let ${name}${i} = load_${side.binding}(${base}, ${start} + ${i}u, k);`
          : `let ${name}${i} = ${guarded(side, base, start, i)};`,
      )
      .join('\n    ');
  const part = 'xyzw';
  const xs = (row: number, step: number) => (a.alongK ? `x${row}.${part[step]}` : `x${step}.${part[row]}`);
  const sums = b.alongK
    ? four.map((row) => {
        const line = a.alongK ? `x${row}` : `vec4<f32>(${four.map((s) => xs(row, s)).join(', ')})`;
        return `let r${row} = ${line};
    c${row} += vec4<f32>(dot(r${row}, y0), dot(r${row}, y1), dot(r${row}, y2), dot(r${row}, y3));`;
      })
    : four.map((row) => `c${row} += ${four.map((s) => `${xs(row, s)} * y${s}`).join(' + ')};`);
  return `for (var k = 0u; k < p.k; k += 4u) {
    ${reads(a, 'x', 'row', 'baseA')}
    ${reads(b, 'y', 'column', 'baseB')}
    ${sums.join('\n    ')}
  }`;
}

/** Line k + i. If it does not exist, the loader repeats the last line, and it is multiplied by zero. */
function guarded({ binding, exact }: Side, base: string, start: string, i: number): string {
  const line = `load_${binding}(${base}, k + ${i}u, ${start})`;
  return i === 0 || exact ? line : `select(vec4<f32>(), ${line}, k + ${i}u < p.k)`;
}
