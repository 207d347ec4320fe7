import {
  type Conv2dOptions as CoreConv2dOptions,
  type ConvTranspose2dOptions as CoreConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
  type Generator,
  type Pair,
  parameter,
  type Tensor,
  zeros,
} from '@varigrad/core';
import { uniform } from './init.js';
import { type Description, Module } from './module.js';
import { describeWindows } from './windows.js';

/** What both convolutions take besides their geometry. */
interface LayerOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

/** Options of `Conv2d`. */
export interface Conv2dOptions extends CoreConv2dOptions, LayerOptions {}

/** Options of `ConvTranspose2d`. */
export interface ConvTranspose2dOptions extends CoreConvTranspose2dOptions, LayerOptions {}

/** A weight and a bias from U(−b, b), b = 1/√fanIn with fanIn = weight.shape[1] · kernel, PyTorch's default for both layers. */
abstract class Convolution extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  protected readonly geometry: CoreConvTranspose2dOptions;

  /** @param channels - the first two axes of the weight */
  constructor(
    channels: readonly [number, number],
    outChannels: number,
    kernelSize: number | Pair,
    { bias = true, generator, ...geometry }: ConvTranspose2dOptions,
  ) {
    super();
    const kernel: Pair = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
    const bound = 1 / Math.sqrt(channels[1] * kernel[0] * kernel[1]);
    const draw = (shape: readonly number[]): Tensor =>
      parameter(uniform(zeros(shape), -bound, bound, { generator }));
    this.weight = draw([...channels, ...kernel]);
    this.bias = bias ? draw([outChannels]) : null;
    this.geometry = geometry;
  }

  /** `[batch, in, height, width]` → `[batch, out, h, w]` */
  abstract forward(x: Tensor): Tensor;

  protected describeChannels(inChannels: number, outChannels: number): Description {
    const [, , height, width] = this.weight.shape as [number, number, number, number];
    return [
      `${inChannels} → ${outChannels}`,
      ...describeWindows([height, width], this.geometry),
      this.bias === null && 'no bias',
    ];
  }
}

/**
 * Convolution, `[batch, in, height, width]` → `[batch, out, h, w]`; see `conv2d`.
 * The weight is `[out, in, kernel height, kernel width]`.
 */
export class Conv2d extends Convolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: Conv2dOptions = {},
  ) {
    super([outChannels, inChannels], outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless x is `[batch, in, height, width]` and a window fits */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.geometry);
  }

  override describe(): Description {
    return this.describeChannels(this.weight.shape[1]!, this.weight.shape[0]!);
  }
}

/**
 * Transposed convolution, `[batch, in, height, width]` → `[batch, out, h, w]`; see `convTranspose2d`.
 * The weight is `[in, out, kernel height, kernel width]`.
 */
export class ConvTranspose2d extends Convolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: ConvTranspose2dOptions = {},
  ) {
    super([inChannels, outChannels], outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless x is `[batch, in, height, width]` */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.geometry);
  }

  override describe(): Description {
    return this.describeChannels(this.weight.shape[0]!, this.weight.shape[1]!);
  }
}
