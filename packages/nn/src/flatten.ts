import { formatShape, type Shape, ShapeError, sizeOf, type Tensor } from '@varigrad/core';
import { checkArray, checkTensor, checkWhole } from '@varigrad/core/checks';
import { type Description, Module } from './module.js';

/** Joins all axes after the first: `[batch, …]` → `[batch, features]`. */
export class Flatten extends Module {
  /** @throws ShapeError for a scalar */
  forward(x: Tensor): Tensor {
    checkTensor('Flatten', x, 'x');
    if (x.rank === 0) throw new ShapeError('Flatten', [x.shape], 'x must be [batch, …], found a scalar');
    const [batch, ...rest] = x.shape as [number, ...number[]];
    return x.reshape([batch, sizeOf(rest)]);
  }
}

/** Gives each row a shape: `[batch, features]` → `[batch, …shape]`. */
export class Unflatten extends Module {
  readonly #shape: Shape;

  /** @throws ArgumentError unless the shape is an array of whole numbers above 0 */
  constructor(shape: Shape) {
    super();
    checkArray('Unflatten', 'the shape', shape);
    for (const length of shape) checkWhole('Unflatten', 'an axis length', length);
    this.#shape = shape;
  }

  override describe(): Description {
    return [formatShape(this.#shape)];
  }

  /** @throws ShapeError unless a row has as many elements as the shape */
  forward(x: Tensor): Tensor {
    checkTensor('Unflatten', x, 'x');
    return x.reshape([x.shape[0]!, ...this.#shape]);
  }
}
