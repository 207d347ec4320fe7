/**
 * Elementwise operations. Each function is one expression: the name of its row in functions/, and its derivative.
 * Operands of two-argument operations broadcast as in NumPy; the gradient of a broadcast operand is summed back
 * to the operand's shape (`sumToSize`), since each of its elements was used several times.
 */
import { checkNumber } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError } from '../errors.js';
import { asTensor } from '../operand.js';
import { broadcastShapes } from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Tensor, TensorLike } from '../tensor.js';
import { chainMul, sigmoidSlope } from './chain.js';
import { type Binary, type BinaryWithDefault, binary, type Unary, unary } from './elementwise-op.js';

/** The derivative of a step function: 0 for any dy, connected to it for higher orders. */
const zero = (dy: Tensor): Tensor => where(0, dy, 0);

/** −x */
export const neg: Unary = unary('neg', (dy) => dy.neg()); // d(−x) = −dx
/** eˣ; overflows float32 above 88.72. */
export const exp: Unary = unary('exp', (dy, _, y) => chainMul(dy, y)); // d eˣ = eˣ dx
/** eˣ − 1, accurate for small x; overflows float32 above 88.72. */
export const expm1: Unary = unary('expm1', (dy, x) => chainMul(dy, x.exp())); // d(eˣ − 1) = eˣ dx; y + 1 would round to 0
/** 2ˣ; overflows float32 from 128 on. */
export const exp2: Unary = unary('exp2', (dy, _, y) => chainMul(dy, y.mul(Math.LN2))); // d 2ˣ = 2ˣ ln 2 dx
/** Natural logarithm; −Infinity at 0, NaN below. */
export const log: Unary = unary('log', (dy, x) => chainMul(dy, x.reciprocal())); // d ln x = dx / x
/** Logarithm to base 2; −Infinity at 0, NaN below. */
export const log2: Unary = unary('log2', (dy, x) => chainMul(dy.mul(1 / Math.LN2), x.reciprocal())); // d log₂ x = dx / (x ln 2)
/** Logarithm to base 10; −Infinity at 0, NaN below. */
export const log10: Unary = unary('log10', (dy, x) => chainMul(dy.mul(1 / Math.LN10), x.reciprocal())); // d log₁₀ x = dx / (x ln 10)
/** ln(1 + x), accurate for small x; −Infinity at −1, NaN below. */
export const log1p: Unary = unary('log1p', (dy, x) => chainMul(dy, x.add(1).reciprocal())); // d ln(1 + x) = dx / (1 + x)
/** √x; NaN below 0. */
export const sqrt: Unary = unary('sqrt', (dy, _, y) => chainMul(dy, y.mul(2).reciprocal())); // d√x = dx / 2√x
/** 1/√x; Infinity at 0, NaN below. */
export const rsqrt: Unary = unary('rsqrt', (dy, x, y) => chainMul(dy, y.div(x.mul(-2)))); // d x^−½ = −½ x^−½ / x dx
/** x² */
export const square: Unary = unary('square', (dy, x) => chainMul(dy, x.mul(2))); // d x² = 2x dx
/** |x|, with derivative 0 at 0. */
export const abs: Unary = unary('abs', (dy, x) => chainMul(dy, x.sign())); // d|x| = sign x dx, 0 at 0
/** −1, 0 or 1; its derivative is 0 everywhere. */
export const sign: Unary = unary('sign', zero); // flat on both sides of its step
/** The largest whole number ≤ x. Its derivative is 0 everywhere. */
export const floor: Unary = unary('floor', zero);
/** The smallest whole number ≥ x. Its derivative is 0 everywhere. */
export const ceil: Unary = unary('ceil', zero);
/** x rounded toward 0. Its derivative is 0 everywhere. */
export const trunc: Unary = unary('trunc', zero);
/** The nearest whole number; halves round to even, as in NumPy. Its derivative is 0 everywhere. */
export const round: Unary = unary('round', zero); // flat between its steps
/** 1/x */
export const reciprocal: Unary = unary('reciprocal', (dy, _, y) => chainMul(dy, y.square()).neg()); // d(1/x) = −dx / x²
/** sin x, x in radians. */
export const sin: Unary = unary('sin', (dy, x) => chainMul(dy, x.cos())); // d sin x = cos x dx
/** cos x, x in radians. */
export const cos: Unary = unary('cos', (dy, x) => chainMul(dy, x.sin()).neg()); // d cos x = −sin x dx
/** tan x, x in radians. */
export const tan: Unary = unary('tan', (dy, _, y) => chainMul(dy, y.square().add(1))); // d tan x = (1 + tan²x) dx
/** e^(−x²)·2/√π, the derivative of the error function. */
const bell = (x: Tensor): Tensor =>
  x
    .square()
    .neg()
    .exp()
    .mul(2 / Math.sqrt(Math.PI));
