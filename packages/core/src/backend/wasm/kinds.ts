/** The numbers that stand for kinds of kernels in assembly/unary.ts, binary.ts and reduce.ts: their places here. */
import type { Activation, BinaryKind, ReduceKind, UnaryKind } from '../backend.js';

export const unaryNumber: Readonly<Record<UnaryKind, number>> = {
  neg: 0,
  exp: 1,
  expm1: 2,
  log: 3,
  log1p: 4,
  sqrt: 5,
  rsqrt: 6,
  square: 7,
  abs: 8,
  sign: 9,
  reciprocal: 10,
  sin: 11,
  cos: 12,
  erf: 13,
  relu: 14,
  gelu: 15,
  sigmoid: 16,
  tanh: 17,
  softplus: 18,
  logSigmoid: 19,
};

export const binaryNumber: Readonly<Record<BinaryKind, number>> = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  pow: 4,
  maximum: 5,
  minimum: 6,
  eq: 7,
  ne: 8,
  lt: 9,
  le: 10,
  gt: 11,
  ge: 12,
  leakyRelu: 13,
  elu: 14,
  bceWithLogits: 15,
  klStandardNormal: 16,
};

export const reduceNumber: Readonly<Record<ReduceKind, number>> = { sum: 0, max: 1, min: 2, logSumExp: 3 };

export const activationNumber: Readonly<Record<Activation, number>> = {
  none: 0,
  relu: 1,
  sigmoid: 2,
  tanh: 3,
};
