import { avgPool2d, maxPool2d, type Pair, type PoolOptions, type Tensor } from '@varigrad/core';
import { checkOptions, type OptionNames } from '@varigrad/core/checks';
import { type Description, Module } from './module.js';
import { checkedKernel, describeWindows } from './windows.js';

const POOL_OPTIONS: OptionNames<PoolOptions> = { stride: true, padding: true };

/** One number per window and channel, `[batch, channels, height, width]` → `[batch, channels, h, w]`. */
abstract class Pool2d extends Module {
  protected readonly kernelSize: number | Pair;
  protected readonly options: PoolOptions;

  /** @param op - the class, for messages */
  constructor(op: string, kernelSize: number | Pair, options: PoolOptions) {
    super();
    checkOptions(op, options, POOL_OPTIONS, 'kernelSize, ');
    checkedKernel(op, kernelSize, options);
    this.kernelSize = kernelSize;
    this.options = options;
  }

  override describe(): Description {
    return describeWindows(this.kernelSize, this.options);
  }

  abstract forward(x: Tensor): Tensor;
}

/** The maximum of each window; see `maxPool2d`. */
export class MaxPool2d extends Pool2d {
  /** @throws ArgumentError unless the sizes are one or two whole numbers in their range and the options exist */
  constructor(kernelSize: number | Pair, options: PoolOptions = {}) {
    super('MaxPool2d', kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** The mean of each window; see `avgPool2d`. */
export class AvgPool2d extends Pool2d {
  /** @throws ArgumentError unless the sizes are one or two whole numbers in their range and the options exist */
  constructor(kernelSize: number | Pair, options: PoolOptions = {}) {
    super('AvgPool2d', kernelSize, options);
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}
