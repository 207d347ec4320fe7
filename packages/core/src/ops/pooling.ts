/** Pooling: reduces each window of each channel to one number. */
import type { Pair } from '../backend/backend.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { formatShape, ShapeError } from '../errors.js';
import { operandOf } from '../operand.js';
import type { Tensor, TensorLike } from '../tensor.js';
import { amax } from './reduce.js';
import { mean } from './statistics.js';
import { framed, pairOf, windowCounts, windows } from './windows.js';

/** Options of pooling; one number stands for height and width. */
export interface PoolOptions {
  /** Pixels from one window to the next. Default: the kernel size, so that windows do not overlap. */
  stride?: number | Pair;
  /** Pixels added on each side of the image, at most half the kernel size. Their value is −Infinity for a maximum and 0 for a mean. Default 0. */
  padding?: number | Pair;
}

const POOL_OPTIONS: OptionNames<PoolOptions> = { stride: true, padding: true };

/** The windows of each channel: `[kernel elements, batch · channels · h · w]`, and the shape of the result. */
function channelWindows(
  op: string,
  x: TensorLike,
  kernelSize: number | Pair,
  options: PoolOptions,
  around: number,
): { places: Tensor; shape: number[] } {
  checkOptions(op, options, POOL_OPTIONS, 'x, kernelSize, ');
  const { stride = kernelSize, padding = 0 } = options;
  const images = operandOf(op, x);
  if (images.rank !== 4)
    throw new ShapeError(
      op,
      [images.shape],
      `images must be [batch, channels, height, width], found ${formatShape(images.shape)}`,
    );
  const kernel = pairOf(op, 'the kernel', kernelSize, 1);
  const spec = { kernel, stride: pairOf(op, 'stride', stride, 1), dilation: [1, 1] as const };
  const [py, px] = pairOf(op, 'padding', padding, 0);
  if (2 * py > kernel[0] || 2 * px > kernel[1])
    throw new ShapeError(
      op,
      [images.shape],
      `padding must be at most half the kernel ${kernel.join(' × ')}, found ${py} × ${px} — reduce the padding`,
    );
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const single = images.reshape([batch * channels, 1, height, width]);
  const padded = framed(single, [py, px], around);
  const counts = windowCounts(op, padded.shape, spec);
  const shape = [batch, channels, ...counts];
  return {
    places: windows(padded, spec).reshape([kernel[0] * kernel[1], batch * channels * counts[0] * counts[1]]),
    shape,
  };
}

/**
 * The largest element of each window. The gradient goes to the largest element; ties share it evenly.
 * @param x - `[batch, channels, height, width]`
 * @returns `[batch, channels, h, w]` with h = ⌊(height + 2·padding − kernel)/stride⌋ + 1
 * @throws ShapeError if no window fits; ArgumentError for options that are not whole numbers
 */
export function maxPool2d(x: TensorLike, kernelSize: number | Pair, options: PoolOptions = {}): Tensor {
  const { places, shape } = channelWindows('maxPool2d', x, kernelSize, options, Number.NEGATIVE_INFINITY);
  return amax(places, { axis: 0 }).reshape(shape);
}

/**
 * The mean of each window. Zeros of the padding are included.
 * @param x - `[batch, channels, height, width]`
 * @returns `[batch, channels, h, w]` with h = ⌊(height + 2·padding − kernel)/stride⌋ + 1
 * @throws ShapeError if no window fits; ArgumentError for options that are not whole numbers
 */
export function avgPool2d(x: TensorLike, kernelSize: number | Pair, options: PoolOptions = {}): Tensor {
  const { places, shape } = channelWindows('avgPool2d', x, kernelSize, options, 0);
  return mean(places, { axis: 0 }).reshape(shape);
}
