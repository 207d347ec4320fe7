/**
 * Elementwise operations. Each function is one expression: the name of its row in functions/, and its derivative.
 * Operands of two-argument operations broadcast as in NumPy; the gradient of a broadcast operand is summed back
 * to the operand's shape (`sumToSize`), since each of its elements was used several times.
 */
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError } from '../errors.js';
import { broadcastShapes } from '../shape.js';
import { apply } from '../tape.js';
import { asTensor, type Op, type Tensor, type TensorLike } from '../tensor.js';
import { type Binary, type BinaryWithDefault, binary, type Unary, unary } from './elementwise-op.js';

/** The derivative of a step function. */
const zero = (dy: Tensor): Tensor => asTensor(0).expand(dy.shape);

/** −x */
export const neg: Unary = unary('neg', (dy) => dy.neg()); // d(−x) = −dx
/** eˣ; overflows float32 above 88.72. */
export const exp: Unary = unary('exp', (dy, _, y) => dy.mul(y)); // d eˣ = eˣ dx
/** eˣ − 1, accurate for small x; overflows float32 above 88.72. */
export const expm1: Unary = unary('expm1', (dy, _, y) => dy.mul(y.add(1))); // d(eˣ − 1) = eˣ dx
/** 2ˣ; overflows float32 from 128 on. */
export const exp2: Unary = unary('exp2', (dy, _, y) => dy.mul(y.mul(Math.LN2))); // d 2ˣ = 2ˣ ln 2 dx
/** Natural logarithm; −Infinity at 0, NaN below. */
export const log: Unary = unary('log', (dy, x) => dy.div(x)); // d ln x = dx / x
/** Logarithm to base 2; −Infinity at 0, NaN below. */
export const log2: Unary = unary('log2', (dy, x) => dy.div(x.mul(Math.LN2))); // d log₂ x = dx / (x ln 2)
/** Logarithm to base 10; −Infinity at 0, NaN below. */
export const log10: Unary = unary('log10', (dy, x) => dy.div(x.mul(Math.LN10))); // d log₁₀ x = dx / (x ln 10)
/** ln(1 + x), accurate for small x; −Infinity at −1, NaN below. */
export const log1p: Unary = unary('log1p', (dy, x) => dy.div(x.add(1))); // d ln(1 + x) = dx / (1 + x)
/** √x; NaN below 0. */
export const sqrt: Unary = unary('sqrt', (dy, _, y) => dy.div(y.mul(2))); // d√x = dx / 2√x
/** 1/√x; Infinity at 0, NaN below. */
export const rsqrt: Unary = unary('rsqrt', (dy, x, y) => dy.mul(y).div(x.mul(-2))); // d x^−½ = −½ x^−½ / x dx
/** x² */
export const square: Unary = unary('square', (dy, x) => dy.mul(x.mul(2))); // d x² = 2x dx
/** |x|, with derivative 0 at 0. */
export const abs: Unary = unary('abs', (dy, x) => dy.mul(x.sign())); // d|x| = sign x dx, 0 at 0
/** −1, 0 or 1; its derivative is 0 everywhere. */
export const sign: Unary = unary('sign', (dy) => dy.mul(0)); // flat on both sides of its step
/** The largest whole number ≤ x. Its derivative is 0 everywhere. */
export const floor: Unary = unary('floor', zero);
/** The smallest whole number ≥ x. Its derivative is 0 everywhere. */
export const ceil: Unary = unary('ceil', zero);
/** x rounded toward 0. Its derivative is 0 everywhere. */
export const trunc: Unary = unary('trunc', zero);
/** The nearest whole number; halves round to even, as in NumPy. Its derivative is 0 everywhere. */
export const round: Unary = unary('round', zero); // flat between its steps
/** 1/x */
export const reciprocal: Unary = unary('reciprocal', (dy, _, y) => dy.mul(y.square()).neg()); // d(1/x) = −dx / x²
/** sin x, x in radians. */
export const sin: Unary = unary('sin', (dy, x) => dy.mul(x.cos())); // d sin x = cos x dx
/** cos x, x in radians. */
export const cos: Unary = unary('cos', (dy, x) => dy.mul(x.sin()).neg()); // d cos x = −sin x dx
/** tan x, x in radians. */
export const tan: Unary = unary('tan', (dy, _, y) => dy.mul(y.square().add(1))); // d tan x = (1 + tan²x) dx
/** Error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf: Unary = unary('erf', (dy, x) => dy.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))); // 2/√π e^(−x²)
/** Complementary error function, 1 − erf x, computed without cancellation for large x. */
export const erfc: Unary = unary('erfc', (dy, x) =>
  dy.mul(x.square().neg().exp()).mul(-2 / Math.sqrt(Math.PI)),
); // −2/√π e^(−x²)
/** max(x, 0), with derivative 0 at 0. */
export const relu: Unary = unary('relu', (dy, x) => dy.mul(x.gt(0))); // relu′(0) = 0
/** x·Φ(x) with the exact normal distribution function Φ. @see Hendrycks & Gimpel 2016, arXiv:1606.08415 */
export const gelu: Unary = unary('gelu', (dy, x) => {
  const cdf = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5); // Φ(x)
  const density = x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI)); // φ(x)
  return dy.mul(cdf.add(x.mul(density))); // d xΦ(x) = (Φ + xφ) dx
});
/** 1 / (1 + e^−x), stable for any x. */
export const sigmoid: Unary = unary('sigmoid', (dy, _, y) => dy.mul(y).mul(y.mul(-1).add(1))); // σ′ = σ(1 − σ)
/** Hyperbolic tangent. */
export const tanh: Unary = unary('tanh', (dy, _, y) => dy.mul(y.square().mul(-1).add(1))); // tanh′ = 1 − tanh²
/** Hyperbolic sine; overflows float32 above 89.41. */
export const sinh: Unary = unary('sinh', (dy, x) => dy.mul(x.cosh())); // d sinh x = cosh x dx
/** Hyperbolic cosine; overflows float32 above 89.41. */
export const cosh: Unary = unary('cosh', (dy, x) => dy.mul(x.sinh())); // d cosh x = sinh x dx
/** ln(1 + eˣ), computed as max(x, 0) + log1p(e^−|x|): stable for any x. */
export const softplus: Unary = unary('softplus', (dy, x) => dy.mul(x.sigmoid())); // softplus′ = σ
/** ln σ(x) = −softplus(−x), stable for any x. */
export const logSigmoid: Unary = unary('logSigmoid', (dy, x) => dy.mul(x.neg().sigmoid())); // (ln σ)′ = σ(−x)

