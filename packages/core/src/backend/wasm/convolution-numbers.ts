/** The numbers of a convolution kernel: how images are cut into lanes, and the tables of the runs that make up each pixel. */
import type { ConvSpec, Pair } from '../backend.js';

/** Lanes that are computed at a time. */
const LANES = 8;
/** The part of the speed that remains if images are cut into bands, whose rows are packed more than once. */
const BAND_SPEED = 0.9;
/** Largest number of result channels for which kernel elements fill a tile better than channels. */
const FEW = 2;
/** Largest number of elements of a result of one image that is added up in a buffer. */
const MOST_SUMS = 2 ** 15;
/** Bytes of packed images at a time, unless one group is larger. */
const MOST_PACKED = 2 ** 23;
/** Nanoseconds per multiply-add. */
const COST = 0.04;
/** Bytes of 4 weights, of 8 pixels, of a tile, and of the tiles that a thread computes before it stores them. */
const [WEIGHTS, PIXELS, TILE, TILES] = [16, 32, 128, 64 * 128];

/** What the kernel reads and writes. */
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

/**
 * A specification in memory: numbers, and tables after them, whose byte offsets are among the numbers.
 * @param items - a number, or the numbers of a table
 */
export function layOut(items: readonly (number | readonly number[])[]): number[] {
  let next = items.length;
  const numbers = items.map((item) => {
    if (typeof item === 'number') return item;
    const at = 4 * next;
    next += item.length;
    return at;
  });
  return numbers.concat(...items.filter((item) => typeof item !== 'number'));
}

/** How the rows of the result are cut into bands. */
interface Bands {
  readonly bands: number;
  /** Rows of the result in a band; the last one may have fewer. */
  readonly rows: number;
  /** The first row of x that band 0 needs, the rows that a band needs, and the rows from one band to the next. */
  readonly first: number;
  readonly height: number;
  readonly step: number;
}

/** As many bands as use the lanes best. Bands of a transposed convolution begin at multiples of the stride: all then have the same runs. */
function bandsOf(sides: Sides): Bands {
  const { transposed, spec, size, resultSize } = sides;
  const [stride, result] = [spec.stride[0], resultSize[0]];
  const unit = transposed ? stride : 1;
  let [bands, rows, best] = [1, result, 0];
  for (let wanted = 1; wanted <= LANES; wanted++) {
    const height = Math.min(result, Math.ceil(result / wanted / unit) * unit);
    const count = Math.ceil(result / height);
    const computed = LANES * Math.ceil((spec.batch * count) / LANES) * height;
    const speed = ((spec.batch * result) / computed) * (count === 1 ? 1 : BAND_SPEED);
    if (speed > best) [bands, rows, best] = [count, height, speed];
  }
  if (bands === 1) return { bands, rows, first: 0, height: size[0], step: 0 };
  const [low, high] = transposed ? [spec.kernel[0] - 1, 0] : [0, spec.kernel[0] - 1];
  const first = Math.ceil(placeOf(sides, 0, 0, low));
  const last = Math.floor(placeOf(sides, 0, rows - 1, high));
  return { bands, rows, first, height: last - first + 1, step: transposed ? rows / stride : rows * stride };
}

/** The row (axis 0) or column (axis 1) of x that a kernel element meets at `at` of the result; not a whole number if it meets none. */
function placeOf({ transposed, spec }: Sides, axis: 0 | 1, at: number, element: number): number {
  const offset = element * spec.dilation[axis] - spec.padding[axis];
  return transposed ? (at - offset) / spec.stride[axis] : at * spec.stride[axis] + offset;
}

const isInside = (place: number, length: number): boolean =>
  place >= 0 && place < length && Number.isInteger(place);

