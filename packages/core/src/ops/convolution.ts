/** Convolution, its transpose, and the gradient of their weight. */

import type { ConvSpec, Pair } from '../backend/backend.js';
import { checkBias } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { formatShape, type Shape, ShapeError } from '../errors.js';
import { operandOf } from '../operand.js';
import { apply, namingOperands } from '../tape.js';
import type { Op, Tensor, TensorLike, Thunk } from '../tensor.js';
import { pairOf, windowCounts } from './windows.js';

/** Options of `conv2d`; one number stands for height and width. */
export interface Conv2dOptions {
  /** Pixels from one window to the next. Default 1. */
  stride?: number | Pair;
  /** Zeros added on each side of the image. Default 0. */
  padding?: number | Pair;
  /** Pixels from one element of a window to the next. Default 1. */
  dilation?: number | Pair;
}

const CONV_OPTIONS: OptionNames<Conv2dOptions> = { stride: true, padding: true, dilation: true };

/** Options of `convTranspose2d`. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Rows and columns added at the end of the result. It selects one of the sizes that a strided convolution maps to the same size. Default 0. */
  outputPadding?: number | Pair;
}

const CONV_TRANSPOSE_OPTIONS: OptionNames<ConvTranspose2dOptions> = { ...CONV_OPTIONS, outputPadding: true };

type Geometry = Pick<ConvSpec, 'kernel' | 'stride' | 'padding' | 'dilation'>;

function geometry(
  op: string,
  weight: Shape,
  { stride = 1, padding = 0, dilation = 1 }: Conv2dOptions,
): Geometry {
  return {
    kernel: [weight[2]!, weight[3]!],
    stride: pairOf(op, 'stride', stride, 1),
    padding: pairOf(op, 'padding', padding, 0),
    dilation: pairOf(op, 'dilation', dilation, 1),
  };
}

/** The image, the weight and perhaps the bias. */
type Operands = readonly Tensor[];

const operands = (x: Tensor, weight: Tensor, bias: Tensor | null): Operands =>
  bias === null ? [x, weight] : [x, weight, bias];

/** The gradient of the bias, one number per channel. */
const perChannel = (bias: Tensor | undefined, dy: Tensor): Thunk =>
  bias === undefined ? null : () => dy.sum({ axis: [0, 2, 3] });

// The three operations are linear in each of two operands, and each one's gradients are the other two.

const conv2dOp: Op<Operands, ConvSpec> = {
  name: 'conv2d',
  shape: (_, { batch, maps, count }) => [batch, maps, ...count],
  forward: (k, [x, weight, bias], spec) => k.conv2d(x!.values, weight!.values, bias?.values ?? null, spec),
  vjp: (dy, [x, weight, bias], spec) => [
    () => apply(convTranspose2dOp, [dy, weight!], spec),
    () => conv2dWeight(x!, dy, spec),
    perChannel(bias, dy),
  ],
};

const convTranspose2dOp: Op<Operands, ConvSpec> = {
  name: 'convTranspose2d',
  shape: (_, { batch, channels, size }) => [batch, channels, ...size],
  forward: (k, [y, weight, bias], spec) =>
    k.convTranspose2d(y!.values, weight!.values, bias?.values ?? null, spec),
  vjp: (dx, [y, weight, bias], spec) => [
    () => apply(conv2dOp, [dx, weight!], spec),
    () => conv2dWeight(dx, y!, spec),
    perChannel(bias, dx),
  ],
};

const conv2dWeightOp: Op<readonly [Tensor, Tensor], ConvSpec> = {
  name: 'conv2dWeight',
  shape: (_, { maps, channels, kernel }) => [maps, channels, ...kernel],
  forward: (k, [x, y], spec) => k.conv2dWeight(x.values, y.values, spec),
  vjp: (dw, [x, y], spec) => [
    () => apply(convTranspose2dOp, [y, dw], spec),
    () => apply(conv2dOp, [x, dw], spec),
  ],
};

/**
 * The gradient of a convolution's weight: w[m, c, i, j] = Σ_{n,p,q} y[n, m, p, q] · x[n, c, p·stride + i·dilation − padding, q·stride + j·dilation − padding].
 * @param x - images `[batch, channels, height, width]`; @param y - the gradient of the maps, `[batch, maps, windows down, windows across]`
 * @returns `[maps, channels, kernel height, kernel width]`
 */
export function conv2dWeight(x: Tensor, y: Tensor, spec: ConvSpec): Tensor {
  return apply(conv2dWeightOp, [x, y], spec);
}

