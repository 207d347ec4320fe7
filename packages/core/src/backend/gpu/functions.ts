/**
 * Functions that programs call, in the subset of JavaScript that gpu.js translates (see program.ts).
 *
 * Drivers differ in the results of log(0), tanh(50), pow(−2, 3) and comparisons with NaN, and some have no literal for
 * infinity. These functions return the special values of IEEE 754 (passed as arguments `inf` and `nan`), keep the sign of
 * zero, and keep float32 precision where a built-in function loses it. Subnormal numbers may be flushed to 0, as on GPUs.
 * On webgpu and webgl2, natives.ts replaces those that can be computed on bits.
 */

/** Text of a function, and the gpu.js types of its arguments and its result. */
export interface Helper {
  readonly takes: Readonly<Record<string, 'Integer' | 'Number'>>;
  readonly gives: 'Integer' | 'Number';
  readonly body: string;
}

function integer(names: string, body: string): Helper {
  return { takes: arguments_(names, 'Integer'), gives: 'Integer', body };
}

function number(names: string, body: string): Helper {
  return { takes: arguments_(names, 'Number'), gives: 'Number', body };
}

function arguments_<T>(names: string, type: T): Record<string, T> {
  return Object.fromEntries(names.split(' ').map((name) => [name, type]));
}

/** c[0] + c[1]·t + … by Horner's rule. */
function polynomial(t: string, coefficients: readonly number[]): string {
  return coefficients
    .slice(0, -1)
    .reduceRight((sum, c) => `(${c} + ${t} * ${sum})`, String(coefficients.at(-1)));
}

// The polynomials of erf and gelu are those of the wasm backend; see ../wasm/assembly/math/fit.mjs.
const TAIL = [
  0.336203992, 0.170501843, -0.151302442, 0.0327545553, 0.0181096531, -0.00353878294, -0.0043545058,
  -0.000836535008, 0.00142443902,
];
const CENTRAL = [
  -0.398942292, 0.0664905384, -0.00997416396, 0.00118802383, -0.000115023911, 0.00000817173532,
];
const ERF = [1.128379151, -0.376125038, 0.112819217, -0.026770493, 0.00499895914, -0.000602079963];
const SIN = [-0.166666552, 0.00833218917, -0.000195182831];
const COS = [0.0416666456, -0.00138873106, 0.0000244325784];
/** π/2 in parts of 8 bits, and the rest. */
const QUARTER_TURN = [
  1.5703125, 0.0004825592041015625, 1.2665987014770508e-6, 9.89530235528946e-10, 2.56334415e-12,
];
const ATAN = [-0.333333164, 0.199985281, -0.14244391, 0.105991721, -0.0609007664];
/** 1/2!, 1/3!, … 1/9! */
const EXPM1 = [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880];
/** 1/3, 1/5, … 1/13: atanh s = s + s³/3 + … */
const ATANH = [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13];

