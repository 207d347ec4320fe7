/**
 * Functions that a mode with integers computes on the bits of a float, in place of their translation by gpu.js. Drivers may
 * assume that no number is NaN, fold a comparison and a selection into max, and reorder sums. None of this applies to integers.
 */

/** A shading language with integers and bit patterns. */
export type Dialect = 'wgsl' | 'glsl';

/** Parts of 2/π = 0.w₁w₂… in base 2³², after a leading 0. */
const TWO_OVER_PI =
  '0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu';

/**
 * In WGSL. Every `let` has a type, and `select` takes the place of `?:`, so that `toGlsl` can translate the text. A function
 * here calls no other function of the program.
 */
const WGSL: Readonly<Record<string, string>> = {
  isNan: `fn isNan(x : f32) -> f32 {
  return select(0.0, 1.0, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u);
}`,

  withSign: `fn withSign(y : f32, x : f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(y) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u));
}`,

  // the negative numbers are those above −0 and up to −∞; −0 and NaN stay
  relu: `fn relu(x : f32) -> f32 {
  let u : u32 = bitcast<u32>(x);
  return bitcast<f32>(select(u, 0u, u > 0x80000000u && u <= 0xff800000u));
}`,

  maximum: ordered('maximum', '>'),
  minimum: ordered('minimum', '<'),

  /**
   * a^b for a > 0 and finite, a ≠ 1: a = 2^e·m with √½ ≤ m < √2, s = (m − 1) / (m + 1), log₂ m = 2/ln 2·(s + s³/3 + …).
   * The logarithm needs 29 bits. So s is a number of 12 bits, sh, plus a rest sl = (m − 1 − sh·(m + 1)) / (m + 1), whose
   * numerator is exact in integers modulo 2³². Likewise the logarithm, with 2/ln 2 = 2.884765625 + 0.000624456778, and b.
   * The exponent y = b·log₂ a is an integer of 2⁻²².
   */
  positivePower: `fn positivePower(a : f32, b : f32, inf : f32) -> f32 {
  let bits : u32 = bitcast<u32>(a);
  let e : i32 = i32(bits - 0x3f3504f3u) >> 23u;
  let m : f32 = bitcast<f32>(bits - (u32(e) << 23u));
  let f : f32 = m - 1.0;
  let s : f32 = f / (m + 1.0);
  let fBits : u32 = bitcast<u32>(f);
  let sBits : u32 = bitcast<u32>(s);
  let sh : f32 = bitcast<f32>(sBits & 0xfffff000u);
  let fExponent : u32 = (fBits >> 23u) & 255u;
  let sExponent : u32 = (sBits >> 23u) & 255u;
  let top : u32 = ((fBits & 0x7fffffu) | 0x800000u) << (fExponent - sExponent + 12u);
  let part : u32 = ((sBits & 0x7fffffu) | 0x800000u) >> 12u;
  let rest : i32 = i32(top - part * (u32(m * 16777216.0) + 16777216u));
  let unit : f32 = bitcast<f32>((max(sExponent, 36u) - 35u) << 23u);
  let restOfS : f32 = f32(select(rest, -rest, f < 0.0)) * unit;
  let sl : f32 = select(restOfS / (m + 1.0), 0.0, f == 0.0);
  let q : f32 = s * s;
  let series : f32 = s * q * (0.33333333 + q * (0.2 + q * (0.14285714 + q * (0.11111111 + q * 0.09090909))));
  let high : f32 = sh * 2.884765625;
  let low : f32 = sh * 0.000624456778 + (sl + series) * 2.88539008;
  let log2h : f32 = bitcast<f32>(bitcast<u32>(f32(e) + high) & 0xfffff000u);
  let log2l : f32 = (high - (log2h - f32(e))) + low;
  let bh : f32 = bitcast<f32>(bitcast<u32>(b) & 0xfffff000u);
  let y : f32 = bh * log2h;
  if (y > 200.0) { return inf; }
  if (y < -200.0) { return 0.0; }
  let small : f32 = (b - bh) * log2h + b * log2l;
  let units : i32 = i32(floor(y * 4194304.0 + 0.5)) + i32(floor(small * 4194304.0 + 0.5));
  let n : i32 = (units + 2097152) >> 22u;
  let t : f32 = f32(units - n * 4194304) * 1.65259166e-7;
  let tail : f32 = 0.041666667 + t * (0.0083333333 + t * (0.0013888889 + t * 0.0001984127));
  let power : f32 = 1.0 + t * (1.0 + t * (0.5 + t * (0.16666667 + t * tail)));
  let n1 : i32 = n >> 1u;
  return power * bitcast<f32>(u32(n1 + 127) << 23u) * bitcast<f32>(u32(n - n1 + 127) << 23u);
}`,

  /**
   * sin(x + turn·π/2) for finite x ≥ 0, by Payne and Hanek's reduction: x = mantissa·2^k, so the bits of 2/π above 2^(2 − k) add
   * whole turns. The mantissa times the next 96 bits is x·2/π modulo 4, with more than 64 bits after the point.
   */
  circular: `fn circular(x : f32, turn : f32) -> f32 {
  let bits : u32 = bitcast<u32>(x);
  let mantissa : u32 = (bits & 0x7fffffu) | 0x800000u;
  let skip : u32 = max(bits >> 23u, 126u) - 120u;
  let first : u32 = skip >> 5u;
  let shift : u32 = skip & 31u;
  let words : array<u32, 8> = array<u32, 8>(${TWO_OVER_PI});
  let rest : u32 = 31u - shift;
  let w0 : u32 = (words[first] << shift) | ((words[first + 1u] >> 1u) >> rest);
  let w1 : u32 = (words[first + 1u] << shift) | ((words[first + 2u] >> 1u) >> rest);
  let w2 : u32 = (words[first + 2u] << shift) | ((words[first + 3u] >> 1u) >> rest);
  let m0 : u32 = mantissa & 0xffffu;
  let m1 : u32 = mantissa >> 16u;
  let c2 : u32 = m1 * (w2 & 0xffffu) + ((m0 * (w2 & 0xffffu)) >> 16u);
  let d2 : u32 = m0 * (w2 >> 16u) + (c2 & 0xffffu);
  let h2 : u32 = m1 * (w2 >> 16u) + (c2 >> 16u) + (d2 >> 16u);
  let c1 : u32 = m1 * (w1 & 0xffffu) + ((m0 * (w1 & 0xffffu)) >> 16u);
  let d1 : u32 = m0 * (w1 >> 16u) + (c1 & 0xffffu);
  let h1 : u32 = m1 * (w1 >> 16u) + (c1 >> 16u) + (d1 >> 16u);
  let l1 : u32 = mantissa * w1 + h2;
  let l0 : u32 = mantissa * w0 + h1 + select(0u, 1u, l1 < h2);
  let up : u32 = (l0 << 2u) | (l1 >> 30u);
  let down : u32 = l1 << 2u;
  let negative : bool = up >= 0x80000000u;
  let high : u32 = select(up, ~up + select(0u, 1u, down == 0u), negative);
  let low : u32 = select(down, ~down + 1u, negative);
  let size : f32 = f32(high) * 3.6572958e-10 + f32(low) * 8.5153038e-20;
  let near : bool = x < 0.78539816;
  let r : f32 = select(select(size, -size, negative), x, near);
  let quarter : u32 = (select((l0 + 0x20000000u) >> 30u, 0u, near) + u32(turn)) & 3u;
  let q : f32 = r * r;
  let sine : f32 = r + r * q * (-0.166666552 + q * (0.00833218917 - q * 0.000195182831));
  let cosine : f32 = 1.0 - q * (0.5 - q * (0.0416666456 + q * (-0.00138873106 + q * 0.0000244325784)));
  let value : f32 = select(sine, cosine, (quarter & 1u) == 1u);
  return select(value, -value, quarter > 1u);
}`,
};

