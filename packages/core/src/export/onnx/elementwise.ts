/** The elementwise functions as ONNX nodes. Functions that ONNX lacks are composed of those that it has. */
import type { BinaryKind, UnaryKind } from '../../functions/names.generated.js';
import type { OnnxBuilder } from './builder.js';

/** Adds the nodes of f(x). @returns the name of the result */
type UnaryNodes = (b: OnnxBuilder, x: string) => string;
type BinaryNodes = (b: OnnxBuilder, x: string, y: string) => string;

const node1 =
  (type: string): UnaryNodes =>
  (b, x) =>
    b.add(type, [x]);
const node2 =
  (type: string): BinaryNodes =>
  (b, x, y) =>
    b.add(type, [x, y]);

const times = (b: OnnxBuilder, x: string, factor: number): string => b.add('Mul', [x, b.scalar(factor)]);
const plus = (b: OnnxBuilder, x: string, term: number): string => b.add('Add', [x, b.scalar(term)]);
const negative = (b: OnnxBuilder, x: string): string => b.add('Neg', [x]);
const isZero = (b: OnnxBuilder, x: string): string => b.add('Equal', [x, b.scalar(0)]);
const isAbove = (b: OnnxBuilder, x: string, bound: number): string => b.add('Greater', [x, b.scalar(bound)]);
const choose = (b: OnnxBuilder, condition: string, x: string, y: string): string =>
  b.add('Where', [condition, x, y]);

/** eˣ − 1 = 2t/(1 − t) with t = tanh(x/2): no digits cancel for small x. */
const expm1: UnaryNodes = (b, x) => {
  const t = b.add('Tanh', [times(b, x, 0.5)]);
  const small = b.add('Div', [times(b, t, 2), b.add('Sub', [b.scalar(1), t])]);
  return choose(b, isAbove(b, b.add('Abs', [x]), 1), plus(b, b.add('Exp', [x]), -1), small);
};

/** ln(1 + x) = ln(u)·x/(u − 1) with u = 1 + x, and x where u = 1: the rounding of u cancels (Higham 2002, §1.14.1). */
const log1p: UnaryNodes = (b, x) => {
  const u = plus(b, x, 1);
  const logarithm = b.add('Log', [u]);
  const excess = plus(b, u, -1);
  const small = choose(b, isZero(b, excess), x, b.add('Div', [b.add('Mul', [logarithm, x]), excess]));
  return choose(b, isAbove(b, b.add('Abs', [x]), 1), logarithm, small);
};

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|) */
const softplus: UnaryNodes = (b, x) => {
  const tail = log1p(b, b.add('Exp', [negative(b, b.add('Abs', [x]))]));
  return b.add('Add', [b.add('Relu', [x]), tail]);
};

/** erfc x = t·e^(−x² + p(t)) with t = 1/(1 + x/2) for x ≥ 0, to a relative error of 1.2e-7, and 2 − erfc(−x) below (Press et al. 1992, §6.2). */
const ERFC = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223,
];

const erfc: UnaryNodes = (b, x) => {
  const size = b.add('Abs', [x]);
  const t = b.add('Reciprocal', [plus(b, times(b, size, 0.5), 1)]);
  const [leading, ...rest] = ERFC;
  const polynomial = rest.reduce((sum, term) => plus(b, b.add('Mul', [sum, t]), term), b.scalar(leading!));
  const exponent = b.add('Sub', [polynomial, b.add('Mul', [size, size])]);
  const above = b.add('Mul', [t, b.add('Exp', [exponent])]);
  return choose(b, isAbove(b, negative(b, x), 0), b.add('Sub', [b.scalar(2), above]), above);
};

/** The product, in which 0 times anything is 0, except that NaN·0 is NaN. */
const chainMul: BinaryNodes = (b, x, y) => {
  const isNumber = b.add('Not', [b.add('IsNaN', [x])]);
  const isCut = b.add('Or', [isZero(b, x), b.add('And', [isZero(b, y), isNumber])]);
  return choose(b, isCut, b.scalar(0), b.add('Mul', [x, y]));
};

