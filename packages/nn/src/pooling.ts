import { avgPool2d, maxPool2d, type Pair, type PoolOptions, type Tensor } from '@varigrad/core';
import { type Description, Module } from './module.js';
import { describeWindows } from './windows.js';

/** One number for each window, `[batch, channels, height, width]` → `[batch, channels, h, w]`. */
abstract class Pool2d extends Module {
  protected readonly kernelSize: number | Pair;
  protected readonly options: PoolOptions;

  constructor(kernelSize: number | Pair, options: PoolOptions = {}) {
    super();
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override describe(): Description {
    return describeWindows(this.kernelSize, this.options);
  }

  abstract forward(x: Tensor): Tensor;
}

/** The largest element of each window; see `maxPool2d`. */
export class MaxPool2d extends Pool2d {
  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** The mean of each window; see `avgPool2d`. */
export class AvgPool2d extends Pool2d {
  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}
