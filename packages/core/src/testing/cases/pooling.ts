/** Cases of pooling: the definitions are functions of the elements of each window. */
import type { Pair } from '../../backend/backend.js';
import type { Shape } from '../../errors.js';
import { avgPool2d, maxPool2d } from '../../ops/pooling.js';
import type { Tensor } from '../../tensor.js';
import { type Grid, grid, indices } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';
import { pixel } from './convolution.js';

/** f of the elements of each window of each channel; elements outside of the image are `around`. */
function pooled(
  x: Grid,
  kernel: Pair,
  stride: Pair,
  padding: Pair,
  around: number,
  f: (values: number[]) => number,
): Grid {
  const [batch, channels, ...size] = x.shape as [number, number, number, number];
  const lengths = ([0, 1] as const).map((a) =>
    Math.floor((size[a] + 2 * padding[a] - kernel[a]) / stride[a] + 1),
  );
  return grid([batch, channels, ...lengths], ([n, c, p, q]) =>
    f(
      indices(kernel).map(([i, j]) =>
        pixel(x, [n!, c!, p! * stride[0] + i! - padding[0], q! * stride[1] + j! - padding[1]], around),
      ),
    ),
  );
}

const largest = (values: number[]): number => Math.max(...values);
const average = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function poolCase(
  op: 'maxPool2d' | 'avgPool2d',
  shape: Shape,
  kernel: Pair,
  { stride = kernel, padding = [0, 0] }: { stride?: Pair; padding?: Pair } = {},
): OpCase {
  const max = op === 'maxPool2d';
  const run = max ? maxPool2d : avgPool2d;
  return opCase(
    op,
    // For a maximum, no two elements are close: finite differences must not change which is the largest.
    [max ? { shape, lattice: { step: 0.25, offset: 0.125 } } : { shape }],
    (x) => run(x as Tensor, kernel, { stride, padding }),
    (x) => pooled(x, kernel, stride, padding, max ? Number.NEGATIVE_INFINITY : 0, max ? largest : average),
    { note: JSON.stringify({ kernel, stride, padding }).replaceAll('"', '') },
  );
}

export const poolingCases: readonly OpCase[] = (['maxPool2d', 'avgPool2d'] as const).flatMap((op) => [
  poolCase(op, [2, 3, 4, 4], [2, 2]),
  poolCase(op, [1, 2, 5, 6], [3, 2], { stride: [1, 2] }),
  poolCase(op, [2, 1, 5, 4], [3, 3], { stride: [2, 2], padding: [1, 1] }),
  poolCase(op, [1, 1, 1, 1], [1, 1]),
  poolCase(op, [0, 2, 4, 4], [2, 2]),
]);
