/** The expressions of elementwise functions; see expression.ts for what becomes of them. */
import type { BinaryKind, UnaryKind } from '../backend.js';

/** The expression of each unary kind in x; the reference backend's functions.ts says what each must give. */
export const unaryExpressions: Readonly<Record<UnaryKind, string>> = {
  neg: '0.0 - x',
  exp: 'exponential(x, inf)',
  expm1: 'expm1_(x, inf)',
  log: 'logarithm(x, inf, nan)',
  log1p: 'log1p_(x, inf, nan)',
  sqrt: 'squareRoot(x, nan)',
  rsqrt: 'reciprocalRoot(x, inf, nan)',
  square: 'x * x',
  abs: 'Math.abs(x)',
  sign: 'sign_(x)',
  reciprocal: '1 / x',
  sin: 'sine(x, inf, nan)',
  cos: 'cosine(x, inf, nan)',
  erf: 'erf(x)',
  relu: 'relu(x)',
  gelu: 'gelu(x)',
  sigmoid: 'sigmoid(x)',
  tanh: 'tanh_(x)',
  softplus: 'softplus(x, inf)',
  logSigmoid: '0.0 - softplus(0.0 - x, inf)',
};

/** The expression of each binary kind in x and y. */
export const binaryExpressions: Readonly<Record<BinaryKind, string>> = {
  add: 'x + y',
  sub: 'x - y',
  mul: 'x * y',
  div: 'x / y',
  pow: 'power(x, y, inf, nan)',
  maximum: 'maximum(x, y)',
  minimum: 'minimum(x, y)',
  eq: 'x == y ? 1.0 : 0.0',
  ne: 'x == y ? 0.0 : 1.0',
  lt: 'x < y ? 1.0 : 0.0',
  le: 'x <= y ? 1.0 : 0.0',
  gt: 'x > y ? 1.0 : 0.0',
  ge: 'x >= y ? 1.0 : 0.0',
  leakyRelu: 'x > 0 ? x : y * x',
  elu: 'x > 0 ? x : y * expm1_(x, inf)',
  bceWithLogits: 'bceOf(x, y, inf) + softness(x)',
  klStandardNormal: '0.5 * x * x + halfExcess(y, inf)',
};

export const WHERE_EXPRESSION = 'x == 0 ? z : y';