/** Row entries (see assembly/runs.ts) of each row of a band. */
function rowEntries(sides: Sides, { rows, first, height }: Bands): number[][] {
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

/** The byte offset, from the table on, of each list of entries and of the end; then the entries. */
function listsTable(lists: readonly (readonly number[])[]): number[] {
  let next = 4 * (lists.length + 1);
  const numbers = [next];
  for (const list of lists) {
    next += 4 * list.length;
    numbers.push(next);
  }
  return numbers.concat(lists.flat());
}

/** The kernel's columns in the order of the packed weights: neighbours meet neighbouring columns of x, if any do. */
function packedOrder({ transposed, spec }: Sides): number[] {
  const order = [...Array(spec.kernel[1]).keys()];
  const stride = spec.stride[1];
  return transposed ? order.sort((a, b) => (a % stride) - (b % stride) || b - a) : order;
}

/** For each lane: offset of its image in x, first row of its band, offset of the band in the result, and its number of pixels. */
function laneTable({ spec, channels, size, resultChannels, resultSize }: Sides, cut: Bands): number[] {
  const [image, result] = [
    4 * channels * size[0] * size[1],
    4 * resultChannels * resultSize[0] * resultSize[1],
  ];
  const lanes: number[] = [];
  for (let n = 0; n < spec.batch; n++) {
    for (let band = 0; band < cut.bands; band++) {
      const row = band * cut.rows;
      const pixels = Math.min(cut.rows, resultSize[0] - row) * resultSize[1];
      lanes.push(n * image, band * cut.step + cut.first, n * result + 4 * row * resultSize[1], pixels);
    }
  }
  // A lane without an image begins below it: its rows are zeros.
  while (lanes.length % (4 * LANES) !== 0) lanes.push(0, 2 ** 30, 0, 0);
  return lanes;
}

/** The rows of the packed weights: their number and their order, what a thread needs, and how the work can be cut. */
interface Weights {
  readonly rows: number;
  readonly kernel: Pair;
  readonly order: readonly number[];
  readonly steps: readonly [row: number, channel: number];
  readonly bufferBytes: number;
  readonly mostParts: number;
  /** Products of one pixel of a group and a block of 4 rows. */
  readonly depth: number;
}

/** The numbers of assembly/convolution-images.ts, and the bytes of the workspace. */
function imageItems(sides: Sides, cut: Bands, threads: number, weights: Weights) {
  const { spec, channels, size, resultChannels, resultSize } = sides;
  const { rows, kernel, order, steps, bufferBytes, mostParts } = weights;
  const [blocks, lanes] = [Math.ceil(rows / 4), laneTable(sides, cut)];
  // The rows of a whole image follow each other without a gap: they are packed like one row.
  const [height, width] = cut.bands === 1 ? [1, size[0] * size[1]] : size;
  const groups = Math.ceil((spec.batch * cut.bands) / LANES);
  const groupBytes = cut.height * size[1] * channels * PIXELS;
  const atOnce = Math.min(groups, Math.max(1, Math.min(threads, Math.floor(MOST_PACKED / groupBytes))));
  const blockBytes = kernel[0] * kernel[1] * channels * WEIGHTS;
  const buffersAt = blocks * blockBytes;
  const zerosAt = buffersAt + threads * bufferBytes;
  const imagesAt = zerosAt + 4 * (width + 4);
  const nanoseconds = Math.round(Math.min(blocks * weights.depth * LANES * 4 * COST, 1e9));
  const items = [
    ...[lanes, groups, atOnce, groupBytes, nanoseconds, mostParts, imagesAt, zerosAt, buffersAt, bufferBytes],
    ...[height, width, cut.height * size[1], channels, resultChannels, ...resultSize, rows, ...kernel],
    ...[...steps, order, blockBytes],
  ];
  return { items, workspace: imagesAt + atOnce * groupBytes };
}

/** A kernel with its numbers, and the bytes of its workspace. */
export interface ConvolutionPlan {
  readonly kernel: 'convolve' | 'convolveFew';
  readonly numbers: readonly number[];
  readonly workspace: number;
}

/** Each pixel of the result collects its products: see assembly/convolution.ts. */
function gather(sides: Sides, threads: number): ConvolutionPlan {
  const { transposed, spec, channels, resultChannels, resultSize } = sides;
  const [cut, order, { kernel }] = [bandsOf(sides), packedOrder(sides), spec];
  const area = kernel[0] * kernel[1];
  const pixels = cut.rows * resultSize[1];
  const { items, workspace } = imageItems(sides, cut, threads, {
    rows: resultChannels,
    kernel,
    order,
    steps: transposed ? [area, resultChannels * area] : [channels * area, area],
    bufferBytes: TILES,
    mostParts: Math.ceil(resultChannels / 4),
    depth: area * channels * pixels,
  });
  const tables = [listsTable(rowEntries(sides, cut)), listsTable(columnEntries(sides, order)), pixels];
  return { kernel: 'convolve', numbers: layOut([...items, ...tables]), workspace };
}

/** Each pixel of x is added to the pixels of the result that it meets: see assembly/convolution-few.ts. */
function scatter(sides: Sides, threads: number): ConvolutionPlan {
  const { transposed, spec, channels, size, resultChannels, resultSize } = sides;
  const cut = bandsOf(sides);
  const { kernel, stride } = spec;
  const area = kernel[0] * kernel[1];
  const { items, workspace } = imageItems(sides, cut, threads, {
    rows: resultChannels * area,
    kernel: [1, 1],
    order: [0],
    steps: [1, transposed ? resultChannels * area : area],
    bufferBytes: TILE + resultChannels * cut.rows * resultSize[1] * PIXELS,
    mostParts: 1,
    depth: channels * cut.height * size[1],
  });
  /** The row or column of the result that element `i` meets, for row or column `from` of x. */
  const meets = (axis: 0 | 1, i: number, from: number): number => {
    const offset = i * spec.dilation[axis] - spec.padding[axis];
    return from * stride[axis] + (transposed ? offset : -offset);
  };
  const elements: number[] = [];
  for (let channel = 0; channel < resultChannels; channel++)
    for (let i = 0; i < kernel[0]; i++)
      for (let j = 0; j < kernel[1]; j++) elements.push(channel, meets(0, i, cut.first), meets(1, j, 0));
  const entries = [0, 0, 0, 0, channels * WEIGHTS]; // one run per tile: all channels of a pixel
  // The empty table at the end is the end of the elements.
  const own = [size[1], cut.rows, ...stride, entries, elements, []];
  return { kernel: 'convolveFew', numbers: layOut([...items, ...own]), workspace };
}

/**
 * The way in which a convolution is computed. It depends on the sizes of an image, and not on the batch: with few channels,
 * pixels are added to the result, if that needs no more products than collecting them.
 */
export function convolutionPlan(spec: ConvSpec, transposed: boolean, threads: number): ConvolutionPlan {
  const sides = sidesOf(spec, transposed);
  const { channels, resultChannels, resultSize } = sides;
  const everyPixel = transposed || (spec.stride[0] === 1 && spec.stride[1] === 1 && resultChannels === 1);
  const few = resultChannels <= FEW && resultChannels * resultSize[0] * resultSize[1] <= MOST_SUMS;
  return few && everyPixel && channels > 0 ? scatter(sides, threads) : gather(sides, threads);
}
