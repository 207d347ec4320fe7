import { avgPool2d, maxPool2d, type Pair, type PoolOptions, type Tensor } from '@varigrad/core';
import { Module } from './module.js';

/** The largest element of each window, `[batch, channels, height, width]` → `[batch, channels, h, w]`; see `maxPool2d`. */
export class MaxPool2d extends Module {
  readonly #kernelSize: number | Pair;
  readonly #options: PoolOptions;

  constructor(kernelSize: number | Pair, options: PoolOptions = {}) {
    super();
    this.#kernelSize = kernelSize;
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#kernelSize, this.#options);
  }
}

/** The mean of each window, `[batch, channels, height, width]` → `[batch, channels, h, w]`; see `avgPool2d`. */
export class AvgPool2d extends Module {
  readonly #kernelSize: number | Pair;
  readonly #options: PoolOptions;

  constructor(kernelSize: number | Pair, options: PoolOptions = {}) {
    super();
    this.#kernelSize = kernelSize;
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.#kernelSize, this.#options);
  }
}
