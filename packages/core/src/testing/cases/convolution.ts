/** Cases of convolution: the definitions are sums over the elements of windows. */
import type { Pair } from '../../backend/backend.js';
import type { Shape } from '../../errors.js';
import { conv2d, conv2dWeight, convTranspose2d } from '../../ops/convolution.js';
import type { Tensor } from '../../tensor.js';
import { type Grid, grid, indices, series } from '../naive.js';
import { type OpCase, opCase } from '../op-case.js';

/** x[n, c, y, x], and `around` outside of the image. */
export function pixel(x: Grid, [n, c, row, column]: readonly number[], around = 0): number {
  const [, , height, width] = x.shape as [number, number, number, number];
  const inside = row! >= 0 && row! < height && column! >= 0 && column! < width;
  return inside ? x.at([n!, c!, row!, column!]) : around;
}

interface Geometry {
  stride?: Pair;
  padding?: Pair;
  dilation?: Pair;
  outputPadding?: Pair;
}

/** y[n, o, p, q] = bias[o] + Σ weight[o, c, i, j] · x[n, c, p·s + i·d − pad, q·s + j·d − pad] */
function conv(x: Grid, weight: Grid, bias: Grid | undefined, options: Geometry): Grid {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1] } = options;
  const [batch, channels, ...size] = x.shape as [number, number, number, number];
  const [out, , ...kernel] = weight.shape as [number, number, number, number];
  const lengths = ([0, 1] as const).map((a) =>
    Math.floor((size[a] + 2 * padding[a] - dilation[a] * (kernel[a] - 1) - 1) / stride[a] + 1),
  );
  return grid([batch, out, ...lengths], ([n, o, p, q]) => {
    const place = (a: 0 | 1, at: number, i: number) => at * stride[a] + i * dilation[a] - padding[a];
    const terms = indices([channels, ...kernel]).map(
      ([c, i, j]) => weight.at([o!, c!, i!, j!]) * pixel(x, [n!, c!, place(0, p!, i!), place(1, q!, j!)]),
    );
    return series(terms.length, (t) => terms[t]!) + (bias?.at([o!]) ?? 0);
  });
}

/** y[n, o, p, q] = bias[o] + Σ weight[c, o, i, j] · x[n, c, u, v] over all u·s + i·d − pad = p and v·s + j·d − pad = q */
function convTransposed(x: Grid, weight: Grid, bias: Grid | undefined, options: Geometry): Grid {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], outputPadding = [0, 0] } = options;
  const [batch, channels, ...size] = x.shape as [number, number, number, number];
  const [, out, ...kernel] = weight.shape as [number, number, number, number];
  const lengths = ([0, 1] as const).map(
    (a) => (size[a] - 1) * stride[a] - 2 * padding[a] + dilation[a] * (kernel[a] - 1) + outputPadding[a] + 1,
  );
  return grid([batch, out, ...lengths], ([n, o, p, q]) => {
    const meets = (a: 0 | 1, u: number, i: number, at: number) =>
      u * stride[a] + i * dilation[a] - padding[a] === at;
    const terms = indices([channels, ...size, ...kernel]).map(([c, u, v, i, j]) =>
      meets(0, u!, i!, p!) && meets(1, v!, j!, q!) ? weight.at([c!, o!, i!, j!]) * x.at([n!, c!, u!, v!]) : 0,
    );
    return series(terms.length, (t) => terms[t]!) + (bias?.at([o!]) ?? 0);
  });
}

function convCase(
  op: 'conv2d' | 'convTranspose2d',
  x: Shape,
  weight: Shape,
  options: Geometry = {},
  withBias = false,
): OpCase {
  const out = weight[op === 'conv2d' ? 0 : 1]!;
  const inputs = [{ shape: x }, { shape: weight }, ...(withBias ? [{ shape: [out] }] : [])];
  const [run, define] = op === 'conv2d' ? [conv2d, conv] : [convTranspose2d, convTransposed];
  return opCase(
    op,
    inputs,
    (images, kernels, bias) => run(images as Tensor, kernels as Tensor, bias ?? null, options),
    (images, kernels, bias) => define(images as Grid, kernels as Grid, bias, options),
    { note: JSON.stringify(options).replaceAll('"', '') },
  );
}

