/** The numbers of a convolution kernel: how images are cut into lanes, and the tables of the runs that make up each pixel. */
import type { ConvSpec, Pair } from '../backend.js';

/** Lanes that are computed at a time. */
const LANES = 8;
/** The part of the speed that remains if images are cut into bands, whose rows are packed more than once. */
const BAND_SPEED = 0.9;
/** Bytes of the 4 weights, and of the 8 pixels, of one channel. */
const [WEIGHTS, PIXELS] = [16, 32];

/** What the kernel reads and writes, along each axis. */
interface Sides {
  readonly transposed: boolean;
  readonly spec: ConvSpec;
  readonly channels: number;
  readonly size: Pair;
  readonly resultChannels: number;
  readonly resultSize: Pair;
}

function sidesOf(spec: ConvSpec, transposed: boolean): Sides {
  const { channels, size, maps, count } = spec;
  return transposed
    ? { transposed, spec, channels: maps, size: count, resultChannels: channels, resultSize: size }
    : { transposed, spec, channels, size, resultChannels: maps, resultSize: count };
}

/** Number of bands per image, and rows of the result in a band: as many bands as use the lanes best. */
function bandsOf(batch: number, height: number, unit: number): { bands: number; rows: number } {
  let best = { bands: 1, rows: height, speed: 0 };
  for (let wanted = 1; wanted <= LANES; wanted++) {
    const rows = Math.min(height, Math.ceil(height / wanted / unit) * unit);
    const bands = Math.ceil(height / rows);
    const computed = LANES * Math.ceil((batch * bands) / LANES) * rows;
    const speed = ((batch * height) / computed) * (bands === 1 ? 1 : BAND_SPEED);
    if (speed > best.speed) best = { bands, rows, speed };
  }
  return best;
}

/** The row (axis 0) or column (axis 1) of x that a kernel element meets at `at` of the result; not a whole number if it meets none. */
function placeOf({ transposed, spec }: Sides, axis: 0 | 1, at: number, element: number): number {
  const offset = element * spec.dilation[axis] - spec.padding[axis];
  return transposed ? (at - offset) / spec.stride[axis] : at * spec.stride[axis] + offset;
}

const isInside = (place: number, length: number): boolean =>
  place >= 0 && place < length && Number.isInteger(place);

/** Row entries (see assembly/runs.ts) of each row of a band. The band's first row of x is `first`, and it has `height` rows. */
function rowEntries(sides: Sides, rows: number, first: number, height: number): number[][] {
  const { channels, size, spec } = sides;
  return Array.from({ length: rows }, (_, at) => {
    const entries: number[] = [];
    for (let i = 0; i < spec.kernel[0]; i++) {
      const place = placeOf(sides, 0, at, i) - first;
      if (!isInside(place, height)) continue;
      entries.push(i * spec.kernel[1] * channels * WEIGHTS, place * size[1] * channels * PIXELS);
    }
    return entries;
  });
}

/** Column entries of each column of the result: elements that are neighbours in the packed weights and meet neighbouring columns are one run. */
function columnEntries(sides: Sides, order: readonly number[]): number[][] {
  const { channels, size, resultSize } = sides;
  return Array.from({ length: resultSize[1] }, (_, at) => {
    const entries: number[] = [];
    let expected = Number.NaN; // the column that continues the run
    for (let tap = 0; tap < order.length && channels > 0; tap++) {
      const place = placeOf(sides, 1, at, order[tap]!);
      const met = isInside(place, size[1]);
      if (met && place === expected) entries[entries.length - 1]! += channels * WEIGHTS;
      else if (met) entries.push(tap * channels * WEIGHTS, place * channels * PIXELS, channels * WEIGHTS);
      expected = met ? place + 1 : Number.NaN;
    }
    return entries;
  });
}

/** The offset of each list of entries and of the end, then the entries; `at` is the offset of the table itself. All in bytes. */
function table(lists: readonly (readonly number[])[], at: number): number[] {
  let next = at + 4 * (lists.length + 1);
  const numbers = [next];
  for (const list of lists) {
    next += 4 * list.length;
    numbers.push(next);
  }
  for (const list of lists) numbers.push(...list);
  return numbers;
}

/** The kernel's columns in the order of the packed weights: neighbours meet neighbouring columns of x, if any do. */
function packedOrder({ transposed, spec }: Sides): number[] {
  const order = [...Array(spec.kernel[1]).keys()];
  const stride = spec.stride[1];
  return transposed ? order.sort((a, b) => (a % stride) - (b % stride) || b - a) : order;
}