export const UNARY_NODES: Readonly<Record<UnaryKind, UnaryNodes>> = {
  neg: node1('Neg'),
  square: (b, x) => b.add('Mul', [x, x]),
  sqrt: node1('Sqrt'),
  rsqrt: (b, x) => b.add('Reciprocal', [b.add('Sqrt', [x])]),
  reciprocal: node1('Reciprocal'),
  abs: node1('Abs'),
  sign: node1('Sign'),
  floor: node1('Floor'),
  ceil: node1('Ceil'),
  trunc: (b, x) => b.add('Mul', [b.add('Sign', [x]), b.add('Floor', [b.add('Abs', [x])])]),
  round: node1('Round'),
  exp: node1('Exp'),
  expm1,
  exp2: (b, x) => b.add('Exp', [times(b, x, Math.LN2)]),
  log: node1('Log'),
  log2: (b, x) => times(b, b.add('Log', [x]), Math.LOG2E),
  log10: (b, x) => times(b, b.add('Log', [x]), Math.LOG10E),
  log1p,
  sinh: node1('Sinh'),
  cosh: node1('Cosh'),
  tanh: node1('Tanh'),
  sin: node1('Sin'),
  cos: node1('Cos'),
  tan: node1('Tan'),
  erf: node1('Erf'),
  erfc,
  relu: node1('Relu'),
  // −Infinity·0 is 0
  gelu: (b, x) => chainMul(b, erfc(b, times(b, x, -Math.SQRT1_2)), times(b, x, 0.5)),
  sigmoid: node1('Sigmoid'),
  sigmoidSlope: (b, x) => b.add('Mul', [b.add('Sigmoid', [x]), b.add('Sigmoid', [negative(b, x)])]),
  softplus,
  logSigmoid: (b, x) => negative(b, softplus(b, negative(b, x))),
};

/** Comparisons are 1 or 0 in float32. */
const comparison =
  (type: string): BinaryNodes =>
  (b, x, y) =>
    b.toFloats(b.add(type, [x, y]));

/** The angle of (x, y): atan(y/x), moved by π where x < 0, and ±π/2 where x = 0. The quotient of two infinities is ±1. */
const atan2: BinaryNodes = (b, y, x) => {
  const signs = b.add('Mul', [b.add('Sign', [y]), b.add('Sign', [x])]);
  const isDiagonal = b.add('Equal', [b.add('Abs', [y]), b.add('Abs', [x])]);
  const angle = b.add('Atan', [choose(b, isDiagonal, signs, b.add('Div', [y, x]))]);
  const half = choose(b, b.add('Less', [y, b.scalar(0)]), b.scalar(-Math.PI), b.scalar(Math.PI));
  const left = choose(b, b.add('Less', [x, b.scalar(0)]), b.add('Add', [angle, half]), angle);
  const upright = times(b, b.add('Sign', [y]), Math.PI / 2);
  return choose(b, isZero(b, x), upright, left);
};

export const BINARY_NODES: Readonly<Record<BinaryKind, BinaryNodes>> = {
  add: node2('Add'),
  sub: node2('Sub'),
  mul: node2('Mul'),
  div: node2('Div'),
  pow: node2('Pow'),
  chainMul,
  maximum: node2('Max'),
  minimum: node2('Min'),
  eq: comparison('Equal'),
  ne: (b, x, y) => b.toFloats(b.add('Not', [b.add('Equal', [x, y])])),
  lt: comparison('Less'),
  le: comparison('LessOrEqual'),
  gt: comparison('Greater'),
  ge: comparison('GreaterOrEqual'),
  atan2,
  leakyRelu: (b, x, slope) => choose(b, isAbove(b, x, 0), x, b.add('Mul', [slope, x])),
  elu: (b, x, alpha) => {
    const below = b.add('Mul', [alpha, expm1(b, b.add('Min', [x, b.scalar(0)]))]);
    return choose(b, isAbove(b, x, 0), x, below);
  },
  sigmoidResidual: (b, x, t) => b.add('Sub', [b.add('Sigmoid', [x]), t]),
  // Half of the exponent at a time: the product is finite although the exponential overflows.
  mulExp: (b, x, y) => {
    const root = b.add('Exp', [times(b, y, 0.5)]);
    return b.add('Mul', [b.add('Mul', [x, root]), root]);
  },
  sigmoidCrossEntropy: (b, x, t) => b.add('Sub', [softplus(b, x), b.add('Mul', [x, t])]),
  standardNormalKl: (b, mu, logVar) => {
    const excess = b.add('Sub', [expm1(b, logVar), logVar]);
    return times(b, b.add('Add', [b.add('Mul', [mu, mu]), excess]), 0.5);
  },
};
