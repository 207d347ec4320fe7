/**
 * Convolutions with fewer result channels than a tile has rows: here the rows are kernel elements instead. For each pixel of the
 * packed images and 4 elements, a tile is the sum over the channels of x (see runs.ts). Its rows are added to the pixels of the
 * result that the elements meet, in a buffer of one group. The order of these additions does not depend on the threads.
 */
import {
  BLOCK_BYTES, bufferOf, number, packedGroup, packedWeights, PIXELS, RESULT_CHANNELS, RESULT_WIDTH, runGroups, SPECIFIC,
  storePixels, table,
} from './convolution-images';
import { COLUMN_ENTRY, ROW_ENTRY, runTile, TILE } from './runs';

// Columns of x, rows of a band of the result, strides, and the tables: one row and one column entry; and the elements.
const COLUMNS = SPECIFIC, BAND_HEIGHT = SPECIFIC + 1, STRIDE_DOWN = SPECIFIC + 2, STRIDE_ACROSS = SPECIFIC + 3;
const ENTRIES = SPECIFIC + 4, ELEMENTS = SPECIFIC + 5, ELEMENTS_END = SPECIFIC + 6;
/** Bytes of an element: its channel, and the row and column of the result that it meets for pixel (0, 0) of the band. */
const ELEMENT: usize = 12;

/** @param bias - address of a float per result channel, or 0 */
export function convolveFew(out: usize, x: usize, weight: usize, bias: usize, spec: usize, workspace: usize): void {
  runGroups(multiply, out, x, weight, bias, spec, workspace);
}

/** Job: computes a group. */
function multiply(thread: i32, place: i32): void {
  const tile = bufferOf(thread), sums = tile + TILE, row = table(ENTRIES), column = row + ROW_ENTRY;
  const width = number(COLUMNS), step = number(BLOCK_BYTES), band = number(BAND_HEIGHT) * number(RESULT_WIDTH) << 5;
  const elements = table(ELEMENTS), end = table(ELEMENTS_END);
  memory.fill(sums, 0, number(RESULT_CHANNELS) * band);
  let packed = packedGroup(place);
  for (let pixel: usize = 0; pixel < number(PIXELS); pixel++, packed += step << 1) {
    const down = <u32>(pixel / width * number(STRIDE_DOWN)), across = <u32>(pixel % width * number(STRIDE_ACROSS));
    let weights = packedWeights(0);
    for (let element = elements; element < end; element += 4 * ELEMENT, weights += step) {
      runTile(tile, weights, packed, row, column, column, column + COLUMN_ENTRY, false);
      addTile(sums, tile, element, min(end, element + 4 * ELEMENT), down, across);
    }
  }
  for (let channel: usize = 0; channel < number(RESULT_CHANNELS); channel++) {
    storePixels(thread, place, channel, sums + channel * band, 32, 0, band >> 5);
  }
}

/** Adds the rows of a tile to the pixels of the result that the elements meet. */
function addTile(sums: usize, tile: usize, element: usize, end: usize, down: u32, across: u32): void {
  const height = <u32>number(BAND_HEIGHT), width = <u32>number(RESULT_WIDTH);
  for (; element < end; element += ELEMENT, tile += 32) {
    // A negative row or column is a large unsigned number.
    const row = down + load<u32>(element, 4), column = across + load<u32>(element, 8);
    if (row >= height || column >= width) continue;
    const to = sums + (((load<u32>(element) * height + row) * width + column) << 5);
    v128.store(to, f32x4.add(v128.load(to), v128.load(tile)));
    v128.store(to, f32x4.add(v128.load(to, 16), v128.load(tile, 16)), 16);
  }
}
