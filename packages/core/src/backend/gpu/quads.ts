/**
 * Matrix products on WebGL. There, a texture read costs far more than arithmetic, and can return four numbers. So the
 * operands are packed by four, A along k and B along n. A thread computes four cells of a row, with five reads for
 * sixteen products (`dotProgram` needs 32). The result is unpacked, and bias and activation are applied at that point.
 * Packing takes O(n²) time and saves O(n³).
 */
import type { Activation } from '../../functions/kinds.js';
import type { MatmulSpec } from '../backend.js';
import type { GpuArray } from './handle.js';
import type { Machine } from './machine.js';
import { ACTIVATIONS } from './matmul.js';
import type { Program } from './program.js';

/**
 * Packs R lines of W elements into lines of Q quads. Elements of a line are D apart, and lines are S apart. Elements
 * outside are 0. The result may have more lines.
 */
const PACK: Program = {
  name: 'pack',
  arrays: ['a'],
  integers: ['Q', 'S', 'D', 'W', 'R'],
  numbers: [],
  givesQuads: true,
  body: `const line = div(this.thread.x, Q);
const place = remainder(this.thread.x, Q) * 4;
let x = 0.0;
let y = 0.0;
let z = 0.0;
let w = 0.0;
if (line < R) {
  if (place < W) { x = a[whole(line) * S + whole(place) * D]; }
  if (place + 1 < W) { y = a[whole(line) * S + (whole(place) + 1) * D]; }
  if (place + 2 < W) { z = a[whole(line) * S + (whole(place) + 2) * D]; }
  if (place + 3 < W) { w = a[whole(line) * S + (whole(place) + 3) * D]; }
}
return [x, y, z, w];`,
};

const PRODUCTS = [0, 1, 2, 3]
  .map((i) => `s${i} += x[0] * p[${i}] + x[1] * q[${i}] + x[2] * r[${i}] + x[3] * t[${i}];`)
  .join('\n  ');

/** Four cells of a row; K quads along k, N quads along n. */
const QUAD_DOT: Program = {
  name: 'quad dot',
  arrays: ['a', 'b'],
  quads: ['a', 'b'],
  integers: ['K', 'N'],
  numbers: [],
  givesQuads: true,
  body: `const row = div(this.thread.x, N);
const column = remainder(this.thread.x, N);
let s0 = 0.0;
let s1 = 0.0;
let s2 = 0.0;
let s3 = 0.0;
for (let k = 0; k < K; k++) {
  const x = a[whole(row) * K + k];
  const p = b[k * 4 * N + whole(column)];
  const q = b[(k * 4 + 1) * N + whole(column)];
  const r = b[(k * 4 + 2) * N + whole(column)];
  const t = b[(k * 4 + 3) * N + whole(column)];
  ${PRODUCTS}
}
return [s0, s1, s2, s3];`,
};

/** Unpacks rows of Q quads to rows of N numbers. */
function unpackProgram(biased: boolean, activation: Activation): Program {
  const sum = biased ? 'v + bias[remainder(this.thread.x, N)]' : 'v';
  return {
    name: `unpack ${biased ? 'biased' : ''} ${activation}`,
    arrays: biased ? ['p', 'bias'] : ['p'],
    quads: ['p'],
    integers: ['N', 'Q'],
    numbers: [],
    body: `const column = remainder(this.thread.x, N);
const quad = p[div(this.thread.x, N) * Q + div(whole(column), 4)];
const part = column - 4 * Math.floor(column * 0.25);
const v = part < 1 ? quad[0] : (part < 2 ? quad[1] : (part < 3 ? quad[2] : quad[3]));
return ${ACTIVATIONS[activation](sum)};`,
  };
}

/** activation(op(A) · op(B) + bias), one matrix of each. */
export function quadProduct(
  machine: Machine,
  a: GpuArray,
  b: GpuArray,
  { m, n, k, transposeA, transposeB }: MatmulSpec,
  bias: GpuArray | null,
  activation: Activation,
): GpuArray {
  const [alongK, alongN] = [Math.ceil(k / 4), Math.ceil(n / 4)];
  const [stepA, apartA] = transposeA ? [m, 1] : [1, k];
  const [stepB, apartB] = transposeB ? [k, 1] : [1, n];
  const packed = (x: GpuArray, lines: number, width: number, integers: number[]) =>
    machine.launch(PACK, [x], 4 * lines * width, [width, ...integers], [], [lines * width]);
  const quadsA = packed(a, m, alongK, [apartA, stepA, k, m]);
  const quadsB = packed(b, 4 * alongK, alongN, [apartB, stepB, n, k]);
  const cells = m * alongN;
  const sums = machine.launch(QUAD_DOT, [quadsA, quadsB], 4 * cells, [alongK, alongN], [], [cells]);
  const operands = bias === null ? [sums] : [sums, bias];
  const result = machine.launch(unpackProgram(bias !== null, activation), operands, m * n, [n, alongN]);
  for (const array of [quadsA, quadsB, sums]) machine.release(array);
  return result;
}
