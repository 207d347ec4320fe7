/** Sliding windows over images: their geometry, for convolution and pooling, and their elements, for pooling. */
import type { Pair, WindowSpec } from '../backend/backend.js';
import { describeValue, isArrayOf } from '../checks/arguments.js';
import { ArgumentError, formatShape, type Shape, ShapeError } from '../errors.js';
import { stridesOf } from '../shape.js';
import { apply } from '../tape.js';
import type { Op, Tensor } from '../tensor.js';
import { pad } from './pieces.js';

/** A pair; one number stands for both. @throws ArgumentError unless the numbers are whole and ≥ `least` */
export function pairOf(op: string, name: string, value: number | Pair, least: number): Pair {
  const pair: Pair = typeof value === 'number' ? [value, value] : value;
  const isLength = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= least;
  if (!isArrayOf(pair, isLength) || pair.length !== 2)
    throw new ArgumentError(
      op,
      `${name} must be one or two whole numbers ≥ ${least}, found ${describeValue(value)}`,
    );
  return pair;
}

/** Number of windows along one axis of `length`: ⌊(length − dilation·(kernel − 1) − 1)/stride⌋ + 1. */
function windowCount(
  op: string,
  shape: Shape,
  axis: 0 | 1,
  { kernel, stride, dilation }: WindowSpec,
): number {
  const length = shape[axis + 2]!;
  const span = dilation[axis] * (kernel[axis] - 1) + 1;
  if (span > length) {
    const side = axis === 0 ? 'high' : 'wide';
    throw new ShapeError(
      op,
      [shape],
      `a window of ${span} does not fit the image ${formatShape(shape)}, which is ${length} ${side} — add padding, or use a smaller kernel`,
    );
  }
  return Math.floor((length - span) / stride[axis]) + 1;
}

/** Number of windows down and across an image `[batch, channels, height, width]`. @throws ShapeError if none fits */
export function windowCounts(op: string, shape: Shape, spec: WindowSpec): Pair {
  return [windowCount(op, shape, 0, spec), windowCount(op, shape, 1, spec)];
}

/** Images `[batch, channels, height, width]` padded with `value`. */
export function framed(images: Tensor, [down, across]: Pair, value = 0): Tensor {
  if (down + across === 0) return images;
  const [around, beside] = [[down, down] as const, [across, across] as const];
  return pad(images, [[0, 0], [0, 0], around, beside], { value });
}

type One = readonly [Tensor];

const windowsOp: Op<One, WindowSpec> = {
  name: 'windows',
  shape: ([x], spec) => {
    const [batch, channels] = x as [number, number];
    return [channels, ...spec.kernel, batch, ...windowCounts('windows', x, spec)];
  },
  forward: (k, [x], { stride, dilation }, out) => {
    const [batch, channel, down, across] = stridesOf(x.shape) as [number, number, number, number];
    const strides = [
      ...[channel, dilation[0] * down, dilation[1] * across],
      ...[batch, stride[0] * down, stride[1] * across],
    ];
    return k.strided(x.values, { shape: out, strides, offset: 0 });
  },
  vjp: (dy, [x], spec) => [() => apply(overlapAddOp, [dy], { ...spec, size: imageSize(x.shape) })],
};

interface SizedSpec extends WindowSpec {
  readonly size: Pair;
}

const overlapAddOp: Op<One, SizedSpec> = {
  name: 'overlapAdd',
  shape: ([x], { size }) => [x[3]!, x[0]!, ...size],
  forward: (k, [x], spec) => {
    const [channels, , , batch, ...count] = x.shape as [number, number, number, number, number, number];
    return k.overlapAdd(x.values, { ...spec, batch, channels, count });
  },
  vjp: (dy, _, spec) => [() => apply(windowsOp, [dy], spec)],
};

function imageSize(shape: Shape): Pair {
  return [shape[2]!, shape[3]!];
}

/**
 * The windows of images, element by element: out[c, i, j, n, y, x] = in[n, c, y·stride + i·dilation, x·stride + j·dilation].
 * @param x - `[batch, channels, height, width]`
 * @returns `[channels, kernel height, kernel width, batch, windows down, windows across]`
 */
export function windows(x: Tensor, spec: WindowSpec): Tensor {
  return apply(windowsOp, [x], spec);
}

/** The transpose of `windows`: adds the windows into zeros of `size`; overlapping elements add up. */
export function overlapAdd(x: Tensor, spec: WindowSpec, size: Pair): Tensor {
  return apply(overlapAddOp, [x], { ...spec, size });
}