/** By name. A function may call those above it. */
export const helpers: Readonly<Record<string, Helper>> = {
  // ⌊a / b⌋ for whole a ≥ 0, b > 0: a float quotient, plus the quotient of the remainder, corrected by at most one. Exact
  // up to 2³¹; a float quotient alone fails from about 2²² on. (`| 0` would also work, but on WebGL gpu.js translates it
  // to a loop of 32 iterations.)
  quotient: integer('a b', 'return Math.floor(a / b);'),
  refined: integer('a b q', 'return q + quotient(a - q * b, b);'),
  settled: integer('a b q', 'return a - q * b < 0 ? q - 1 : (a - q * b >= b ? q + 1 : q);'),
  div: integer('a b', 'return settled(a, b, refined(a, b, quotient(a, b)));'),
  /** a mod b. It is not called `mod`, which is a built-in function of WebGL. */
  remainder: integer('a b', 'return a - div(a, b) * b;'),
  /** Converts a whole number read from an array to a position. */
  whole: { takes: { v: 'Number' }, gives: 'Integer', body: 'return Math.floor(v);' },

  /** Maps an index outside of 0 … n − 1 to 0, so that reads stay inside the array. */
  clampedTo: {
    takes: { v: 'Number', n: 'Integer' },
    gives: 'Number',
    body: 'return v >= 0 && v < n ? v : 0.0;',
  },

  isNan: number('x', 'return x <= 0 || x > 0 ? 0.0 : 1.0;'),
  /** y, or x if that is NaN. Results that come from comparisons pass through it. */
  unlessNan: number('x y', 'return isNan(x) == 1 ? x : y;'),
  /** |y| with the sign of x, which may be −0. */
  withSign: number('y x', 'return x < 0 || (x == 0 && 1 / x < 0) ? -1.0 * Math.abs(y) : Math.abs(y);'),
  // If both comparisons fail, a side is NaN, or both are zeros: max(0, −0) = 0. In all these cases the result is the sum.
  maximum: number('a b', 'return a > b || (a == b && a != 0) ? a : (b > a ? b : a + b);'),
  minimum: number('a b', 'return -1.0 * maximum(-1.0 * a, -1.0 * b);'),
  relu: number('x', 'return x < 0 ? 0.0 : x;'),
  /** a / b. Drivers multiply by 1 / b, which is 0 for |b| above 2¹²⁶, as it is subnormal. */
  over: number('a b', 'return overScaled(a, b, Math.abs(b) > 4e37 ? 0.25 : 1.0);'),
  overScaled: number('a b scale', 'return a / (b * scale) * scale;'),
  exponential: number(
    'x inf',
    'return unlessNan(x, x > 88.722839 ? inf : (x < -103.97208 ? 0.0 : Math.exp(x)));',
  ),
  // ln((1 + s) / (1 − s)) = 2 atanh s. Near 1, only the absolute error of the built-in logarithm is bounded.
  logarithmSeries: number('s', `return 2 * (s + s * s * s * ${polynomial('s * s', ATANH)});`),
  finiteLogarithm: number(
    'x',
    'return x > 0.7 && x < 1.5 ? logarithmSeries((x - 1) / (x + 1)) : Math.log(x);',
  ),
  logarithm: number(
    'x inf nan',
    'return unlessNan(x, x > 0 ? (x < inf ? finiteLogarithm(x) : inf) : (x >= 0 ? 0.0 - inf : nan));',
  ),
  /** eˣ − 1 − x near 0. */
  expm2Series: number('x', `return x * x * ${polynomial('x', EXPM1)};`),
  expm1Of: number('x inf', 'return x < 0.5 && x > -0.5 ? x + expm2Series(x) : exponential(x, inf) - 1;'),
  expm1_: number('x inf', 'return withSign(expm1Of(x, inf), x);'),
  log1p_: number(
    'x inf nan',
    `if (x < 0.5 && x > -0.3) { return logarithmSeries(x / (2 + x)); }
return logarithm(1 + x, inf, nan);`,
  ),
  /** log1p(e^−|x|), which lies between 0 and ln 2. */
  softness: number(
    'x',
    'return Math.abs(x) < 104 ? log1pUnit(Math.exp(0.0 - Math.abs(x))) : (x < 0 || x > 0 ? 0.0 : x);',
  ),
  log1pUnit: number(
    'e',
    'return e < 0.5 ? (e < 0.0001 ? e - 0.5 * e * e : logarithmSeries(e / (2 + e))) : Math.log(1 + e);',
  ),
  softplus: number(
    'x inf',
    'return unlessNan(x, x < inf ? (x > 0.0 - inf ? relu(x) + softness(x) : 0.0) : x);',
  ),
  sigmoidOf: number('x e', 'return x >= 0 ? 1 / (1 + e) : e / (1 + e);'),
  sigmoid: number(
    'x',
    'return unlessNan(x, sigmoidOf(x, x > -103 && x < 103 ? Math.exp(0.0 - Math.abs(x)) : 0.0));',
  ),
  // max(x, 0) − x·t = |x|·wrong, with wrong = 1 − t for x > 0 and t else; also 0 for wrong = 0 and an infinite x
  bceOf: number('x wrong', 'return wrong == 0 ? wrong : Math.abs(x) * wrong;'),
  /** ½(eʸ − 1 − y) */
  halfExcess: number(
    'y inf',
    `if (y < 0.5 && y > -0.5) { return 0.5 * expm2Series(y); }
return exponential(y - 0.69314718, inf) - 0.5 - 0.5 * minimum(y, 200.0);`,
  ),
  // a·eᵇ in four factors, where eᵇ alone may overflow
  expQuarter: number(
    'b',
    'return b > 200 ? 5.1847055e21 : (b < -200 ? 1.9287498e-22 : (b <= 0 || b > 0 ? Math.exp(0.25 * b) : b));',
  ),
  // a driver may multiply e·e first, which may be 0, and ±∞·0 is NaN
  mulExpFar: number('a e inf', 'return Math.abs(a) < inf ? a * e * e * e * e : a;'),
  mulExp: number('a b inf', 'return b < 80 && b > -80 ? a * Math.exp(b) : mulExpFar(a, expQuarter(b), inf);'),
  // tanh x = e / (e + 2) with e = expm1(2x) for x ≥ 0; from 10 on it rounds to 1
  tanhOf: number('e', 'return e / (e + 2);'),
  tanhAbs: number('a', 'return a < 10 ? tanhOf(expm1Of(2 * a, 1.0)) : 1.0;'),
  tanh_: number('x', 'return unlessNan(x, withSign(tanhAbs(Math.abs(x)), x));'),
  sign_: number('x', 'return unlessNan(x, x == 0 ? x : withSign(1.0, x));'),
  squareRoot: number('x nan', 'return unlessNan(x, x < 0 ? nan : (x > 0 ? Math.sqrt(x) : x));'),
  reciprocalRoot: number(
    'x inf nan',
    'return unlessNan(x, x > 0 ? (x < inf ? 1 / Math.sqrt(x) : 0.0) : (x >= 0 ? withSign(inf, x) : nan));',
  ),

  // a·Φ(−a) = e^(−a²/2)·T(a) for a ≥ 1, with T a polynomial in (a − 2) / (a + 2)
  tailPolynomial: number('t', `return ${polynomial('t', TAIL)};`),
  tail: number('a', 'return Math.exp(-0.5 * a * a) * tailPolynomial((a - 2) / (a + 2));'),
  erfCentral: number('x', `return x * ${polynomial('x * x', ERF)};`),
  erfOuter: number('a', 'return 1 - 2 * tail(a) / a;'),
  erfAbs: number('x', 'return x < 0.9 ? erfCentral(x) : erfOuter(x < 4.2 ? x * 1.41421356 : 6.0);'),
  erf: number('x', 'return unlessNan(x, withSign(erfAbs(Math.abs(x)), x));'),
  // e^(−x²) = e^(−x₀²)·e^((x₀ − x)(x₀ + x)) with x₀ = x to 1/16: x₀² is exact.
  squaredTail: number('x x0', 'return Math.exp(0.0 - x0 * x0) * Math.exp((x0 - x) * (x0 + x));'),
  tailRatio: number('a', 'return 2 * tailPolynomial((a - 2) / (a + 2)) / a;'),
  erfcOuter: number(
    'x',
    'return x < 10.1 ? squaredTail(x, Math.floor(x * 16) * 0.0625) * tailRatio(x * 1.41421356) : 0.0;',
  ),
  erfc: number('x', 'return unlessNan(x, x > 0.75 ? erfcOuter(x) : 1 - erf(x));'),
  /** |x|·Φ(−|x|) */
  geluTail: number(
    'a',
    `return a <= 1 ? a * (0.5 + a * ${polynomial('a * a', CENTRAL)}) : (a < 14.5 ? tail(a) : 0.0);`,
  ),
  gelu: number('x', 'return unlessNan(x, withSign(relu(x) - geluTail(Math.abs(x)), x));'),

  // x = r + q·π/2 with |r| ≤ π/4. π/2 is subtracted in parts of 8 bits, so that each product by q < 2¹⁶ is exact.
  quarter: number('x', 'return Math.floor(x * 0.6366197723675814 + 0.5);'),
  lessQuarters: number(
    'x q',
    `return ${QUARTER_TURN.reduce((rest, part) => `(${rest} - q * ${part})`, 'x')};`,
  ),
  sinKernel: number('r', `return r + r * r * r * ${polynomial('r * r', SIN)};`),
  cosKernel: number('r', `return 1 - r * r * (0.5 - r * r * ${polynomial('r * r', COS)});`),
  turned: number(
    'r turn',
    'return turn < 1 ? sinKernel(r) : (turn < 2 ? cosKernel(r) : (turn < 3 ? 0.0 - sinKernel(r) : 0.0 - cosKernel(r)));',
  ),
  fourth: number('q', 'return q - 4 * Math.floor(q * 0.25);'),
  nearCircular: number('x q turn', 'return turned(lessQuarters(x, q), fourth(q + turn));'),
  /**
   * sin(x + turn·π/2) for x ≥ 0. Above 102,943 = 2¹⁶·π/2, the built-in functions of the mode decide: those of JavaScript are
   * exact, those of WebGL 1 may differ in every digit. The text of natives.ts is exact for every x.
   */
  circular: number(
    'x turn',
    `if (x < 102943) { return nearCircular(x, quarter(x), turn); }
return turn == 0 ? Math.sin(x) : Math.cos(x);`,
  ),
  sine: number(
    'x inf nan',
    'return unlessNan(x, Math.abs(x) < inf ? withSign(1.0, x) * circular(Math.abs(x), 0.0) : nan);',
  ),
  cosine: number('x inf nan', 'return unlessNan(x, Math.abs(x) < inf ? circular(Math.abs(x), 1.0) : nan);'),

  // atan t = π/4 + atan((t − 1) / (t + 1)) brings 0 … 1 to |u| ≤ √2 − 1.
  atanSeries: number('u', `return u + u * u * u * ${polynomial('u * u', ATAN)};`),
  atanOfUnit: number(
    't',
    'return t > 0.41421356 ? 0.785398163 + atanSeries((t - 1) / (t + 1)) : atanSeries(t);',
  ),
  ratio: number('least most inf', 'return most > 0 ? (least < inf ? over(least, most) : 1.0) : 0.0;'),
  firstOctant: number(
    'up across inf',
    `if (up > across) { return 1.570796327 - atanOfUnit(ratio(across, up, inf)); }
return atanOfUnit(ratio(up, across, inf));`,
  ),
  fromAxis: number('x angle', 'return withSign(1.0, x) < 0 ? 3.141592654 - angle : angle;'),
  /** The angle of (x, y), given up = |y| and across = |x|. It has the sign of y; for y = ±0 it is ±π if x has a minus, else ±0. */
  angle: number(
    'y x up across inf',
    'return unlessNan(x, unlessNan(y, withSign(fromAxis(x, firstOctant(up, across, inf)), y)));',
  ),

  wholePower: number(
    'a n',
    `let product = 1.0;
for (let i = 0; i < 8; i++) { if (i < n) { product *= a; } }
return product;`,
  ),
  /**
   * a^b for a > 0 and finite, a ≠ 1. The built-in pow of WebGL 1 errs by some 10⁻⁶, so small whole powers are products. The text
   * of natives.ts is as accurate for every b.
   */
  positivePower: number(
    'a b inf',
    `if (b == Math.floor(b) && b <= 8 && b >= -8) {
  if (b < 0) { return wholePower(over(1.0, a), 0.0 - b); }
  return wholePower(a, b);
}
return Math.pow(a, b);`,
  ),
  /** a^b for any a ≥ 0, a ≠ 1. */
  magnitudePower: number(
    'a b inf',
    `if (a > 0 && a < inf) { return positivePower(a, b, inf); }
if (a > 0) { return b < 0 ? 0.0 : inf; }
return b < 0 ? inf : 0.0;`,
  ),
  odd: number('b', 'return b == Math.floor(b) && b - 2 * Math.floor(b * 0.5) == 1 ? 1.0 : 0.0;'),
  /** The whole number nearest to x, given r = ⌊x + ½⌋; halves round to even. */
  nearestEven: number('x r', 'return r - x > 0.5 || (r - x == 0.5 && odd(r) == 1) ? r - 1 : r;'),
  infinitePower: number(
    'a b inf',
    `if (a == 1) { return 1.0; }
if (a > 1) { return b > 0 ? inf : 0.0; }
return b > 0 ? 0.0 : inf;`,
  ),
  /** a^b for a ≠ 1, b ≠ 0 and neither NaN, given size = |a|. */
  powerOf: number(
    'a size b inf nan',
    `if (b == 1) { return a; }
if (b == 2) { return a * a; }
if (b >= inf || b <= 0.0 - inf) { return infinitePower(size, b, inf); }
if (odd(b) == 1) { return withSign(size == 1 ? 1.0 : magnitudePower(size, b, inf), a); }
if (a < 0 && size < inf && b != Math.floor(b)) { return nan; }
return size == 1 ? 1.0 : magnitudePower(size, b, inf);`,
  ),
  /** a^b with the special cases of IEEE 754: 1 for b = 0 and for a = 1, even if the other is NaN; (−1)^±∞ = 1. */
  power: number(
    'a b inf nan',
    `if (b == 0 || a == 1) { return 1.0; }
return unlessNan(a, unlessNan(b, powerOf(a, Math.abs(a), b, inf, nan)));`,
  ),
};

const GLSL = { Integer: 'int', Number: 'float' } as const;

/**
 * Declarations of all functions for WebGL, where a function must be declared before it is called. gpu.js sorts functions
 * by their calls, and fails if one is called by several.
 */
export function glslDeclarations(): string {
  return Object.entries(helpers)
    .map(([name, { takes, gives }]) => {
      const types = Object.values(takes).map((type) => GLSL[type]);
      return `${GLSL[gives]} ${name}(${types.join(', ')});`;
    })
    .join('\n');
}
