/** The last part of a product's shader: adds the bias, applies the activation and writes four cells of a row. */
import type { Activation } from '../../functions/kinds.js';

/** Operations on the sums before they are written. */
export interface Epilogue {
  readonly biased: boolean;
  readonly activation: Activation;
}

/**
 * The activation of four sums v. NaN and signs are taken from the bits of v, because drivers may fold a comparison and a
 * selection into max, which loses NaN.
 */
const ACTIVATIONS: Readonly<Record<Activation, string>> = {
  none: 'let w = v;',
  relu: 'let w = bitcast<vec4<f32>>(select(bits, vec4<u32>(), (bits > minusZero) & (bits <= minusInfinity)));',
  sigmoid: `let e = exp(-abs(v));
  let w = unlessNan(v, select(e / (1.0 + e), 1.0 / (1.0 + e), bits < minusZero));`,
  tanh: `let a = abs(v);
  let e = exp(-2.0 * a);
  let q = v * v;
  let near = a - a * q * (1.0 / 3.0 - q * (2.0 / 15.0 - q * (17.0 / 315.0 - q * 62.0 / 2835.0)));
  let size = bitcast<vec4<u32>>(select((1.0 - e) / (1.0 + e), near, q < vec4<f32>(0.09)));
  let w = unlessNan(v, bitcast<vec4<f32>>(size | (bits & minusZero)));`,
};

/** What the texts of activations use. */
const BITS = `let bits = bitcast<vec4<u32>>(v);
  let minusZero = vec4<u32>(0x80000000u);
  let minusInfinity = vec4<u32>(0xff800000u);`;

const UNLESS_NAN = `fn unlessNan(v : vec4<f32>, w : vec4<f32>) -> vec4<f32> {
  let isNan = (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  return bitcast<vec4<f32>>(select(bitcast<vec4<u32>>(w), bitcast<vec4<u32>>(v), isNan));
}`;

/** The parameters and the bindings of a product: the operands, the bias if there is one, and the result. */
export function productBindings(
  typeOfA: string,
  typeOfB: string,
  biased: boolean,
  wholeRows: boolean,
): string {
  const bias = biased ? '\n@group(0) @binding(3) var<storage, read> bias : array<f32>;' : '';
  return `struct Params { m : u32, n : u32, k : u32, strideA : u32, strideB : u32 }
@group(0) @binding(0) var<uniform> p : Params;
@group(0) @binding(1) var<storage, read> a : array<${typeOfA}>;
@group(0) @binding(2) var<storage, read> b : array<${typeOfB}>;${bias}
@group(0) @binding(${biased ? 4 : 3}) var<storage, read_write> result : array<${wholeRows ? 'vec4<f32>' : 'f32'}>;`;
}

/**
 * `store(item, row, column, sums)` for a row and a column inside of the result. Columns beyond its width are left out.
 * @param wholeRows - whether the width is a multiple of four
 */
export function storeText(wholeRows: boolean, { biased, activation }: Epilogue): string {
  const bias = biased
    ? `let last = p.n - 1u;
  v += vec4<f32>(bias[column], bias[min(column + 1u, last)], bias[min(column + 2u, last)], bias[min(column + 3u, last)]);`
    : '';
  const place = '(item * p.m + row) * p.n + column';
  const write = wholeRows
    ? `result[(${place}) >> 2u] = w;`
    : `let at = ${place};
  result[at] = w.x;
  if (column + 1u < p.n) { result[at + 1u] = w.y; }
  if (column + 2u < p.n) { result[at + 2u] = w.z; }
  if (column + 3u < p.n) { result[at + 3u] = w.w; }`;
  return `${UNLESS_NAN}
fn store(item : u32, row : u32, column : u32, sums : vec4<f32>) {
  var v = sums;
  ${bias}
  ${activation === 'none' ? '' : BITS}
  ${ACTIVATIONS[activation]}
  ${write}
}`;
}