/** out[m, c, i, j] = Σ y[n, m, p, q] · x[n, c, p·s + i·d − pad, q·s + j·d − pad] */
function weightCase(x: Shape, y: Shape, kernel: Pair, options: Geometry = {}): OpCase {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1] } = options;
  const [batch, channels, ...size] = x as [number, number, number, number];
  const [, maps, ...count] = y as [number, number, number, number];
  const spec = { batch, channels, size, maps, count, kernel, stride, padding, dilation };
  return opCase(
    'conv2dWeight',
    [{ shape: x }, { shape: y }],
    (images, gradient) => conv2dWeight(images as Tensor, gradient as Tensor, spec),
    (images, gradient) =>
      grid([maps, channels, ...kernel], ([m, c, i, j]) => {
        const place = (a: 0 | 1, at: number, element: number) =>
          at * stride[a] + element * dilation[a] - padding[a];
        const terms = indices([batch, ...count]).map(
          ([n, p, q]) =>
            gradient!.at([n!, m!, p!, q!]) * pixel(images!, [n!, c!, place(0, p!, i!), place(1, q!, j!)]),
        );
        return series(terms.length, (t) => terms[t]!);
      }),
    { note: JSON.stringify({ kernel, ...options }).replaceAll('"', '') },
  );
}

export const convolutionCases: readonly OpCase[] = [
  convCase('conv2d', [2, 3, 4, 5], [2, 3, 3, 2]),
  convCase('conv2d', [2, 2, 5, 4], [3, 2, 2, 2], { stride: [2, 1], padding: [1, 2] }, true),
  convCase('conv2d', [1, 1, 6, 5], [2, 1, 3, 2], { dilation: [2, 3] }, true),
  convCase('conv2d', [1, 2, 1, 1], [2, 2, 1, 1], {}, true),
  convCase('conv2d', [0, 2, 3, 3], [2, 2, 2, 2], {}, true),
  convCase('conv2d', [2, 1, 2, 2], [1, 1, 4, 4], { padding: [1, 1], stride: [2, 2] }),
  // Strides longer than the kernel; windows in the padding alone; strides with dilation; groups of images and of channels.
  convCase('conv2d', [1, 2, 7, 8], [3, 2, 2, 1], { stride: [3, 4] }, true),
  convCase('conv2d', [1, 2, 2, 1], [2, 2, 2, 1], { padding: [3, 2] }, true),
  convCase('conv2d', [2, 2, 7, 6], [2, 2, 3, 2], { stride: [2, 3], dilation: [2, 2], padding: [1, 2] }),
  convCase('conv2d', [9, 5, 3, 5], [6, 5, 2, 3], { stride: [1, 2], padding: [0, 1] }, true),
  convCase('conv2d', [1, 1, 10, 9], [1, 1, 2, 1], {}, true),
  convCase('conv2d', [2, 0, 3, 3], [2, 0, 2, 2], {}, true),
  convCase('conv2d', [2, 2, 3, 3], [0, 2, 2, 2], {}, true),
  convCase('convTranspose2d', [2, 3, 3, 2], [3, 2, 2, 3]),
  convCase('convTranspose2d', [1, 2, 3, 3], [2, 2, 4, 4], { stride: [2, 2], padding: [1, 1] }, true),
  convCase(
    'convTranspose2d',
    [1, 2, 2, 3],
    [2, 1, 3, 2],
    { stride: [2, 3], outputPadding: [1, 2], dilation: [1, 2] },
    true,
  ),
  convCase('convTranspose2d', [1, 1, 1, 1], [1, 1, 1, 1], {}, true),
  convCase('convTranspose2d', [0, 2, 3, 3], [2, 1, 2, 2], {}, true),
  // Pixels that no window covers; a kernel of odd size whose columns share a stride unevenly; groups of images and of channels.
  convCase('convTranspose2d', [1, 2, 2, 3], [2, 3, 1, 2], { stride: [3, 4], outputPadding: [1, 0] }, true),
  convCase('convTranspose2d', [1, 1, 3, 2], [1, 2, 5, 5], {
    stride: [2, 3],
    padding: [2, 1],
    dilation: [1, 2],
  }),
  convCase('convTranspose2d', [9, 5, 2, 1], [5, 6, 2, 3], { stride: [1, 2], padding: [1, 0] }, true),
  convCase('convTranspose2d', [2, 0, 2, 2], [0, 2, 2, 2], {}, true),
  convCase('convTranspose2d', [2, 2, 2, 2], [2, 0, 2, 2], {}, true),
  weightCase([2, 2, 5, 4], [2, 3, 4, 3], [2, 2]),
  weightCase([1, 1, 6, 5], [1, 5, 4, 2], [3, 4], { stride: [2, 3], padding: [2, 1] }),
  weightCase([2, 3, 7, 6], [2, 2, 3, 2], [2, 3], { stride: [3, 1], dilation: [1, 2] }),
  weightCase([1, 1, 1, 1], [1, 1, 1, 1], [1, 1]),
  weightCase([0, 2, 3, 3], [0, 2, 2, 2], [2, 2]),
  weightCase([2, 0, 3, 3], [2, 2, 2, 2], [2, 2]),
  weightCase([2, 2, 3, 3], [2, 0, 2, 2], [2, 2]),
];
