/** How a finished part of a matrix product is stored, with bias and activation. */
import { ACTIVATION_NONE, ACTIVATION_RELU, ACTIVATION_SIGMOID } from './functions.generated';
import * as math from './math';

/**
 * Stores 8 neighbouring elements of a product: adds them to the sums of earlier blocks of K; after the last block, applies
 * bias and activation.
 * @param bias - the address of the bias of these elements, or 0
 */
@inline
export function finish(c: usize, v0: v128, v1: v128, first: bool, bias: usize, activation: i32): void {
  if (!first) {
    v0 = f32x4.add(v0, v128.load(c));
    v1 = f32x4.add(v1, v128.load(c, 16));
  }
  if (bias != 0) {
    v0 = f32x4.add(v0, v128.load(bias));
    v1 = f32x4.add(v1, v128.load(bias, 16));
  }
  if (activation == ACTIVATION_RELU) {
    v0 = f32x4.pmax(v0, f32x4.splat(0));
    v1 = f32x4.pmax(v1, f32x4.splat(0));
  } else if (activation != ACTIVATION_NONE) {
    // Separate stores: V8 cannot join values that merge results of calls into 256-bit ones.
    v128.store(c, activated(v0, activation));
    v128.store(c, activated(v1, activation), 16);
    return;
  }
  v128.store(c, v0);
  v128.store(c, v1, 16);
}

/** Applies an activation other than 'none'. A separate function keeps the code of the tile small. */
export function activated(v: v128, activation: i32): v128 {
  if (activation == ACTIVATION_RELU) return f32x4.pmax(v, f32x4.splat(0));
  return activation == ACTIVATION_SIGMOID ? math.sigmoid(v) : math.tanh(v);
}
