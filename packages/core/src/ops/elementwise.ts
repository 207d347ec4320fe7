/**
 * Elementwise operations: each is its formula's derivative beside the name of its kernel.
 * Operands of two-argument operations broadcast as in NumPy; the gradient of a broadcast operand is summed back
 * to the operand's shape (`sumToSize`), since each of its elements was used several times.
 */
import { apply, type Op, type Thunk } from '../autograd.js';
import type { BinaryKind, UnaryKind } from '../backend/backend.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError } from '../errors.js';
import { broadcastShapes } from '../shape.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor.js';

type One = readonly [Tensor];
type Two = readonly [Tensor, Tensor];
type Three = readonly [Tensor, Tensor, Tensor];

/** An elementwise operation of one operand; `derivative` gives dy·f′(x), with y = f(x) at hand. */
function unary(kind: UnaryKind, derivative: (dy: Tensor, x: Tensor, y: Tensor) => Tensor): Op<One> {
  return {
    name: kind,
    shape: ([x]) => x,
    forward: (k, [x]) => k.unary(kind, x.values),
    vjp: (dy, [x], _, y) => [() => derivative(dy, x, y)],
  };
}

/** An elementwise operation of two operands; `derivatives` gives dy·∂f/∂a and dy·∂f/∂b, before broadcasting is undone. */
function binary(
  kind: BinaryKind,
  derivatives: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly Thunk[],
): Op<Two> {
  return {
    name: kind,
    shape: ([a, b]) => broadcastShapes(kind, a, b),
    forward: (k, [a, b], _, out) => k.binary(kind, a, b, out),
    vjp: (dy, [a, b], _, y) => {
      const [da, db] = derivatives(dy, a, b, y);
      return [da ? () => da().sumToSize(a.shape) : null, db ? () => db().sumToSize(b.shape) : null];
    },
  };
}

const negOp = unary('neg', (dy) => dy.neg()); // d(−x) = −dx
const expOp = unary('exp', (dy, _, y) => dy.mul(y)); // d eˣ = eˣ dx
const expm1Op = unary('expm1', (dy, _, y) => dy.mul(y.add(1))); // d(eˣ − 1) = eˣ dx
const logOp = unary('log', (dy, x) => dy.div(x)); // d ln x = dx / x
const log1pOp = unary('log1p', (dy, x) => dy.div(x.add(1))); // d ln(1 + x) = dx / (1 + x)
const sqrtOp = unary('sqrt', (dy, _, y) => dy.div(y.mul(2))); // d√x = dx / 2√x
const rsqrtOp = unary('rsqrt', (dy, x, y) => dy.mul(y).div(x.mul(-2))); // d x^−½ = −½ x^−½ / x dx
const squareOp = unary('square', (dy, x) => dy.mul(x.mul(2))); // d x² = 2x dx
const absOp = unary('abs', (dy, x) => dy.mul(x.sign())); // d|x| = sign x dx, 0 at 0
const signOp = unary('sign', (dy) => dy.mul(0)); // flat on both sides of its step
const reciprocalOp = unary('reciprocal', (dy, _, y) => dy.mul(y.square()).neg()); // d(1/x) = −dx / x²
const sinOp = unary('sin', (dy, x) => dy.mul(x.cos())); // d sin x = cos x dx
const cosOp = unary('cos', (dy, x) => dy.mul(x.sin()).neg()); // d cos x = −sin x dx
const erfOp = unary('erf', (dy, x) => dy.mul(x.square().neg().exp()).mul(2 / Math.sqrt(Math.PI))); // 2/√π e^(−x²)
const reluOp = unary('relu', (dy, x) => dy.mul(x.gt(0))); // relu′(0) = 0
const sigmoidOp = unary('sigmoid', (dy, _, y) => dy.mul(y).mul(y.mul(-1).add(1))); // σ′ = σ(1 − σ)
const tanhOp = unary('tanh', (dy, _, y) => dy.mul(y.square().mul(-1).add(1))); // tanh′ = 1 − tanh²
const softplusOp = unary('softplus', (dy, x) => dy.mul(x.sigmoid())); // softplus′ = σ
const logSigmoidOp = unary('logSigmoid', (dy, x) => dy.mul(x.neg().sigmoid())); // (ln σ)′ = σ(−x)
const geluOp = unary('gelu', (dy, x) => {
  const cdf = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5); // Φ(x)
  const density = x
    .square()
    .mul(-0.5)
    .exp()
    .mul(1 / Math.sqrt(2 * Math.PI)); // φ(x)
  return dy.mul(cdf.add(x.mul(density))); // d xΦ(x) = (Φ + xφ) dx
});

