import type { Tensor } from '@varigrad/core';
import { Module } from './module.js';

/** A module that turns one tensor into one. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** Layers one after the other. */
export class Sequential extends Module {
  readonly layers: readonly Layer[];

  constructor(...layers: Layer[]) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }

  /** PyTorch's names: the layers are `0`, `1`, … without a prefix of their own. */
  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }
}
