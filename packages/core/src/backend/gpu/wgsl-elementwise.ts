/**
 * Sums, differences, products and copies as hand-written webgpu shaders: each thread reads and writes vectors of four numbers. A
 * kernel of gpu.js computes one number per thread. The operations and their order are the same, and so are the bits.
 */
import type { WgslProgram } from './driver.js';
import type { Fused } from './expression.js';
import { gridOfThreads, THREADS } from './wgsl-grid.js';

/** A read of the element of the same position, or of a single element for all; see `Access`. */
const READ = /^const (v\d+) = (a\d+)\[(i|0)\];$/;
/** A result of +, −, · and parentheses, which are the same in JavaScript and in WGSL. */
const ARITHMETIC = /^const (t\d+) = ((?:[vtc]\d+|\d+(?:\.\d+)?|[-+*()\s])+);$/;

/** Four neighbouring elements of a source, as parts of a shader whose parameters are `p`. */
export interface Vectors {
  /** Declarations of the arrays, from binding 1 on. */
  readonly bindings: string;
  /** Fields of the parameters. */
  readonly fields: string;
  /** Compute the vector at position `i`. */
  readonly lines: string;
  readonly result: string;
}

/** By the names of sources; null for those that are left to gpu.js. */
const known: Map<string, Vectors | null> = new Map();

/** @returns null if the expression contains anything but arithmetic on arrays of equal size and single numbers */
export function vectorsOf(source: Fused): Vectors | null {
  if (source.integers.length > 0) return null;
  let vectors = known.get(source.name);
  if (vectors === undefined) {
    vectors = translated(source);
    known.set(source.name, vectors);
  }
  return vectors;
}

function translated({ names, numbers, element }: Fused): Vectors | null {
  const { lines, result } = element('i');
  const texts: string[] = [];
  const types = new Map<string, string>();
  for (const line of lines) {
    const [, value, array, place] = READ.exec(line) ?? [];
    const [, sum, expression] = ARITHMETIC.exec(line) ?? [];
    if (array !== undefined) {
      types.set(array, place === 'i' ? 'vec4<f32>' : 'f32');
      texts.push(`let ${value} = ${array}[${place}];`);
    } else if (expression !== undefined) {
      texts.push(`let ${sum} = ${expression.replace(/\bc\d+/g, (name) => `p.${name}`)};`);
    } else return null;
  }
  const bindings = names.map(
    (name, i) => `@group(0) @binding(${i + 1}) var<storage, read> ${name} : array<${types.get(name)}>;`,
  );
  return {
    bindings: bindings.join('\n'),
    fields: numbers.map((name) => `${name} : f32`).join(', '),
    lines: texts.join('\n  '),
    result: `vec4<f32>(${result})`,
  };
}

/** The parameters of a shader: whole numbers, and then the numbers of a source. */
export function paramsOf(integers: readonly number[], { numberValues }: Fused): Uint32Array {
  const params = new Uint32Array(4 * Math.ceil((integers.length + numberValues.length) / 4));
  params.set(integers);
  new Float32Array(params.buffer).set(numberValues, integers.length);
  return params;
}

/** @returns null if the expression contains anything but arithmetic, or if the size is not a multiple of four */
export function wgslElementwise(source: Fused, size: number): WgslProgram | null {
  const vectors = size % 4 === 0 ? vectorsOf(source) : null;
  if (vectors === null) return null;
  const { groups, rowLength } = gridOfThreads(size / 4);
  return {
    name: `vectors of ${source.name}`,
    get code() {
      return shaderOf(vectors, source.names.length);
    },
    params: paramsOf([size / 4, rowLength], source),
    groups,
    updates: 0,
  };
}

function shaderOf({ bindings, fields, lines, result }: Vectors, arrays: number): string {
  return `
struct Params { count : u32, rowLength : u32, ${fields} }
@group(0) @binding(0) var<uniform> p : Params;
${bindings}
@group(0) @binding(${arrays + 1}) var<storage, read_write> result : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.y * p.rowLength + id.x;
  if (i >= p.count) { return; }
  ${lines}
  result[i] = ${result};
}`;
}