/** −x */
export const neg = (x: TensorLike): Tensor => apply(negOp, [asTensor(x)], undefined);
/** eˣ; overflows float32 above 88.72. */
export const exp = (x: TensorLike): Tensor => apply(expOp, [asTensor(x)], undefined);
/** eˣ − 1, exact also for small x. */
export const expm1 = (x: TensorLike): Tensor => apply(expm1Op, [asTensor(x)], undefined);
/** Natural logarithm; −Infinity at 0, NaN below. */
export const log = (x: TensorLike): Tensor => apply(logOp, [asTensor(x)], undefined);
/** ln(1 + x), exact also for small x. */
export const log1p = (x: TensorLike): Tensor => apply(log1pOp, [asTensor(x)], undefined);
/** √x; NaN below 0. */
export const sqrt = (x: TensorLike): Tensor => apply(sqrtOp, [asTensor(x)], undefined);
/** 1/√x */
export const rsqrt = (x: TensorLike): Tensor => apply(rsqrtOp, [asTensor(x)], undefined);
/** x² */
export const square = (x: TensorLike): Tensor => apply(squareOp, [asTensor(x)], undefined);
/** |x|, with derivative 0 at 0. */
export const abs = (x: TensorLike): Tensor => apply(absOp, [asTensor(x)], undefined);
/** −1, 0 or 1; its derivative is 0 everywhere. */
export const sign = (x: TensorLike): Tensor => apply(signOp, [asTensor(x)], undefined);
/** 1/x */
export const reciprocal = (x: TensorLike): Tensor => apply(reciprocalOp, [asTensor(x)], undefined);
/** sin x, x in radians. */
export const sin = (x: TensorLike): Tensor => apply(sinOp, [asTensor(x)], undefined);
/** cos x, x in radians. */
export const cos = (x: TensorLike): Tensor => apply(cosOp, [asTensor(x)], undefined);
/** Error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = (x: TensorLike): Tensor => apply(erfOp, [asTensor(x)], undefined);
/** max(x, 0), with derivative 0 at 0. */
export const relu = (x: TensorLike): Tensor => apply(reluOp, [asTensor(x)], undefined);
/** x·Φ(x) with the exact normal distribution function Φ. @see Hendrycks & Gimpel 2016, arXiv:1606.08415 */
export const gelu = (x: TensorLike): Tensor => apply(geluOp, [asTensor(x)], undefined);
/** 1 / (1 + e^−x), safe for any x. */
export const sigmoid = (x: TensorLike): Tensor => apply(sigmoidOp, [asTensor(x)], undefined);
/** Hyperbolic tangent. */
export const tanh = (x: TensorLike): Tensor => apply(tanhOp, [asTensor(x)], undefined);
/** ln(1 + eˣ), computed as max(x, 0) + log1p(e^−|x|): safe for any x. */
export const softplus = (x: TensorLike): Tensor => apply(softplusOp, [asTensor(x)], undefined);
/** ln σ(x) = −softplus(−x), safe for any x. */
export const logSigmoid = (x: TensorLike): Tensor => apply(logSigmoidOp, [asTensor(x)], undefined);

const addOp = binary('add', (dy) => [() => dy, () => dy]); // d(a + b) = da + db
const subOp = binary('sub', (dy) => [() => dy, () => dy.neg()]); // d(a − b) = da − db
const mulOp = binary('mul', (dy, a, b) => [() => dy.mul(b), () => dy.mul(a)]); // d(ab) = b da + a db
const divOp = binary('div', (dy, _, b, y) => [
  () => dy.div(b), // ∂(a/b)/∂a = 1/b
  () => dy.mul(y).div(b).neg(), // ∂(a/b)/∂b = −(a/b)/b
]);
const powOp = binary('pow', (dy, a, b, y) => [
  // ∂aᵇ/∂a = b aᵇ⁻¹, and 0 for b = 0, also at a = 0 where aᵇ⁻¹ is infinite.
  () => dy.mul(b.eq(0).where(0, b.mul(a.pow(b.sub(1))))),
  // ∂aᵇ/∂b = aᵇ ln a, and 0 at a = 0, where the limit for b > 0 is 0 although ln a is −Infinity.
  () => dy.mul(a.eq(0).where(0, y.mul(a.eq(0).where(1, a).log()))),
]);
/** The share of dy that goes to the operand that was chosen; ties share evenly. */
const chosen = (dy: Tensor, winner: Tensor, tie: Tensor): Tensor => dy.mul(winner.add(tie.mul(0.5)));
const maximumOp = binary('maximum', (dy, a, b) => [
  () => chosen(dy, a.gt(b), a.eq(b)),
  () => chosen(dy, b.gt(a), a.eq(b)),
]);
const minimumOp = binary('minimum', (dy, a, b) => [
  () => chosen(dy, a.lt(b), a.eq(b)),
  () => chosen(dy, b.lt(a), a.eq(b)),
]);
const leakyReluOp = binary('leakyRelu', (dy, x, slope) => [
  () => dy.mul(x.gt(0).where(1, slope)), // slope at 0
  () => dy.mul(x.minimum(0)),
]);
const eluOp = binary('elu', (dy, x, alpha) => [
  () => dy.mul(x.gt(0).where(1, alpha.mul(x.minimum(0).exp()))),
  () => dy.mul(x.minimum(0).expm1()),
]);

