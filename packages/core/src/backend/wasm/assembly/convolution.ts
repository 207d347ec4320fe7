/**
 * Convolution and transposed convolution without a copy of the windows: each pixel of the result is the sum of the runs of the
 * packed images that its window covers (see runs.ts). A tile is 4 channels of one pixel of 8 lanes (see convolution-images.ts).
 * The weights are packed to blocks `[kernel row][kernel column][channel][4]` of 4 result channels.
 *
 * Elements outside of the image are in no run. The tables of the runs come from TypeScript; they are what distinguishes the
 * two operations. A thread computes whole tiles, so the result is bit-identical for any number of threads.
 */
import { setWord, word } from './control';
import {
  BIAS, bandPixels, CHANNELS, CHANNEL_STEP, COST, FIRST_GROUP, groupCount, groupsAtOnce, imagesWorkspace, KERNEL_HEIGHT,
  KERNEL_WIDTH, number, OUT, OWN, packedGroup, packImages, PARTS, PIECES, RESULT_CHANNELS, RESULT_WIDTH, setImages, SPEC,
  SPECIFIC, storePixels, WEIGHT, WEIGHT_STEP, X,
} from './convolution-images';
import { dispatch, threads } from './pool';
import { runTile, TILE } from './runs';

/** Pixels of the result that a thread computes before it stores them. */
const BLOCK: usize = 64;

const PACKED_WEIGHT = OWN, BUFFERS = OWN + 1;

/** Byte offsets in the specification: the tables of row and column entries, and the order of kernel columns in the packed weights. */
const ROWS = SPECIFIC, COLUMNS = SPECIFIC + 1, ORDER = SPECIFIC + 2;

@inline
function blocks(): usize {
  return number(RESULT_CHANNELS) + 3 >> 2;
}

/** Products of one element of the result. */
@inline
function depth(): usize {
  return number(KERNEL_HEIGHT) * number(KERNEL_WIDTH) * number(CHANNELS);
}

/** Bytes of workspace for `convolve`: packed weights, packed images, and a buffer for each thread. */
export function convolveWorkspace(spec: usize, hands: usize): usize {
  setWord(SPEC, spec);
  return blocks() * depth() * 16 + hands * BLOCK * TILE + imagesWorkspace(hands);
}

/**
 * @param bias - address of a float per result channel, or 0
 * @param spec - the numbers of convolution-images.ts and above. A table is the byte offsets, from `spec`, of the first entry of
 * each row (or column) of the result and of the end; then the entries.
 */
export function convolve(
  out: usize, x: usize, weight: usize, bias: usize, spec: usize, hands: usize, workspace: usize,
): void {
  setWord(OUT, out); setWord(X, x); setWord(WEIGHT, weight); setWord(BIAS, bias); setWord(SPEC, spec);
  setWord(PACKED_WEIGHT, workspace);
  setWord(BUFFERS, workspace + blocks() * depth() * 16);
  setImages(hands, word(BUFFERS) + hands * BLOCK * TILE);
  dispatch(packWeights, <i32>blocks(), <f64>(blocks() * depth()) * 4);
  const nanoseconds = <f64>(blocks() * 32 * depth() * bandPixels()) * COST;
  for (let group: usize = 0; group < groupCount(); group += groupsAtOnce(hands)) {
    const count = min(groupsAtOnce(hands), groupCount() - group);
    const parts = min(blocks(), (2 * <usize>threads() + count - 1) / count);
    setWord(FIRST_GROUP, group); setWord(PARTS, parts);
    dispatch(packImages, <i32>(count * PIECES), <f64>count * nanoseconds);
    dispatch(multiply, <i32>(count * parts), <f64>count * nanoseconds);
  }
}

/** Job: packs a block of 4 channels of weights. Missing channels become zeros. */
function packWeights(_thread: i32, block: i32): void {
  const channels = number(CHANNELS), width = number(KERNEL_WIDTH), order = word(SPEC) + number(ORDER);
  const first = <usize>block << 2;
  let to = word(PACKED_WEIGHT) + <usize>block * depth() * 16;
  for (let i: usize = 0; i < number(KERNEL_HEIGHT); i++) {
    for (let j: usize = 0; j < width; j++) {
      const tap = i * width + load<u32>(order + (j << 2));
      for (let c: usize = 0; c < channels; c++, to += 16) {
        for (let o: usize = 0; o < 4; o++) {
          const from = (first + o) * number(WEIGHT_STEP) + c * number(CHANNEL_STEP) + tap;
          store<f32>(to + (o << 2), first + o < number(RESULT_CHANNELS) ? load<f32>(word(WEIGHT) + (from << 2)) : 0);
        }
      }
    }
  }
}

/** Job: computes a part of the channels of a group. */
function multiply(thread: i32, chunk: i32): void {
  const parts = word(PARTS), place = <usize>chunk / parts, part = <usize>chunk % parts;
  const group = word(FIRST_GROUP) + place;
  const buffer = word(BUFFERS) + <usize>thread * BLOCK * TILE;
  for (let first: usize = 0; first < bandPixels(); first += BLOCK) {
    const count = min(BLOCK, bandPixels() - first);
    for (let block = blocks() * part / parts; block < blocks() * (part + 1) / parts; block++) {
      computePixels(buffer, word(PACKED_WEIGHT) + block * depth() * 16, packedGroup(place), first, count);
      for (let o: usize = 0; o < min(4, number(RESULT_CHANNELS) - (block << 2)); o++) {
        storePixels(thread, group, (block << 2) + o, buffer + (o << 5), TILE, first, count);
      }
    }
  }
}

/** The tiles of `count` consecutive pixels. */
function computePixels(buffer: usize, weights: usize, packed: usize, first: usize, count: usize): void {
  const spec = word(SPEC), width = number(RESULT_WIDTH);
  let row = spec + number(ROWS) + (first / width << 2);
  const columns = spec + number(COLUMNS), columnsEnd = columns + (width << 2);
  let column = columns + (first % width << 2);
  for (const end = buffer + count * TILE; buffer < end; buffer += TILE) {
    runTile(
      buffer, weights, packed, spec + load<u32>(row), spec + load<u32>(row, 4),
      spec + load<u32>(column), spec + load<u32>(column, 4), false,
    );
    column += 4;
    if (column == columnsEnd) {
      column = columns;
      row += 4;
    }
  }
}
