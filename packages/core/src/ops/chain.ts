/**
 * The products of the chain rule. A gradient of 0 stays 0, even where the slope is infinite or NaN: a function that a mask,
 * a bound or a maximum has cut off contributes nothing, also at its singular points.
 *
 * The derivative with respect to a slope is a product of two gradients, dy·dy1. It is 0 if either is, so that second
 * derivatives follow the rule through several singular functions.
 */
import { type Binary, binary, type Unary, unary } from './elementwise-op.js';

/** dy1·slope, and 0 where dy1 = 0. */
export const chainMul: Binary = binary('chainMul', (dy, dy1, slope) => [
  () => chainMul(dy, slope),
  () => dy1.where(chainMul(dy, dy1), 0),
]);

/** dy1/divisor, and 0 where dy1 = 0. */
export const chainDiv: Binary = binary('chainDiv', (dy, dy1, divisor, y) => [
  () => chainDiv(dy, divisor),
  () => dy1.where(chainMul(dy, y.div(divisor)).neg(), 0),
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