/** a + b */
export const add = (a: TensorLike, b: TensorLike): Tensor =>
  apply(addOp, [asTensor(a), asTensor(b)], undefined);
/** a − b */
export const sub = (a: TensorLike, b: TensorLike): Tensor =>
  apply(subOp, [asTensor(a), asTensor(b)], undefined);
/** a·b, elementwise */
export const mul = (a: TensorLike, b: TensorLike): Tensor =>
  apply(mulOp, [asTensor(a), asTensor(b)], undefined);
/** a/b, elementwise */
export const div = (a: TensorLike, b: TensorLike): Tensor =>
  apply(divOp, [asTensor(a), asTensor(b)], undefined);
/** aᵇ, elementwise; the gradient for b needs a ≥ 0. */
export const pow = (a: TensorLike, b: TensorLike): Tensor =>
  apply(powOp, [asTensor(a), asTensor(b)], undefined);
/** The larger of a and b; NaN if either is; ties share the gradient evenly. */
export const maximum = (a: TensorLike, b: TensorLike): Tensor =>
  apply(maximumOp, [asTensor(a), asTensor(b)], undefined);
/** The smaller of a and b; NaN if either is; ties share the gradient evenly. */
export const minimum = (a: TensorLike, b: TensorLike): Tensor =>
  apply(minimumOp, [asTensor(a), asTensor(b)], undefined);
/** x for x > 0, else slope·x. */
export const leakyRelu = (x: TensorLike, slope: TensorLike = 0.01): Tensor =>
  apply(leakyReluOp, [asTensor(x), asTensor(slope)], undefined);
/** x for x > 0, else α(eˣ − 1). @see Clevert 2016, arXiv:1511.07289 */
export const elu = (x: TensorLike, alpha: TensorLike = 1): Tensor =>
  apply(eluOp, [asTensor(x), asTensor(alpha)], undefined);

/** A comparison: 1 where it holds, else 0; not differentiable. */
const comparison = (kind: BinaryKind): Op<Two> => binary(kind, () => [null, null]);
const eqOp = comparison('eq');
const neOp = comparison('ne');
const ltOp = comparison('lt');
const leOp = comparison('le');
const gtOp = comparison('gt');
const geOp = comparison('ge');

/** 1 where a = b, else 0. */
export const eq = (a: TensorLike, b: TensorLike): Tensor =>
  apply(eqOp, [asTensor(a), asTensor(b)], undefined);
/** 1 where a ≠ b, else 0. */
export const ne = (a: TensorLike, b: TensorLike): Tensor =>
  apply(neOp, [asTensor(a), asTensor(b)], undefined);
/** 1 where a < b, else 0. */
export const lt = (a: TensorLike, b: TensorLike): Tensor =>
  apply(ltOp, [asTensor(a), asTensor(b)], undefined);
/** 1 where a ≤ b, else 0. */
export const le = (a: TensorLike, b: TensorLike): Tensor =>
  apply(leOp, [asTensor(a), asTensor(b)], undefined);
/** 1 where a > b, else 0. */
export const gt = (a: TensorLike, b: TensorLike): Tensor =>
  apply(gtOp, [asTensor(a), asTensor(b)], undefined);
/** 1 where a ≥ b, else 0. */
export const ge = (a: TensorLike, b: TensorLike): Tensor =>
  apply(geOp, [asTensor(a), asTensor(b)], undefined);

const whereOp: Op<Three> = {
  name: 'where',
  shape: (shapes) => broadcastShapes('where', ...shapes),
  forward: (k, [condition, a, b], _, out) => k.where(condition, a, b, out),
  // Each element of dy goes to the operand it was taken from; `where` again, so that 0·Infinity cannot make NaN.
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

/** Options of `clamp`: the bounds, each of which may be left out. */
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
  if (!(min <= max)) throw new ArgumentError('clamp', `min ${min} is above max ${max} — exchange them`);
  return apply(clampOp, [asTensor(x)], { min, max });
}
