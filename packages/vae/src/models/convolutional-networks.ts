/** Convolutional encoders and decoders for images of any size and any number of channels. */
import { ArgumentError, concat, type Generator, type Tensor } from '@varigrad/core';
import { checkArray, checkBoolean, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  type Description,
  Flatten,
  type Layer,
  Linear,
  Module,
  ReLU,
  Sequential,
  Unflatten,
} from '@varigrad/nn';
import { type ImageShape, sizeOf, withChannels } from '../data/image-shape.js';
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

/** Options of the convolutional encoder's body. */
export interface ConvolutionalBodyOptions extends ConvolutionalOptions {
  /** Classes of the one-hot label that follows the pixels in each row of the input; 0 for none. Default 0. */
  classes?: number;
}

const BODY_OPTIONS: OptionNames<ConvolutionalBodyOptions> = { ...CONVOLUTIONAL_OPTIONS, classes: true };

/** Height and width. */
type Size = readonly [height: number, width: number];

/** A 4 × 4 kernel with stride 2: windows overlap evenly, which avoids checkerboard patterns in transposed convolutions. */
const KERNEL = 4;
const GEOMETRY = { stride: 2, padding: 1 };

const halved = (length: number): number => Math.floor((length + 2 * GEOMETRY.padding - KERNEL) / 2) + 1;

/** The image's size before the first and after each convolution. @throws ArgumentError if no pixel remains */
function sizes([, ...size]: ReturnType<typeof withChannels>, count: number): Size[] {
  const all: Size[] = [size];
  for (let i = 0; i < count; i++) {
    const [height, width] = all[i] as Size;
    all.push([halved(height), halved(width)]);
  }
  const last = all.at(-1) as Size;
  if (Math.min(...last) < 1)
    throw new ArgumentError(
      'ConvolutionalBody',
      `a ${size.join(' × ')} image is too small for ${count} convolutions, each of which halves it — use fewer`,
    );
  return all;
}

/**
 * The options, with defaults.
 * @param before - the arguments before the options, for messages
 * @throws ArgumentError unless the image and the channels are arrays
 */
function checked<Options extends ConvolutionalOptions>(
  op: string,
  imageShape: ImageShape,
  { options, known }: { options: Options; known: OptionNames<Options> },
  before: string,
): ConvolutionalOptions & { channels: readonly number[]; batchNorm: boolean } {
  checkArray(op, 'imageShape', imageShape, before.slice(0, before.indexOf('imageShape')));
  const names = imageShape.length === 3 ? ['number of channels', 'height', 'width'] : ['height', 'width'];
  for (const [axis, name] of names.entries()) checkWhole(op, `the ${name} of imageShape`, imageShape[axis]);
  checkOptions(op, options, known, before);
  const { channels = [32, 64], batchNorm = false, generator } = options;
  checkArray(op, 'channels', channels, `${before}{ channels: `, ' }');
  checkBoolean(op, 'batchNorm', batchNorm);
  for (const number of channels) checkWhole(op, 'a number of channels', number);
  return { channels, batchNorm, generator };
}

function afterConvolution(channels: number, batchNorm: boolean): Layer[] {
  return batchNorm ? [new BatchNorm2d(channels), new ReLU()] : [new ReLU()];
}

/** Rows of images, each with a one-hot label → images with one constant channel per class: `[batch, values + classes]` → `[batch, channels + classes, h, w]`. */
class LabelChannels extends Module implements Layer {
  readonly #imageShape: ReturnType<typeof withChannels>;
  readonly #classes: number;

  constructor(imageShape: ReturnType<typeof withChannels>, classes: number) {
    super();
    this.#imageShape = imageShape;
    this.#classes = classes;
  }

  override describe(): Description {
    return [`${this.#classes} classes`];
  }

  forward(x: Tensor): Tensor {
    const [, height, width] = this.#imageShape;
    const size = sizeOf(this.#imageShape);
    const [batch, classes] = [x.shape[0]!, this.#classes];
    const image = x.slice(0, size, { axis: 1 }).reshape([batch, ...this.#imageShape]);
    const label = x.slice(size, size + classes, { axis: 1 });
    const planes = label.reshape([batch, classes, 1, 1]).expand([batch, classes, height, width]);
    return concat([image, planes], { axis: 1 });
  }
}

/**
 * x → features: convolutions, each of which halves the image, `[batch, values]` → `[batch, channels · h · w]`.
 * A row of the input is an image, one channel after the other. With `classes`, a row is an image and its one-hot label, `[batch, values + classes]`, as a conditional model gives it to
 * its encoder. Each class is then a channel of the first convolution: all 1 for the image's class, all 0 for the others.
 */
export class ConvolutionalBody extends Module implements Body {
  readonly layers: Sequential;
  readonly outFeatures: number;

  constructor(imageShape: ImageShape, options: ConvolutionalBodyOptions = {}) {
    super();
    const { channels, batchNorm, generator } = checked(
      'ConvolutionalBody',
      imageShape,
      { options, known: BODY_OPTIONS },
      'imageShape, ',
    );
    const { classes = 0 } = options;
    checkWhole('ConvolutionalBody', 'classes', classes, 0);
    const shape = withChannels(imageShape);
    const first = shape[0] + classes;
    const [height, width] = sizes(shape, channels.length).at(-1) as Size;
    this.layers = new Sequential(
      classes === 0 ? new Unflatten(shape) : new LabelChannels(shape, classes),
      ...channels.flatMap((out, i) => [
        new Conv2d(channels[i - 1] ?? first, out, KERNEL, { ...GEOMETRY, bias: !batchNorm, generator }),
        ...afterConvolution(out, batchNorm),
      ]),
      new Flatten(),
    );
    this.outFeatures = (channels.at(-1) ?? first) * height * width;
  }

  forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

/**
 * z → the likelihood's parameters: one linear layer, then transposed convolutions through the sizes of `ConvolutionalBody` in reverse.
 * Each but the last layer is followed by ReLU.
 */
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
    const { channels, batchNorm, generator } = checked(
      'ConvolutionalDecoder',
      imageShape,
      { options, known: CONVOLUTIONAL_OPTIONS },
      before,
    );
    const shape = withChannels(imageShape);
    const outputs = outputsPerPixel * shape[0];
    const path = sizes(shape, channels.length);
    const start = [channels.at(-1) ?? outputs, ...(path.at(-1) as Size)];
    const features = start.reduce((a, b) => a * b, 1);
    this.layers = new Sequential(
      new Linear(latent, features, { activation: channels.length === 0 ? 'none' : 'relu', generator }),
      new Unflatten(start),
      ...channels.flatMap((_, i) => {
        const level = channels.length - 1 - i; // from the deepest convolution up
        const out = level === 0 ? outputs : channels[level - 1]!;
        const [from, to] = [path[level + 1] as Size, path[level] as Size];
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

  /** `[batch, latent]` → `[batch, outputsPerPixel · channels · h · w]` */
  forward(z: Tensor): Tensor {
    return this.layers.forward(z);
  }
}
