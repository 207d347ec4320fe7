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
import { checkBoolean, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { uniform } from './init.js';
import { type Description, Module } from './module.js';
import { checkedKernel, describeWindows } from './windows.js';

/** Options of both convolutions besides their geometry. */
interface LayerOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Source of the initial weights; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
}

/** Options of `Conv2d`. */
export interface Conv2dOptions extends CoreConv2dOptions, LayerOptions {}

/** Options of `ConvTranspose2d`. */
export interface ConvTranspose2dOptions extends CoreConvTranspose2dOptions, LayerOptions {}

const CONV_OPTIONS: OptionNames<Conv2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  bias: true,
  generator: true,
};
const CONV_TRANSPOSE_OPTIONS: OptionNames<ConvTranspose2dOptions> = { ...CONV_OPTIONS, outputPadding: true };
const BEFORE_OPTIONS = 'inChannels, outChannels, kernelSize, ';

/**
 * The weight and the bias of both layers. They start from U(−b, b), b = 1/√fanIn, PyTorch's default. For both layers
 * fanIn = weight.shape[1] · kernel height · kernel width.
 */
abstract class Convolution extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  protected readonly geometry: CoreConvTranspose2dOptions;

  /** @param op - the class, for messages; @param channels - the first two axes of the weight */
  constructor(
    op: string,
    channels: readonly [number, number],
    outChannels: number,
    kernelSize: number | Pair,
    { bias = true, generator, ...geometry }: ConvTranspose2dOptions,
  ) {
    super();
    checkBoolean(op, 'bias', bias);
    const kernel = checkedKernel(op, kernelSize, geometry);
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
  /** @throws ArgumentError unless the sizes are whole numbers in their range and the options exist */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: Conv2dOptions = {},
  ) {
    checkChannels('Conv2d', inChannels, outChannels);
    checkOptions('Conv2d', options, CONV_OPTIONS, BEFORE_OPTIONS);
    super('Conv2d', [outChannels, inChannels], outChannels, kernelSize, options);
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
  /** @throws ArgumentError unless the sizes are whole numbers in their range and the options exist */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: ConvTranspose2dOptions = {},
  ) {
    checkChannels('ConvTranspose2d', inChannels, outChannels);
    checkOptions('ConvTranspose2d', options, CONV_TRANSPOSE_OPTIONS, BEFORE_OPTIONS);
    super('ConvTranspose2d', [inChannels, outChannels], outChannels, kernelSize, options);
  }

  /** @throws ShapeError unless x is `[batch, in, height, width]` */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.geometry);
  }

  override describe(): Description {
    return this.describeChannels(this.weight.shape[0]!, this.weight.shape[1]!);
  }
}

function checkChannels(op: string, inChannels: number, outChannels: number): void {
  checkWhole(op, 'inChannels', inChannels);
  checkWhole(op, 'outChannels', outChannels);
}
