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

/** Names of the shaders of sources, null for those that are left to gpu.js: their texts are searched only once. */
const shaders: Map<string, string | null> = new Map();

/** @returns null if the expression contains anything but arithmetic, or if the size is not a multiple of four */
export function wgslElementwise(source: Fused, size: number): WgslProgram | null {
  if (size % 4 !== 0 || source.integers.length > 0) return null;
  let code = shaders.get(source.name);
  if (code === undefined) {
    code = shaderOf(source);
    shaders.set(source.name, code);
  }
  if (code === null) return null;
  const { groups, rowLength } = gridOfThreads(size / 4);
  const params = new Uint32Array(4 * Math.ceil((2 + source.numbers.length) / 4));
  params.set([size / 4, rowLength]);
  new Float32Array(params.buffer).set(source.numberValues, 2);
  return { name: `vectors of ${source.name}`, code, params, groups, updates: 0 };
}

function shaderOf({ names, numbers, element }: Fused): string | null {
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
  return `
struct Params { count : u32, rowLength : u32, ${numbers.map((name) => `${name} : f32`).join(', ')} }
@group(0) @binding(0) var<uniform> p : Params;
${bindings.join('\n')}
@group(0) @binding(${names.length + 1}) var<storage, read_write> result : array<vec4<f32>>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
  let i = id.y * p.rowLength + id.x;
  if (i >= p.count) { return; }
  ${texts.join('\n  ')}
  result[i] = vec4<f32>(${result});
}`;
}
