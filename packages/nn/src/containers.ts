import { ArgumentError, type Tensor } from '@varigrad/core';
import { checkMethod, describeValue } from '@varigrad/core/checks';
import { Module } from './module.js';

/** A module that computes one tensor from one tensor. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** Applies layers one after the other. */
export class Sequential extends Module {
  readonly layers: readonly Layer[];

  /** @throws ArgumentError unless each argument is a module with a forward method */
  constructor(...layers: Layer[]) {
    super();
    const [first] = layers;
    if (Array.isArray(first))
      throw new ArgumentError(
        'Sequential',
        `layers are separate arguments, found ${describeValue(first)} — write new Sequential(...layers)`,
      );
    layers.forEach((layer, i) => {
      checkMethod('Sequential', `layer ${i}`, layer, 'forward', 'a module with a forward method');
    });
    this.layers = layers;
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }

  /** The layers as `0`, `1`, …, without a prefix, as in PyTorch. */
  override *namedChildren(): Iterable<[string, Module]> {
    for (const [i, layer] of this.layers.entries()) yield [String(i), layer];
  }
}
