/** How layers with windows word their options. */
import type { Pair } from '@varigrad/core';
import type { Description } from './module.js';

/** Options of convolution and pooling layers; those left out, or 0, are not worded. */
export interface WindowOptions {
  stride?: number | Pair;
  padding?: number | Pair;
  dilation?: number | Pair;
  outputPadding?: number | Pair;
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