/** Checks the ranks, and that x has as many channels as axis `axis` of the weight. */
function checkImage(op: string, x: Shape, weight: Shape, axis: 0 | 1): void {
  const layout = axis === 1 ? '[out, in, height, width]' : '[in, out, height, width]';
  if (x.length !== 4 || weight.length !== 4) {
    throw new ShapeError(
      op,
      [x, weight],
      ([nameX = 'x', nameW = 'weight']) =>
        `images must be [batch, channels, height, width] and weights ${layout}, found ${nameX} ${formatShape(x)} and ${nameW} ${formatShape(weight)}${x.length === 3 ? ` — did you mean ${nameX}.unsqueeze(0)?` : ''}`,
    );
  }
  if (x[1] === weight[axis]) return;
  throw new ShapeError(op, [x, weight], ([nameX = 'x', nameW = 'weight']) => {
    const problem = `${nameX} must have ${weight[axis]} channels to fit ${nameW} ${formatShape(weight)}, found ${x[1]} in ${formatShape(x)}`;
    const advice =
      x[1] === weight[1 - axis]
        ? `weights are ${layout}: did you mean ${nameW}.transpose(0, 1)?`
        : `weights are ${layout}`;
    return `${problem} — ${advice}`;
  });
}

function checkBiasShape(op: string, bias: Tensor | null, channels: number): void {
  if (bias === null || (bias.rank === 1 && bias.shape[0] === channels)) return;
  throw new ShapeError(
    op,
    [bias.shape],
    `the bias must be [${channels}], one value per output channel, found ${formatShape(bias.shape)}`,
  );
}

/**
 * Cross-correlation, which deep-learning libraries call convolution:
 * y[n, o, p, q] = bias[o] + Σ_{c,i,j} weight[o, c, i, j] · x[n, c, p·stride + i·dilation − padding, q·stride + j·dilation − padding].
 * @param x - `[batch, in, height, width]`; @param weight - `[out, in, kernel height, kernel width]`; @param bias - `[out]`, or null
 * @returns `[batch, out, h, w]` with h = ⌊(height + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1
 * @throws ShapeError if shapes do not fit or no window fits the image; ArgumentError for options that are not whole numbers
 */
export function conv2d(
  x: TensorLike,
  weight: TensorLike,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  checkBias('conv2d', bias);
  checkOptions('conv2d', options, CONV_OPTIONS, 'x, weight, bias, ');
  const [images, kernels] = [operandOf('conv2d', x), operandOf('conv2d', weight)];
  namingOperands([images, kernels], () => checkImage('conv2d', images.shape, kernels.shape, 1));
  const spec = geometry('conv2d', kernels.shape, options);
  const [batch, channels] = images.shape as [number, number];
  const maps = kernels.shape[0]!;
  checkBiasShape('conv2d', bias, maps);
  const size: Pair = [images.shape[2]!, images.shape[3]!];
  const padded = [batch, channels, size[0] + 2 * spec.padding[0], size[1] + 2 * spec.padding[1]];
  const count = windowCounts('conv2d', padded, spec);
  return apply(conv2dOp, operands(images, kernels, bias), { ...spec, batch, channels, size, maps, count });
}

/**
 * The transpose of `conv2d` as a linear map of the image: ⟨conv2d(x, weight), y⟩ = ⟨x, convTranspose2d(y, weight)⟩. Each
 * element of x adds a multiple of the kernel to the result.
 * @param x - `[batch, in, height, width]`; @param weight - `[in, out, kernel height, kernel width]`; @param bias - `[out]`, or null
 * @returns `[batch, out, h, w]` with h = (height − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1
 * @throws ShapeError if shapes do not fit or padding leaves no result; ArgumentError for options that are not whole numbers
 */
export function convTranspose2d(
  x: TensorLike,
  weight: TensorLike,
  bias: Tensor | null = null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const op = 'convTranspose2d';
  checkBias(op, bias);
  checkOptions(op, options, CONV_TRANSPOSE_OPTIONS, 'x, weight, bias, ');
  const { outputPadding = 0, ...rest } = options;
  const [images, kernels] = [operandOf(op, x), operandOf(op, weight)];
  namingOperands([images, kernels], () => checkImage(op, images.shape, kernels.shape, 0));
  const spec = geometry(op, kernels.shape, rest);
  const extra = pairOf(op, 'outputPadding', outputPadding, 0);
  const [batch, maps, ...count] = images.shape as [number, number, number, number];
  const channels = kernels.shape[1]!;
  checkBiasShape(op, bias, channels);
  const side = (length: number, a: 0 | 1): number =>
    (length - 1) * spec.stride[a] + spec.dilation[a] * (spec.kernel[a] - 1) + 1 + extra[a];
  const canvas: Pair = [side(count[0], 0), side(count[1], 1)];
  const [h, w] = [canvas[0] - 2 * spec.padding[0], canvas[1] - 2 * spec.padding[1]];
  if (h < 1 || w < 1)
    throw new ShapeError(
      op,
      [images.shape, kernels.shape],
      `padding ${spec.padding.join(' × ')} must leave at least 1 × 1 of the result ${canvas.join(' × ')}, found ${h} × ${w} — reduce the padding`,
    );
  const full = { ...spec, batch, channels, size: [h, w] as const, maps, count };
  return apply(convTranspose2dOp, operands(images, kernels, bias), full);
}
