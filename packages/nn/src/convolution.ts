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
import { Module } from './module.js';

/** What both convolutions take besides their geometry. */
interface LayerOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Source of the initial weights. */
  generator?: Generator;
}

/** Options of `Conv2d`. */
export interface Conv2dOptions extends CoreConv2dOptions, LayerOptions {}

/** Options of `ConvTranspose2d`. */
export interface ConvTranspose2dOptions extends CoreConvTranspose2dOptions, LayerOptions {}

/** A weight and a bias from U(−b, b), b = 1/√fanIn with fanIn = weight.shape[1] · kernel, PyTorch's default for both layers. */
function initialWeights(
  shape: readonly [number, number, number, number],
  outChannels: number,
  { bias = true, generator }: LayerOptions,
): { weight: Tensor; bias: Tensor | null } {
  const bound = 1 / Math.sqrt(shape[1] * shape[2] * shape[3]);
  const init = generator === undefined ? {} : { generator };
  const draw = (of: readonly number[]): Tensor => parameter(uniform(zeros(of), -bound, bound, init));
  return { weight: draw(shape), bias: bias ? draw([outChannels]) : null };
}

function kernelPair(kernelSize: number | Pair): Pair {
  return typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
}

/**
 * Convolution, `[batch, in, height, width]` → `[batch, out, h, w]`; see `conv2d`.
 * The weight is `[out, in, kernel height, kernel width]`.
 */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #geometry: CoreConv2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: Conv2dOptions = {},
  ) {
    super();
    const shape = [outChannels, inChannels, ...kernelPair(kernelSize)] as const;
    ({ weight: this.weight, bias: this.bias } = initialWeights(shape, outChannels, options));
    const { bias: _bias, generator: _generator, ...geometry } = options;
    this.#geometry = geometry;
  }

  /** @throws ShapeError unless x is `[batch, in, height, width]` and a window fits */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#geometry);
  }
}

/**
 * Transposed convolution, `[batch, in, height, width]` → `[batch, out, h, w]`; see `convTranspose2d`.
 * The weight is `[in, out, kernel height, kernel width]`.
 */
export class ConvTranspose2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #geometry: CoreConvTranspose2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number | Pair,
    options: ConvTranspose2dOptions = {},
  ) {
    super();
    const shape = [inChannels, outChannels, ...kernelPair(kernelSize)] as const;
    ({ weight: this.weight, bias: this.bias } = initialWeights(shape, outChannels, options));
    const { bias: _bias, generator: _generator, ...geometry } = options;
    this.#geometry = geometry;
  }

  /** @throws ShapeError unless x is `[batch, in, height, width]` */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.#geometry);
  }
}
