/** The numbers of a convolution kernel: how images are cut into lanes, and the tables of the runs that make up each pixel. */
import type { ConvSpec, Pair } from '../backend.js';

/** Lanes that are computed at a time. */
const LANES = 8;
/** The part of the speed that remains if images are cut into bands, whose rows are packed more than once. */
const BAND_SPEED = 0.9;
/** Bytes of the 4 weights, and of the 8 pixels, of one channel. */
const [WEIGHTS, PIXELS] = [16, 32];

/** A kernel element that meets a pixel of x: its place in the packed weights, and the row or column of the pixel. */
interface Tap {
  readonly tap: number;
  readonly place: number;
}

/** What the kernel reads and writes. */
interface Sides {
  readonly channels: number;
  readonly size: Pair;
  readonly resultChannels: number;
  readonly resultSize: Pair;
}

function sidesOf({ channels, size, maps, count }: ConvSpec, transposed: boolean): Sides {
  return transposed
    ? { channels: maps, size: count, resultChannels: channels, resultSize: size }
    : { channels, size, resultChannels: maps, resultSize: count };
}

/** Number of bands per image, and rows of a band: as many as needed to use the lanes. */
function bandsOf(batch: number, height: number, unit: number): { bands: number; rows: number } {
  let best = { bands: 1, rows: height, speed: 0 };
  for (let wanted = 1; wanted <= LANES; wanted++) {
    const rows = Math.ceil(height / wanted / unit) * unit;
    const bands = Math.ceil(height / rows);
    const computed = LANES * Math.ceil((batch * bands) / LANES) * rows;
    const speed = ((batch * height) / computed) * (bands === 1 ? 1 : BAND_SPEED);
    if (speed > best.speed) best = { bands, rows, speed };
  }
  return best;
}

/** For each of the first `length` rows (axis 0) or columns (axis 1) of the result: the kernel elements that meet an integer place of x. */
function tapsOf(
  spec: ConvSpec,
  transposed: boolean,
  axis: 0 | 1,
  length: number,
  order: readonly number[],
): Tap[][] {
  const [stride, padding, dilation] = [spec.stride[axis], spec.padding[axis], spec.dilation[axis]];
  return Array.from({ length }, (_, at) =>
    order.flatMap((element, tap) => {
      const place = transposed
        ? (at + padding - element * dilation) / stride
        : at * stride - padding + element * dilation;
      return Number.isInteger(place) ? [{ tap, place }] : [];
    }),
  );
}

const within = (taps: readonly Tap[][], first: number, length: number): Tap[][] =>
  taps.map((list) =>
    list.flatMap(({ tap, place }) =>
      place >= first && place < first + length ? [{ tap, place: place - first }] : [],
    ),
  );

/** Column entries (see assembly/runs.ts): taps that are neighbours in the packed weights and in the packed image are one run. */
function runsOf(taps: readonly Tap[], channels: number): number[] {
  const runs: number[] = [];
  let previous: Tap | undefined;
  for (const tap of taps) {
    const joins = previous?.tap === tap.tap - 1 && previous.place === tap.place - 1;
    if (joins) runs[runs.length - 1]! += channels * WEIGHTS;
    else runs.push(tap.tap * channels * WEIGHTS, tap.place * channels * PIXELS, channels * WEIGHTS);
    previous = tap;
  }
  return runs;
}

/** The offset of each list of entries and of the end, then the entries; `at` is the offset of the table itself. All in bytes. */
function table(lists: readonly (readonly number[])[], at: number): number[] {
  const offsets = [at + 4 * (lists.length + 1)];
  for (const list of lists) offsets.push(offsets.at(-1)! + 4 * list.length);
  return [...offsets, ...lists.flat()];
}

/** The numbers of `convolve`: see assembly/convolution-images.ts and assembly/convolution.ts. */
export function convolutionNumbers(spec: ConvSpec, transposed: boolean): number[] {
  const { batch, kernel, stride } = spec;
  const { channels, size, resultChannels, resultSize } = sidesOf(spec, transposed);
  const { bands, rows } = bandsOf(batch, resultSize[0], transposed ? stride[0] : 1);
  const rowTaps = tapsOf(spec, transposed, 0, rows, [...Array(kernel[0]).keys()]);
  const places = rowTaps.flat().map(({ place }) => place);
  // One band is the whole image. Its rows follow each other without a gap, so that they are packed like one row.
  const [first, height] =
    bands === 1 ? [0, size[0]] : [Math.min(...places), Math.max(...places) - Math.min(...places) + 1];
  const source = bands === 1 ? [1, 0, 0, channels, 1, size[0] * size[1]] : [];
  const step = transposed ? rows / stride[0] : rows * stride[0];
  const cut = [size[0], first, step, channels, height, size[1]];
  const area = kernel[0] * kernel[1];
  const steps = transposed ? [area, resultChannels * area] : [channels * area, area];
  const head = [
    ...[batch * bands, bands, ...(bands === 1 ? source : cut)],
    ...[resultChannels, rows, resultSize[1], resultSize[0], ...kernel, ...steps],
  ];
  // Neighbours in the order of the packed columns read neighbouring columns of x, if any do.
  const order = [...Array(kernel[1]).keys()];
  if (transposed) order.sort((a, b) => (a % stride[1]) - (b % stride[1]) || b - a);
  const columnTaps = tapsOf(spec, transposed, 1, resultSize[1], order);
  const rowEntries = within(rowTaps, first, height).map((taps) =>
    taps.flatMap(({ tap, place }) => [
      tap * kernel[1] * channels * WEIGHTS,
      place * size[1] * channels * PIXELS,
    ]),
  );
  const columnEntries = within(columnTaps, 0, size[1]).map((taps) =>
    channels === 0 ? [] : runsOf(taps, channels),
  );
  const start = 4 * (head.length + 3);
  const rowTable = table(rowEntries, start);
  const columnTable = table(columnEntries, start + 4 * rowTable.length);
  const orderStart = start + 4 * (rowTable.length + columnTable.length);
  const starts = [start, start + 4 * rowTable.length, orderStart];
  return [...head, ...starts, ...rowTable, ...columnTable, ...order];
}
