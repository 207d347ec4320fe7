/**
 * The product of the chain rule, in which 0·∞ is 0. A gradient of 0 stays 0, even where the slope is infinite or NaN: a function
 * that a mask, a bound or a maximum has cut off contributes nothing, also at its singular points. And an infinite gradient does
 * not pass a function whose slope is 0: √(x·0) does not depend on x.
 */
import { type Binary, binary, type Unary, unary } from './elementwise-op.js';

/** dy1·slope; 0 where dy1 = 0 for any slope, and where slope = 0 for any dy1 but NaN. */
export const chainMul: Binary = binary('chainMul', (dy, dy1, slope) => [
  () => chainMul(dy, slope),
  () => dy1.where(chainMul(dy, dy1), 0), // a product of two gradients: 0 if either is 0, also if the other is NaN
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
