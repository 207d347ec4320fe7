/**
 * Convolution and transposed convolution without a copy of the windows: each pixel of the result is the sum of the runs of the
 * packed images that its window covers (see runs.ts). A tile is 4 channels of one pixel of 8 lanes (see convolution-images.ts).
 *
 * Elements outside of the image are in no run. The tables of the runs come from TypeScript; they are what distinguishes the
 * two operations. A thread computes whole tiles, so the result is bit-identical for any number of threads.
 */
import { word } from './control';
import {
  bufferOf, number, packedGroup, packedWeights, PARTS, RESULT_CHANNELS, RESULT_WIDTH, runGroups, SPECIFIC, storePixels, table,
} from './convolution-images';
import { runTile, TILE } from './runs';

/** Pixels of the result that a thread computes before it stores them. */
const BLOCK: usize = 64;

// The tables: for each row and column of the result, the address of its first entry, from the table on; and pixels of a band.
const ROW_TABLE = SPECIFIC, COLUMN_TABLE = SPECIFIC + 1, BAND_PIXELS = SPECIFIC + 2;

/** @param bias - address of a float per result channel, or 0 */
export function convolve(out: usize, x: usize, weight: usize, bias: usize, spec: usize, workspace: usize): void {
  runGroups(multiply, out, x, weight, bias, spec, workspace);
}

/** Job: computes a part of the channels of a group. */
function multiply(thread: i32, chunk: i32): void {
  const parts = word(PARTS), place = <usize>chunk / parts, part = <usize>chunk % parts;
  const channels = number(RESULT_CHANNELS), blocks = channels + 3 >> 2, pixels = number(BAND_PIXELS);
  const buffer = bufferOf(thread), packed = packedGroup(place);
  for (let first: usize = 0; first < pixels; first += BLOCK) {
    const count = min(BLOCK, pixels - first);
    for (let block = blocks * part / parts; block < blocks * (part + 1) / parts; block++) {
      computePixels(buffer, packedWeights(block), packed, first, count);
      for (let o: usize = 0; o < min(4, channels - (block << 2)); o++) {
        storePixels(thread, place, (block << 2) + o, buffer + (o << 5), TILE, first, count);
      }
    }
  }
}

/** The tiles of `count` consecutive pixels. */
function computePixels(buffer: usize, weights: usize, packed: usize, first: usize, count: usize): void {
  const width = number(RESULT_WIDTH), rows = table(ROW_TABLE), columns = table(COLUMN_TABLE);
  let row = rows + (first / width << 2), column = columns + (first % width << 2);
  for (const end = buffer + count * TILE; buffer < end; buffer += TILE) {
    runTile(
      buffer, weights, packed, rows + load<u32>(row), rows + load<u32>(row, 4),
      columns + load<u32>(column), columns + load<u32>(column, 4), false,
    );
    column += 4;
    if (column == columns + (width << 2)) {
      column = columns;
      row += 4;
    }
  }
}