/** Error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf: Unary = unary('erf', (dy, x) => chainMul(dy, bell(x))); // 2/√π e^(−x²)
/** Complementary error function, 1 − erf x, computed without cancellation for large x. */
export const erfc: Unary = unary('erfc', (dy, x) => chainMul(dy, bell(x)).neg()); // −2/√π e^(−x²)
/** max(x, 0), with derivative 0 at 0. */
export const relu: Unary = unary('relu', (dy, _, y) => y.where(dy, 0)); // dy where y ≠ 0, that is x > 0
/** x·Φ(x) with the exact normal distribution function Φ. @see Hendrycks & Gimpel 2016, arXiv:1606.08415 */
export const gelu: Unary = unary('gelu', (dy, x) => {
  const cdf = x.mul(-Math.SQRT1_2).erfc().mul(0.5); // Φ(x), without cancellation for negative x
  const density = x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI)); // φ(x)
  return chainMul(dy, cdf.add(chainMul(density, x))); // d xΦ(x) = (Φ + xφ) dx; xφ is 0 at ±Infinity
});
/** 1 / (1 + e^−x), stable for any x. */
export const sigmoid: Unary = unary('sigmoid', (dy, x) => chainMul(dy, sigmoidSlope(x))); // σ′ = σ(x)·σ(−x)
/** Hyperbolic tangent. */
export const tanh: Unary = unary('tanh', (dy, x) => chainMul(dy, sigmoidSlope(x.mul(2)).mul(4))); // tanh x = 2σ(2x) − 1
/** Hyperbolic sine; overflows float32 above 89.41. */
export const sinh: Unary = unary('sinh', (dy, x) => chainMul(dy, x.cosh())); // d sinh x = cosh x dx
/** Hyperbolic cosine; overflows float32 above 89.41. */
export const cosh: Unary = unary('cosh', (dy, x) => chainMul(dy, x.sinh())); // d cosh x = sinh x dx
/** ln(1 + eˣ), computed as max(x, 0) + log1p(e^−|x|): stable for any x. */
export const softplus: Unary = unary('softplus', (dy, x) => chainMul(dy, x.sigmoid())); // softplus′ = σ
/** ln σ(x) = −softplus(−x), stable for any x. */
export const logSigmoid: Unary = unary('logSigmoid', (dy, x) => chainMul(dy, x.neg().sigmoid())); // (ln σ)′ = σ(−x)

/** a + b */
export const add: Binary = binary('add', (dy) => [() => dy, () => dy]); // d(a + b) = da + db
/** a − b */
export const sub: Binary = binary('sub', (dy) => [() => dy, () => dy.neg()]); // d(a − b) = da − db
/** a·b, elementwise */
export const mul: Binary = binary('mul', (dy, a, b) => [() => chainMul(dy, b), () => chainMul(dy, a)]); // d(ab) = b da + a db
/** a/b, elementwise */
export const div: Binary = binary('div', (dy, _, b, y) => [
  () => chainMul(dy, b.reciprocal()), // ∂(a/b)/∂a = 1/b
  () => chainMul(dy, y.div(b)).neg(), // ∂(a/b)/∂b = −(a/b)/b
]);
/**
 * aᵇ, elementwise, with the special cases of IEEE 754: x⁰ and 1ˣ are 1 for any x, NaN included. The gradient with respect to
 * b is NaN for a < 0.
 */
export const pow: Binary = binary('pow', (dy, a, b, y) => [
  // ∂aᵇ/∂a = b aᵇ⁻¹, and 0 for b = 0, also at a = 0 where aᵇ⁻¹ is infinite.
  () => chainMul(dy, chainMul(b, a.pow(b.sub(1)))),
  // ∂aᵇ/∂b = aᵇ ln a, and 0 where aᵇ = 0; 0 for 0⁰; −Infinity at a = 0 for b < 0.
  () =>
    a
      .eq(0)
      .mul(b.eq(0))
      .where(0, chainMul(dy, chainMul(y, a.log()))),
]);
/**
 * The angle of the point (x, y) in radians, from −π to π; the arguments are y and x, in this order. The gradient is 0 at (0, 0)
 * and at infinity.
 */
export const atan2: Binary = binary('atan2', (dy, y, x) => {
  // d atan2 = (x dy − y dx) / r². Divided by the larger coordinate first, r² neither overflows nor underflows.
  const largest = y.abs().maximum(x.abs()).detach();
  const regular = largest.ne(0).mul(largest.ne(Number.POSITIVE_INFINITY));
  const scale = regular.where(largest, 1);
  const [up, across] = [y.div(scale), x.div(scale)];
  const slope = (part: Tensor): Tensor =>
    regular.where(part.div(up.square().add(across.square())).div(scale), 0);
  return [() => chainMul(dy, slope(across)), () => chainMul(dy, slope(up)).neg()];
});
/** The gradient of the operand that was chosen: dy, or half of it at a tie. */
const chosen = (dy: Tensor, winner: Tensor, tie: Tensor): Tensor =>
  winner.where(dy, tie.where(dy.mul(0.5), 0));
