/** What layers with sliding windows share: the check of a kernel size, and the words for their options. */
import { ArgumentError, type Pair } from '@varigrad/core';
import { describeValue } from '@varigrad/core/checks';
import type { Description } from './module.js';

/** Options of convolution and pooling layers. Those left out, or 0, are not printed. */
export interface WindowOptions {
  stride?: number | Pair;
  padding?: number | Pair;
  dilation?: number | Pair;
  outputPadding?: number | Pair;
}

/** Height and width of a kernel. @throws ArgumentError unless they are whole numbers above 0 */
export function kernelOf(op: string, kernelSize: number | Pair): Pair {
  const kernel: Pair = typeof kernelSize === 'number' ? [kernelSize, kernelSize] : kernelSize;
  if (Array.isArray(kernel) && kernel.length === 2 && kernel.every((n) => Number.isInteger(n) && n > 0))
    return kernel;
  throw new ArgumentError(
    op,
    `kernelSize must be one or two whole numbers above 0, found ${describeValue(kernelSize)}`,
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
