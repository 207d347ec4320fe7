/** The numbers of the kernel for the gradient of a convolution's weight; see assembly/convolution-weight.ts. */
import type { ConvSpec } from '../backend.js';
import { layOut } from './convolution-numbers.js';

/** Bytes of packed images and gradients at a time, unless one image is larger. */
const MOST_PACKED = 384 * 1024;
/** Windows that a tile adds up before it is added to the sums: with more, rounding errors grow. */
const LONGEST_SUM = 384;
/** Nanoseconds per multiply-add. */
const COST = 0.04;
/** Bytes of a tile, of 4 gradients, and of 8 pixels. */
const [TILE, GRADIENTS, PIXELS] = [128, 16, 32];

/** The rows (or columns) of pixels that windows cover, padding included. */
function span({ count, kernel, stride, dilation }: ConvSpec, axis: 0 | 1): number {
  return (count[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
}

/** Byte offsets of the lines in a row of pixels with the channels inside. With dilation, the columns of a window are not neighbours. */
function linesOf({ channels, kernel, dilation }: ConvSpec): { offsets: number[]; columnPlaces: number } {
  const joined = dilation[1] === 1;
  const [pieces, length] = joined ? [1, kernel[1] * channels] : [kernel[1], channels];
  const lines = Math.ceil(length / 8);
  const offsets = Array.from({ length: pieces * lines }, (_, line) => {
    const piece = Math.floor(line / lines);
    return 4 * (piece * dilation[1] * channels + 8 * (line % lines));
  });
  return { offsets, columnPlaces: joined ? channels : 8 * lines };
}

/** Column entries of one kernel row: the runs of the windows of an image for which the row is inside of it. */
function runsOf({ count, size, stride, padding, dilation }: ConvSpec, i: number): number[] {
  const offset = i * dilation[0] - padding[0];
  const first = Math.max(0, Math.ceil(-offset / stride[0]));
  const end = Math.min(count[0], Math.floor((size[0] - 1 - offset) / stride[0]) + 1);
  const most = Math.max(1, Math.floor(LONGEST_SUM / count[1]));
  const entries: number[] = [];
  for (let p = first; p < end; p += most) {
    const windows = Math.min(most, end - p) * count[1];
    entries.push(p * count[1] * GRADIENTS, p * count[1] * PIXELS, windows * GRADIENTS);
  }
  return entries;
}

/** Sizes of the packed operands, in bytes except for `images`. */
function layoutOf(spec: ConvSpec, lines: number, threads: number) {
  const { batch, channels, maps, count, kernel, stride } = spec;
  const rowsOfPhase = Math.ceil(span(spec, 0) / stride[0]);
  const line = stride[0] * rowsOfPhase * count[1] * PIXELS;
  const blocks = Math.ceil(maps / 4);
  const gradients = blocks * count[0] * count[1] * GRADIENTS;
  const images = Math.min(batch, Math.max(1, Math.floor(MOST_PACKED / (lines * line + gradients))));
  const panelsAt = lines * kernel[0] * blocks * TILE; // after the sums
  const gradientsAt = panelsAt + images * lines * line;
  const buffersAt = gradientsAt + images * gradients;
  const buffer = 4 * (span(spec, 1) * channels + 8);
  const bytes = buffersAt + threads * buffer;
  return { rowsOfPhase, line, blocks, images, panelsAt, gradientsAt, buffersAt, buffer, bytes };
}

/** The numbers, and the bytes of the workspace. No size may be 0. */
export function convolutionWeightNumbers(
  spec: ConvSpec,
  threads: number,
): { numbers: number[]; workspace: number } {
  const { batch, channels, maps, size, count, kernel, stride, padding, dilation } = spec;
  const { offsets, columnPlaces } = linesOf(spec);
  const layout = layoutOf(spec, offsets.length, threads);
  const windows = count[0] * count[1];
  // Rows of one kernel row, which are `stride` apart in the image, are neighbours in a line.
  const rowAt = (y: number): number =>
    ((y % stride[0]) * layout.rowsOfPhase + Math.floor(y / stride[0])) * count[1] * PIXELS;
  const rowTable = Array.from({ length: span(spec, 0) }, (_, y) => rowAt(y));
  const used = ([0, 1] as const).map((axis) =>
    Math.max(0, Math.min(size[axis], span(spec, axis) - padding[axis])),
  );
  const products = kernel[0] * offsets.length * layout.blocks * 32 * windows;
  const sizes = [
    ...[batch, channels, ...size, maps, count[1], windows, ...kernel, ...padding, ...used],
    ...[4 * stride[1] * channels, layout.images, Math.max(1, Math.floor(LONGEST_SUM / windows))],
    ...[offsets.length, layout.line, columnPlaces, layout.panelsAt, layout.gradientsAt, layout.buffersAt],
    ...[layout.buffer, Math.round(Math.min(products * COST, 1e9))],
  ];
  // For each kernel row: its offset in a line, and that of its first run, from the table on. Then where the runs end, and the runs.
  const runs = Array.from({ length: kernel[0] }, (_, i) => runsOf(spec, i));
  const kernelTable: number[] = [];
  let runAt = 8 * (kernel[0] + 1);
  runs.forEach((entries, i) => {
    kernelTable.push(rowAt(i * dilation[0]), runAt);
    runAt += 4 * entries.length;
  });
  kernelTable.push(0, runAt);
  const images = Array.from({ length: layout.images }, (_, n) => [n * windows * GRADIENTS, n * layout.line]);
  const numbers = layOut([...sizes, offsets, rowTable, kernelTable.concat(runs.flat()), images.flat()]);
  return { numbers, workspace: layout.bytes };
}
