/**
 * Convolutions with fewer result channels than a tile has rows: here the rows are kernel elements instead. For each pixel of the
 * packed images and 4 elements, a tile is the sum over the channels of x (see runs.ts). Its rows are added to the pixels of the
 * result that the elements meet, in a buffer of one group. The order of these additions does not depend on the threads.
 */
import { setWord, word } from './control';
import {
  BAND_HEIGHT, BIAS, bandPixels, CHANNEL_STEP, CHANNELS, COST, FIRST_GROUP, groupCount, groupsAtOnce, imagesWorkspace,
  KERNEL_HEIGHT, KERNEL_WIDTH, number, OUT, OWN, packedGroup, packImages, PIECES, RESULT_BAND_HEIGHT, RESULT_CHANNELS, RESULT_WIDTH,
  setImages, SPEC, SPECIFIC, storePixels, WEIGHT, WEIGHT_STEP, WIDTH, X,
} from './convolution-images';
import { dispatch } from './pool';
import { COLUMN_ENTRY, ROW_ENTRY, runTile, TILE } from './runs';

const PACKED_WEIGHT = OWN, BUFFERS = OWN + 1, ENTRIES = OWN + 2;

/**
 * Columns of x; strides; and the byte offset, from the specification, of the table of elements, which are channel of the
 * result, and row and column of the result for pixel (0, 0).
 */
const COLUMNS = SPECIFIC, STRIDE_DOWN = SPECIFIC + 1, STRIDE_ACROSS = SPECIFIC + 2, ELEMENTS = SPECIFIC + 3;
const ELEMENT: usize = 12;

/** Number of kernel elements of all result channels. */
@inline
function elements(): usize {
  return number(RESULT_CHANNELS) * number(KERNEL_HEIGHT) * number(KERNEL_WIDTH);
}

@inline
function blocks(): usize {
  return elements() + 3 >> 2;
}

@inline
function sumsBytes(): usize {
  return number(RESULT_CHANNELS) * bandPixels() << 5;
}

/** Bytes of workspace for `convolveFew`: packed weights, entries, packed images, and for each thread the sums and a tile. */
export function convolveFewWorkspace(spec: usize, hands: usize): usize {
  setWord(SPEC, spec);
  return (blocks() * number(CHANNELS) << 4) + ROW_ENTRY + COLUMN_ENTRY + hands * (sumsBytes() + TILE) + imagesWorkspace(hands);
}

/** @param bias - address of a float per result channel, or 0; @param spec - the numbers of convolution-images.ts and above */
export function convolveFew(
  out: usize, x: usize, weight: usize, bias: usize, spec: usize, hands: usize, workspace: usize,
): void {
  setWord(OUT, out); setWord(X, x); setWord(WEIGHT, weight); setWord(BIAS, bias); setWord(SPEC, spec);
  const channels = number(CHANNELS);
  setWord(PACKED_WEIGHT, workspace);
  setWord(ENTRIES, workspace + (blocks() * channels << 4));
  setWord(BUFFERS, word(ENTRIES) + ROW_ENTRY + COLUMN_ENTRY);
  setImages(hands, word(BUFFERS) + hands * (sumsBytes() + TILE));
  memory.fill(word(ENTRIES), 0, ROW_ENTRY + COLUMN_ENTRY);
  store<u32>(word(ENTRIES) + ROW_ENTRY, <u32>(channels << 4), 8);
  packWeights();
  const nanoseconds = <f64>(blocks() * 32 * channels * number(BAND_HEIGHT) * number(WIDTH)) * COST;
  for (let group: usize = 0; group < groupCount(); group += groupsAtOnce(hands)) {
    const count = min(groupsAtOnce(hands), groupCount() - group);
    setWord(FIRST_GROUP, group);
    dispatch(packImages, <i32>(count * PIECES), <f64>count * nanoseconds);
    dispatch(multiply, <i32>count, <f64>count * nanoseconds);
  }
}

/** Packs the weights to blocks `[channel][4 elements]`. Missing elements become zeros. */
function packWeights(): void {
  const channels = number(CHANNELS), area = number(KERNEL_HEIGHT) * number(KERNEL_WIDTH);
  for (let e: usize = 0; e < blocks() << 2; e++) {
    const to = word(PACKED_WEIGHT) + ((e >> 2) * channels << 4) + ((e & 3) << 2);
    const from = word(WEIGHT) + (e / area * number(WEIGHT_STEP) + e % area << 2);
    for (let c: usize = 0; c < channels; c++) {
      store<f32>(to + (c << 4), e < elements() ? load<f32>(from + (c * number(CHANNEL_STEP) << 2)) : 0);
    }
  }
}

/** Job: computes a group. */
function multiply(thread: i32, place: i32): void {
  const sums = word(BUFFERS) + <usize>thread * (sumsBytes() + TILE);
  const tile = sums + sumsBytes(), row = word(ENTRIES), column = row + ROW_ENTRY;
  const step = number(CHANNELS) << 4, width = number(COLUMNS);
  const pixels = number(BAND_HEIGHT) * number(WIDTH);
  memory.fill(sums, 0, sumsBytes());
  const table = word(SPEC) + number(ELEMENTS), tableEnd = table + elements() * ELEMENT;
  let packed = packedGroup(place);
  for (let pixel: usize = 0; pixel < pixels; pixel++, packed += step << 1) {
    const down = <u32>(pixel / width * number(STRIDE_DOWN)), across = <u32>(pixel % width * number(STRIDE_ACROSS));
    let weights = word(PACKED_WEIGHT);
    for (let element = table; element < tableEnd; element += 4 * ELEMENT, weights += step) {
      runTile(tile, weights, packed, row, column, column, column + COLUMN_ENTRY, false);
      addTile(sums, tile, element, min(tableEnd, element + 4 * ELEMENT), down, across);
    }
  }
  for (let channel: usize = 0; channel < number(RESULT_CHANNELS); channel++) {
    const from = sums + (channel * bandPixels() << 5);
    storePixels(thread, word(FIRST_GROUP) + place, channel, from, 32, 0, bandPixels());
  }
}

/** Adds the rows of a tile to the pixels of the result that the elements meet. */
function addTile(sums: usize, tile: usize, element: usize, end: usize, down: u32, across: u32): void {
  const height = <u32>number(RESULT_BAND_HEIGHT), width = <u32>number(RESULT_WIDTH);
  for (; element < end; element += ELEMENT, tile += 32) {
    // A negative row or column is a large unsigned number.
    const row = down + load<u32>(element, 4), column = across + load<u32>(element, 8);
    if (row >= height || column >= width) continue;
    const to = sums + (((load<u32>(element) * height + row) * width + column) << 5);
    v128.store(to, f32x4.add(v128.load(to), v128.load(tile)));
    v128.store(to, f32x4.add(v128.load(to, 16), v128.load(tile, 16)), 16);
  }
}
