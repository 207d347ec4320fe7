/** Convolutional encoders and decoders for images of any size. */
import { ArgumentError, type Generator, type Tensor } from '@varigrad/core';
import { checkArray, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Flatten,
  type Layer,
  Linear,
  Module,
  ReLU,
  Sequential,
  Unflatten,
} from '@varigrad/nn';
import type { Body } from './networks.js';

/** Options of convolutional networks. */
export interface ConvolutionalOptions {
  /** Channels after each convolution of the encoder; the decoder uses them in reverse. Each convolution halves the image. Default [32, 64]. */
  channels?: readonly number[];
  /** Batch normalization after each hidden convolution. Default false. */
  batchNorm?: boolean;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const CONVOLUTIONAL_OPTIONS: OptionNames<ConvolutionalOptions> = {
  channels: true,
  batchNorm: true,
  generator: true,
};

type ImageShape = readonly [height: number, width: number];

/** A 4 × 4 kernel with stride 2: windows overlap evenly, which avoids checkerboard patterns in transposed convolutions. */
const KERNEL = 4;
const GEOMETRY = { stride: 2, padding: 1 };

const halved = (length: number): number => Math.floor((length + 2 * GEOMETRY.padding - KERNEL) / 2) + 1;

/** The image's size before the first and after each convolution. @throws ArgumentError if no pixel remains */
function sizes(imageShape: ImageShape, count: number): ImageShape[] {
  const all: ImageShape[] = [imageShape];
  for (let i = 0; i < count; i++) {
    const [height, width] = all[i] as ImageShape;
    all.push([halved(height), halved(width)]);
  }
  const last = all.at(-1) as ImageShape;
  if (Math.min(...last) < 1)
    throw new ArgumentError(
      'ConvolutionalBody',
      `a ${imageShape.join(' × ')} image is too small for ${count} convolutions, each of which halves it — use fewer`,
    );
  return all;
}

/**
 * The options, with defaults.
 * @param before - the arguments before the options, for messages
 * @throws ArgumentError unless the image and the channels are arrays
 */
function checked(
  op: string,
  imageShape: ImageShape,
  options: ConvolutionalOptions,
  before: string,
): ConvolutionalOptions & { channels: readonly number[]; batchNorm: boolean } {
  checkArray(op, 'imageShape', imageShape, before.slice(0, before.indexOf('imageShape')));
  checkWhole(op, 'the height of imageShape', imageShape[0]);
  checkWhole(op, 'the width of imageShape', imageShape[1]);
  checkOptions(op, options, CONVOLUTIONAL_OPTIONS, before);
  const { channels = [32, 64], batchNorm = false, generator } = options;
  checkArray(op, 'channels', channels, `${before}{ channels: `, ' }');
  for (const number of channels) checkWhole(op, 'a number of channels', number);
  return { channels, batchNorm, generator };
}

function afterConvolution(channels: number, batchNorm: boolean): Layer[] {
  return batchNorm ? [new BatchNorm2d(channels), new ReLU()] : [new ReLU()];
}

/** x → features: convolutions, each of which halves the image, `[batch, pixels]` → `[batch, channels · h · w]`. */
export class ConvolutionalBody extends Module implements Body {
  readonly layers: Sequential;
  readonly outFeatures: number;

  constructor(imageShape: ImageShape, options: ConvolutionalOptions = {}) {
    super();
    const { channels, batchNorm, generator } = checked(
      'ConvolutionalBody',
      imageShape,
      options,
      'imageShape, ',
    );
    const [height, width] = sizes(imageShape, channels.length).at(-1) as ImageShape;
    this.layers = new Sequential(
      new Unflatten([1, ...imageShape]),
      ...channels.flatMap((out, i) => [
        new Conv2d(channels[i - 1] ?? 1, out, KERNEL, { ...GEOMETRY, bias: !batchNorm, generator }),
        ...afterConvolution(out, batchNorm),
      ]),
      new Flatten(),
    );
    this.outFeatures = (channels.at(-1) ?? 1) * height * width;
  }

  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

/** z → the likelihood's parameters: one linear layer, then transposed convolutions through the sizes of `ConvolutionalBody` in reverse. */
export class ConvolutionalDecoder extends Module implements Layer {
  readonly layers: Sequential;

  /** @param outputsPerPixel - of the likelihood */
  constructor(
    latent: number,
    imageShape: ImageShape,
    outputsPerPixel = 1,
    options: ConvolutionalOptions = {},
  ) {
    super();
    const before = 'latent, imageShape, outputsPerPixel, ';
    const { channels, batchNorm, generator } = checked('ConvolutionalDecoder', imageShape, options, before);
    const path = sizes(imageShape, channels.length);
    const start = [channels.at(-1) ?? 1, ...(path.at(-1) as ImageShape)];
    const features = start.reduce((a, b) => a * b, 1);
    this.layers = new Sequential(
      new Linear(latent, features, { activation: 'relu', generator }),
      new Unflatten(start),
      ...channels.flatMap((_, i) => {
        const level = channels.length - 1 - i; // from the deepest convolution up
        const out = level === 0 ? outputsPerPixel : channels[level - 1]!;
        const [from, to] = [path[level + 1] as ImageShape, path[level] as ImageShape];
        const missing = (a: 0 | 1): number => to[a] - (2 * (from[a] - 1) - 2 * GEOMETRY.padding + KERNEL);
        const outputPadding = [missing(0), missing(1)] as const;
        const isLast = level === 0;
        const bias = isLast || !batchNorm;
        return [
          new ConvTranspose2d(channels[level]!, out, KERNEL, {
            ...GEOMETRY,
            outputPadding,
            bias,
            generator,
          }),
          ...(isLast ? [] : afterConvolution(out, batchNorm)),
        ];
      }),
      new Flatten(),
    );
  }

  /** `[batch, latent]` → `[batch, outputsPerPixel · pixels]` */
  forward(z: Tensor): Tensor {
    return this.layers.forward(z);
  }
}