/** The first row of x that a band needs, the number of rows, and the rows from one band to the next. */
function bandOf(sides: Sides, rows: number): { first: number; height: number; step: number } {
  const { transposed, spec } = sides;
  const [low, high] = transposed ? [spec.kernel[0] - 1, 0] : [0, spec.kernel[0] - 1];
  const first = Math.ceil(placeOf(sides, 0, 0, low));
  const last = Math.floor(placeOf(sides, 0, rows - 1, high));
  const step = transposed ? rows / spec.stride[0] : rows * spec.stride[0];
  return { first, height: last - first + 1, step };
}

/** The numbers of assembly/convolution-images.ts, and where the band of a lane starts in x. */
function imageNumbers(sides: Sides): { numbers: number[]; rows: number; first: number; height: number } {
  const { transposed, spec, channels, size, resultChannels, resultSize } = sides;
  const { bands, rows } = bandsOf(spec.batch, resultSize[0], transposed ? spec.stride[0] : 1);
  const whole = { first: 0, height: size[0], step: 0 };
  const { first, height, step } = bands === 1 ? whole : bandOf(sides, rows);
  // The rows of a whole image follow each other without a gap: they are packed like one row.
  const source =
    bands === 1
      ? [1, 0, 0, channels, 1, size[0] * size[1]]
      : [size[0], first, step, channels, height, size[1]];
  const area = spec.kernel[0] * spec.kernel[1];
  const weightSteps = transposed ? [area, resultChannels * area] : [channels * area, area];
  const result = [resultChannels, rows, resultSize[1], resultSize[0]];
  const numbers = [spec.batch * bands, bands, ...source, ...result, ...spec.kernel, ...weightSteps];
  return { numbers, rows, first, height };
}

/** The numbers of `convolve`: see assembly/convolution.ts. */
function gatherNumbers(sides: Sides): number[] {
  const { numbers, rows, first, height } = imageNumbers(sides);
  const order = packedOrder(sides);
  const start = 4 * (numbers.length + 3);
  const rowTable = table(rowEntries(sides, rows, first, height), start);
  const columnStart = start + 4 * rowTable.length;
  const columnTable = table(columnEntries(sides, order), columnStart);
  const orderStart = columnStart + 4 * columnTable.length;
  return [...numbers, start, columnStart, orderStart, ...rowTable, ...columnTable, ...order];
}

/** The numbers of `convolveFew`: see assembly/convolution-few.ts. */
function scatterNumbers(sides: Sides): number[] {
  const { transposed, spec, size, resultChannels } = sides;
  const { numbers, first } = imageNumbers(sides);
  const start = 4 * (numbers.length + 4);
  const elements: number[] = [];
  /** The row or column of the result that element `i` meets, for the first row or column of x. */
  const meets = (axis: 0 | 1, i: number, from: number): number => {
    const offset = i * spec.dilation[axis] - spec.padding[axis];
    return from * spec.stride[axis] + (transposed ? offset : -offset);
  };
  for (let channel = 0; channel < resultChannels; channel++)
    for (let i = 0; i < spec.kernel[0]; i++)
      for (let j = 0; j < spec.kernel[1]; j++) elements.push(channel, meets(0, i, first), meets(1, j, 0));
  return [...numbers, size[1], ...spec.stride, start, ...elements];
}

/** Largest number of result channels for which kernel elements fill a tile better than channels. */
const FEW = 2;
/** Largest number of elements of a result of one image that is added up in a buffer. */
const MOST_SUMS = 2 ** 15;

/**
 * The way in which a convolution is computed, and its numbers. It depends on the sizes of an image, and not on the batch:
 * with few channels, each pixel of x is added to the result, if that needs no more products than collecting them.
 */
export function convolutionPlan(
  spec: ConvSpec,
  transposed: boolean,
): { kernel: 'convolve' | 'convolveFew'; numbers: number[] } {
  const sides = sidesOf(spec, transposed);
  const { channels, resultChannels, resultSize } = sides;
  const few = resultChannels <= FEW && resultChannels * resultSize[0] * resultSize[1] <= MOST_SUMS;
  const everyPixel = transposed || (spec.stride[0] === 1 && spec.stride[1] === 1);
  return few && everyPixel && channels > 0
    ? { kernel: 'convolveFew', numbers: scatterNumbers(sides) }
    : { kernel: 'convolve', numbers: gatherNumbers(sides) };
}