/** The larger of a and b; NaN if either is; ties share the gradient evenly. */
export const maximum: Binary = binary('maximum', (dy, a, b) => [
  () => chosen(dy, a.gt(b), a.eq(b)),
  () => chosen(dy, b.gt(a), a.eq(b)),
]);
/** The smaller of a and b; NaN if either is; ties share the gradient evenly. */
export const minimum: Binary = binary('minimum', (dy, a, b) => [
  () => chosen(dy, a.lt(b), a.eq(b)),
  () => chosen(dy, b.lt(a), a.eq(b)),
]);
/** x for x > 0, else slope·x; the slope is 0.01 by default. */
export const leakyRelu: BinaryWithDefault = binary(
  'leakyRelu',
  (dy, x, slope) => [
    () => x.gt(0).where(dy, chainMul(dy, slope)), // slope at 0
    () => chainMul(dy, x.minimum(0)),
  ],
  0.01,
);
/** x for x > 0, else α(eˣ − 1); α is 1 by default. @see Clevert 2016, arXiv:1511.07289 */
export const elu: BinaryWithDefault = binary(
  'elu',
  (dy, x, alpha) => [
    () => x.gt(0).where(dy, chainMul(dy, alpha.mul(x.minimum(0).exp()))),
    () => chainMul(dy, x.minimum(0).expm1()),
  ],
  1,
);

/** 1 where a = b, else 0. */
export const eq: Binary = binary('eq', () => [null, null]);
/** 1 where a ≠ b, else 0. */
export const ne: Binary = binary('ne', () => [null, null]);
/** 1 where a < b, else 0. */
export const lt: Binary = binary('lt', () => [null, null]);
/** 1 where a ≤ b, else 0. */
export const le: Binary = binary('le', () => [null, null]);
/** 1 where a > b, else 0. */
export const gt: Binary = binary('gt', () => [null, null]);
/** 1 where a ≥ b, else 0. */
export const ge: Binary = binary('ge', () => [null, null]);

type One = readonly [Tensor];
type Three = readonly [Tensor, Tensor, Tensor];

const whereOp: Op<Three> = {
  name: 'where',
  shape: (shapes) => broadcastShapes('where', ...shapes),
  forward: (k, [condition, a, b], _, out) => k.where(condition, a, b, out),
  // Each element of dy goes to the operand that was chosen. A product with a mask would give NaN for 0·Infinity.
  vjp: (dy, [condition, a, b]) => [
    null,
    () => condition.where(dy, 0).sumToSize(a.shape),
    () => condition.where(0, dy).sumToSize(b.shape),
  ],
};

/** condition ≠ 0 ? a : b, elementwise with broadcasting. */
export const where = (condition: TensorLike, a: TensorLike, b: TensorLike): Tensor =>
  apply(whereOp, [asTensor(condition), asTensor(a), asTensor(b)], undefined);

interface ClampParams {
  readonly min: number;
  readonly max: number;
}

const clampOp: Op<One, ClampParams> = {
  name: 'clamp',
  shape: ([x]) => x,
  forward: (k, [x], { min, max }, out, temporary) => {
    const scalar = (value: number) => ({ values: temporary(k.fill(1, value)), shape: [] });
    const raised = { values: temporary(k.binary('maximum', x, scalar(min), out)), shape: out };
    return k.binary('minimum', raised, scalar(max), out);
  },
  vjp: (dy, [x], { min, max }) => [() => x.ge(min).mul(x.le(max)).where(dy, 0)], // dy inside, the bounds included
};

/** Options of `clamp`. Either bound may be omitted. */
export interface ClampOptions {
  min?: number;
  max?: number;
}

const CLAMP_OPTIONS: OptionNames<ClampOptions> = { min: true, max: true };

/**
 * min(max(x, options.min), options.max); the gradient passes inside the bounds and on them.
 * @throws ArgumentError if min > max, or a bound is NaN
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  checkOptions('clamp', options, CLAMP_OPTIONS);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options;
  for (const [name, bound] of Object.entries({ min, max }))
    checkNumber('clamp', name, bound, !Number.isNaN(bound), 'other than NaN');
  if (min > max)
    throw new ArgumentError('clamp', `min must be at most max, found min ${min} and max ${max} — swap them`);
  return apply(clampOp, [asTensor(x)], { min, max });
}
