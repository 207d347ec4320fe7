/**
 * The products of the chain rule. A gradient of 0 stays 0, even where the slope is infinite or NaN: a function that a mask,
 * a bound or a maximum has cut off contributes nothing, also at its singular points. The derivatives below are those of the
 * plain product and quotient, so higher orders follow the same rule.
 */
import { type Binary, binary, type Unary, unary } from './elementwise-op.js';

/** dy·slope, and 0 where dy = 0. */
export const chainMul: Binary = binary('chainMul', (dy, dy1, slope) => [
  () => chainMul(dy, slope),
  () => chainMul(dy, dy1),
]);

/** dy/divisor, and 0 where dy = 0. */
export const chainDiv: Binary = binary('chainDiv', (dy, _, divisor, y) => [
  () => chainDiv(dy, divisor),
  () => chainDiv(chainMul(dy, y), divisor).neg(),
]);

/** σ′(x) = σ(x)·σ(−x), accurate in both tails, where 1 − σ(x) loses its digits. */
export const sigmoidSlope: Unary = unary(
  'sigmoidSlope',
  (dy, x, y) => chainMul(dy, y.mul(x.mul(0.5).tanh()).neg()), // σ″ = σ′·(σ(−x) − σ(x)) = −σ′·tanh(x/2)
);

/** σ(x) − t without the cancellation for large x and t near 1. */
export const sigmoidResidual: Binary = binary('sigmoidResidual', (dy, x) => [
  () => chainMul(dy, sigmoidSlope(x)),
  () => dy.neg(),
]);
