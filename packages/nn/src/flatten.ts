import { formatShape, type Shape, sizeOf, type Tensor } from '@varigrad/core';
import { type Description, Module } from './module.js';

/** Joins all axes after the first: `[batch, …]` → `[batch, features]`. */
export class Flatten extends Module {
  forward(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape as [number, ...number[]];
    return x.reshape([batch, sizeOf(rest)]);
  }
}

/** Gives each row a shape: `[batch, features]` → `[batch, …shape]`. */
export class Unflatten extends Module {
  readonly #shape: Shape;

  constructor(shape: Shape) {
    super();
    this.#shape = shape;
  }

  override describe(): Description {
    return [formatShape(this.#shape)];
  }

  /** @throws ShapeError unless a row has as many elements as the shape */
  forward(x: Tensor): Tensor {
    return x.reshape([x.shape[0]!, ...this.#shape]);
  }
}