/** In WGSL only. Integers divide exactly; the functions that gpu.js translates divide floats, and correct the quotient. */
const WGSL_ONLY: Readonly<Record<string, string>> = {
  div: `fn div(a : i32, b : i32) -> i32 {
  return i32(u32(a) / u32(b));
}`,
  remainder: `fn remainder(a : i32, b : i32) -> i32 {
  return i32(u32(a) % u32(b));
}`,
};

/** The larger or the smaller number; NaN if either is. −0 is below 0. As integers, negative numbers are in reverse order. */
function ordered(name: string, sign: '<' | '>'): string {
  return `fn ${name}(a : f32, b : f32) -> f32 {
  let u : u32 = bitcast<u32>(a);
  let v : u32 = bitcast<u32>(b);
  let p : u32 = select(u | 0x80000000u, ~u, u >= 0x80000000u);
  let q : u32 = select(v | 0x80000000u, ~v, v >= 0x80000000u);
  let chosen : u32 = select(v, u, p ${sign} q);
  let orB : u32 = select(chosen, v, (v & 0x7fffffffu) > 0x7f800000u);
  return bitcast<f32>(select(orB, u, (u & 0x7fffffffu) > 0x7f800000u));
}`;
}

/** What `toGlsl` leaves to the preprocessor of GLSL. */
export const GLSL_MACROS = `#define f32 float
#define i32 int
#define u32 uint
#define select(no, yes, condition) ((condition) ? (yes) : (no))`;

function toGlsl(text: string): string {
  return text
    .replaceAll('bitcast<u32>', 'floatBitsToUint')
    .replaceAll('bitcast<f32>', 'uintBitsToFloat')
    .replace(/fn (\w+)\((.*)\) -> f32/g, (_, name, parameters) => `f32 ${name}(${typesFirst(parameters)})`)
    .replace(/let (\w+) : array<u32, 8> = array<u32, 8>/g, 'uint $1[8] = uint[8]')
    .replace(/let (\w+) : (\w+) =/g, '$2 $1 =');
}

function typesFirst(parameters: string): string {
  return parameters.replace(/(\w+) : (\w+)/g, '$2 $1');
}

/** The text of a function in a dialect, or null if gpu.js translates it there. gpu.js calls functions of WGSL with a prefix. */
export function nativeText(name: string, dialect: Dialect | null): string | null {
  const texts = dialect === 'wgsl' ? { ...WGSL, ...WGSL_ONLY } : WGSL;
  const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (text === undefined || dialect === null) return null;
  return dialect === 'glsl' ? toGlsl(text) : text.replace(`fn ${name}(`, `fn fn_${name}(`);
}
