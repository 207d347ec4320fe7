/** What layers with sliding windows share: the check of their sizes, and the words for their options. */
import { ArgumentError, type Pair } from '@varigrad/core';
import { describeValue, isArrayOf } from '@varigrad/core/checks';
import type { Description } from './module.js';

/** Options of convolution and pooling layers. Those left out, or 0, are not printed. */
export interface WindowOptions {
  stride?: number | Pair;
  padding?: number | Pair;
  dilation?: number | Pair;
  outputPadding?: number | Pair;
}

/** Height and width of a kernel. @throws ArgumentError unless all numbers are whole and in their range */
export function checkedKernel(op: string, kernelSize: number | Pair, options: WindowOptions): Pair {
  const { stride = 1, dilation = 1, padding = 0, outputPadding = 0 } = options;
  const kernel = pairOf(op, 'kernelSize', kernelSize, 1);
  for (const [name, value] of Object.entries({ stride, dilation })) pairOf(op, name, value, 1);
  for (const [name, value] of Object.entries({ padding, outputPadding })) pairOf(op, name, value, 0);
  return kernel;
}

/** A pair; one number stands for both. */
function pairOf(op: string, name: string, value: number | Pair, least: 0 | 1): Pair {
  const pair: Pair = typeof value === 'number' ? [value, value] : value;
  const isLength = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= least;
  if (isArrayOf(pair, isLength) && pair.length === 2) return pair;
  const range = least === 1 ? 'above 0' : 'of at least 0';
  throw new ArgumentError(
    op,
    `${name} must be one or two whole numbers ${range}, found ${describeValue(value)}`,
  );
}

/** `['kernel 4 × 4', 'stride 2', 'padding 1']` */
export function describeWindows(
  kernel: number | Pair,
  { stride, padding, dilation, outputPadding }: WindowOptions,
): Description {
  const word = (name: string, value: number | Pair = 0): string | false => {
    const pair = [value].flat();
    return pair.some((length) => length !== 0) && `${name} ${pair.join(' × ')}`;
  };
  return [
    word('kernel', typeof kernel === 'number' ? [kernel, kernel] : kernel),
    word('stride', stride),
    word('padding', padding),
    word('dilation', dilation),
    word('output padding', outputPadding),
  ];
}