/** a + b */
export const add: Binary = binary('add', (dy) => [() => dy, () => dy]); // d(a + b) = da + db
/** a − b */
export const sub: Binary = binary('sub', (dy) => [() => dy, () => dy.neg()]); // d(a − b) = da − db
/** a·b, elementwise */
export const mul: Binary = binary('mul', (dy, a, b) => [() => dy.mul(b), () => dy.mul(a)]); // d(ab) = b da + a db
/** a/b, elementwise */
export const div: Binary = binary('div', (dy, _, b, y) => [
  () => dy.div(b), // ∂(a/b)/∂a = 1/b
  () => dy.mul(y).div(b).neg(), // ∂(a/b)/∂b = −(a/b)/b
]);
/** aᵇ, elementwise; the gradient with respect to b requires a ≥ 0. */
export const pow: Binary = binary('pow', (dy, a, b, y) => [
  // ∂aᵇ/∂a = b aᵇ⁻¹, and 0 for b = 0, also at a = 0 where aᵇ⁻¹ is infinite.
  () => dy.mul(b.eq(0).where(0, b.mul(a.pow(b.sub(1))))),
  // ∂aᵇ/∂b = aᵇ ln a, and 0 at a = 0, where the limit for b > 0 is 0 although ln a is −Infinity.
  () => dy.mul(a.eq(0).where(0, y.mul(a.eq(0).where(1, a).log()))),
]);
/** The angle of the point (x, y) in radians, from −π to π; the arguments are y and x, in this order. */
export const atan2: Binary = binary('atan2', (dy, y, x) => {
  const over = () => dy.div(x.square().add(y.square())); // d atan2 = (x dy − y dx) / (x² + y²)
  return [() => over().mul(x), () => over().mul(y).neg()];
});
/** The gradient of the operand that was chosen: dy, or half of it at a tie. */
const chosen = (dy: Tensor, winner: Tensor, tie: Tensor): Tensor => dy.mul(winner.add(tie.mul(0.5)));
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
    () => dy.mul(x.gt(0).where(1, slope)), // slope at 0
    () => dy.mul(x.minimum(0)),
  ],
  0.01,
);
/** x for x > 0, else α(eˣ − 1); α is 1 by default. @see Clevert 2016, arXiv:1511.07289 */
export const elu: BinaryWithDefault = binary(
  'elu',
  (dy, x, alpha) => [
    () => dy.mul(x.gt(0).where(1, alpha.mul(x.minimum(0).exp()))),
    () => dy.mul(x.minimum(0).expm1()),
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
  vjp: (dy, [x], { min, max }) => [() => dy.mul(x.ge(min).mul(x.le(max)))], // 1 inside, the bounds included
};

/** Options of `clamp`. Either bound may be omitted. */
export interface ClampOptions {
  min?: number;
  max?: number;
}

const CLAMP_OPTIONS: OptionNames<ClampOptions> = { min: true, max: true };

/**
 * min(max(x, options.min), options.max); the gradient passes inside the bounds and on them.
 * @throws ArgumentError if min > max
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  checkOptions('clamp', options, CLAMP_OPTIONS);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options;
  if (!(min <= max))
    throw new ArgumentError('clamp', `min must be at most max, found min ${min} and max ${max} — swap them`);
  return apply(clampOp, [asTensor(x)], { min, max });
}
