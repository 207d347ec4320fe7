/**
 * Convolution and transposed convolution without a copy of the windows.
 *
 * Images are computed in groups of 8, one per lane of two vectors. A group is copied to `[pixel][channel][8]` and the weights to
 * blocks `[kernel row][kernel column][channel][4]` of 4 result channels. A tile is then 4 channels of one pixel of 8 images: the
 * sum of the runs of the packed image that its window covers (see runs.ts). Elements outside of the image are in no run. The
 * tables of the runs come from TypeScript; they are what distinguishes the two operations.
 *
 * A thread computes whole tiles, so the result is bit-identical for any number of threads.
 */
import { storeTransposed } from './gemm';
import { scratchOf, setWord, word } from './control';
import { dispatch, threads } from './pool';
import { runTile, TILE } from './runs';

const LANES: usize = 8;
/** Pixels of the result that a thread computes before it stores them. */
const BLOCK: usize = 64;
/** Pieces of a group's pixels in packing. */
const PIECES: usize = 4;
/** Bytes of packed images at a time, unless one group is larger. */
const MOST_PACKED: usize = 1 << 23;
/** Approximate nanoseconds per multiply-add, to decide whether to share the work. */
const COST: f64 = 0.04;

const OUT = 0, X = 1, WEIGHT = 2, BIAS = 3, SPEC = 4, PACKED_WEIGHT = 5, PACKED_X = 6, BUFFERS = 7, FIRST_GROUP = 8, PARTS = 9;

// The numbers at the start of `spec`.
const BATCH = 0, CHANNELS = 1, PIXELS = 2, RESULT_CHANNELS = 3, RESULT_HEIGHT = 4, RESULT_WIDTH = 5;
const KERNEL_HEIGHT = 6, KERNEL_WIDTH = 7, WEIGHT_STEP = 8, CHANNEL_STEP = 9, ROWS = 10, COLUMNS = 11, ORDER = 12;

@inline
function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

@inline
function groupBytes(): usize {
  return number(PIXELS) * number(CHANNELS) * LANES << 2;
}

/** Bytes of a block of 4 channels of packed weights. */
@inline
function blockBytes(): usize {
  return number(KERNEL_HEIGHT) * number(KERNEL_WIDTH) * number(CHANNELS) << 4;
}

/** Number of groups that are packed at a time. */
function groupsAtOnce(hands: usize): usize {
  const groups = (number(BATCH) + LANES - 1) / LANES;
  return min(groups, max(1, min(hands, MOST_PACKED / max(1, groupBytes()))));
}

/** Bytes of workspace for `convolve`: packed weights, packed images, and a buffer for each thread. */
export function convolveWorkspace(spec: usize, hands: i32): usize {
  setWord(SPEC, spec);
  const weights = (number(RESULT_CHANNELS) + 3 >> 2) * blockBytes();
  return weights + groupsAtOnce(hands) * groupBytes() + <usize>hands * BLOCK * TILE;
}

/**
 * @param bias - address of a float per result channel, or 0
 * @param spec - see the constants: sizes; steps in floats between weights of neighbouring channels of the result, and of x; byte
 * offsets, from `spec`, of the tables of row entries and column entries, and of the order of kernel columns in the packed weights.
 * A table is the byte offsets, from `spec`, of the first entry of each row (or column) of the result and of the end; then the entries.
 */
export function convolve(
  out: usize, x: usize, weight: usize, bias: usize, spec: usize, hands: i32, workspace: usize,
): void {
  setWord(OUT, out); setWord(X, x); setWord(WEIGHT, weight); setWord(BIAS, bias);
  setWord(SPEC, spec);
  const blocks = number(RESULT_CHANNELS) + 3 >> 2;
  const atOnce = groupsAtOnce(hands);
  setWord(PACKED_WEIGHT, workspace);
  setWord(PACKED_X, workspace + blocks * blockBytes());
  setWord(BUFFERS, word(PACKED_X) + atOnce * groupBytes());
  const groups = (number(BATCH) + LANES - 1) / LANES;
  const taps = number(KERNEL_HEIGHT) * number(KERNEL_WIDTH) * number(CHANNELS);
  dispatch(packWeights, <i32>blocks, <f64>(blocks * taps) * 4);
  const nanoseconds = <f64>(blocks * 32 * taps * number(RESULT_HEIGHT) * number(RESULT_WIDTH)) * COST;
  for (let group: usize = 0; group < groups; group += atOnce) {
    const count = min(atOnce, groups - group);
    const parts = min(blocks, (2 * <usize>threads() + count - 1) / count);
    setWord(FIRST_GROUP, group); setWord(PARTS, parts);
    dispatch(packImages, <i32>(count * PIECES), <f64>count * nanoseconds);
    dispatch(multiply, <i32>(count * parts), <f64>count * nanoseconds);
  }
}

/** Job: packs a block of 4 channels of weights. Missing channels become zeros. */
function packWeights(_thread: i32, block: i32): void {
  const channels = number(CHANNELS), width = number(KERNEL_WIDTH);
  const first = <usize>block << 2;
  const order = word(SPEC) + number(ORDER);
  let to = word(PACKED_WEIGHT) + <usize>block * blockBytes();
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

/** Job: packs a piece of the pixels of a group of images. Missing images become zeros. */
function packImages(_thread: i32, chunk: i32): void {
  const pixels = number(PIXELS), channels = number(CHANNELS);
  const place = <usize>chunk / PIECES;
  const group = word(FIRST_GROUP) + place;
  const piece = (pixels + PIECES - 1) / PIECES + 3 & ~3;
  const from = min(pixels, <usize>chunk % PIECES * piece), to = min(pixels, from + piece);
  const pitch = channels * pixels << 2;
  for (let half: usize = 0; half < 2; half++) {
    const first = group * LANES + half * 4;
    const images: usize = first >= number(BATCH) ? 0 : min(4, number(BATCH) - first);
    packQuad(
      word(PACKED_X) + place * groupBytes() + half * 16, word(X) + first * pitch, pitch, images, channels, pixels, from, to,
    );
  }
}

/** Packs pixels `from` … `to − 1` of up to 4 images. */
function packQuad(
  out: usize, x: usize, pitch: usize, images: usize, channels: usize, pixels: usize, from: usize, to: usize,
): void {
  const step = channels << 5;
  let pixel = from;
  if (images == 4) {
    for (; pixel + 4 <= to; pixel += 4) {
      let at = x + (pixel << 2);
      let target = out + pixel * step;
      for (let c: usize = 0; c < channels; c++, at += pixels << 2, target += 32) {
        storeTransposed(
          target, step, v128.load(at), v128.load(at + pitch), v128.load(at + 2 * pitch), v128.load(at + 3 * pitch),
        );
      }
    }
  }
  for (; pixel < to; pixel++) {
    for (let c: usize = 0; c < channels; c++) {
      const target = out + pixel * step + (c << 5);
      for (let n: usize = 0; n < 4; n++) {
        store<f32>(target + (n << 2), n < images ? load<f32>(x + n * pitch + (c * pixels + pixel << 2)) : 0);
      }
    }
  }
}

/** Job: computes a part of the channels of a group of images. */
function multiply(thread: i32, chunk: i32): void {
  const parts = word(PARTS);
  const place = <usize>chunk / parts, part = <usize>chunk % parts;
  const blocks = number(RESULT_CHANNELS) + 3 >> 2;
  const packed = word(PACKED_X) + place * groupBytes();
  const pixels = number(RESULT_HEIGHT) * number(RESULT_WIDTH);
  const buffer = word(BUFFERS) + <usize>thread * BLOCK * TILE;
  for (let first: usize = 0; first < pixels; first += BLOCK) {
    const count = min(BLOCK, pixels - first);
    for (let block = blocks * part / parts; block < blocks * (part + 1) / parts; block++) {
      computePixels(buffer, word(PACKED_WEIGHT) + block * blockBytes(), packed, first, count);
      storeBlock(thread, buffer, (word(FIRST_GROUP) + place) * LANES, block << 2, first, count);
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

/** Stores the tiles of `count` pixels, each `[4 channels][8 images]`, in the images' planes. */
function storeBlock(thread: i32, buffer: usize, image: usize, channel: usize, first: usize, count: usize): void {
  const channels = number(RESULT_CHANNELS);
  const plane = number(RESULT_HEIGHT) * number(RESULT_WIDTH) << 2;
  for (let half: usize = 0; half < 2; half++, image += 4) {
    const images: usize = image >= number(BATCH) ? 0 : min(4, number(BATCH) - image);
    for (let o: usize = 0; o < 4 && channel + o < channels; o++) {
      const bias = word(BIAS) == 0 ? f32x4.splat(0) : v128.load32_splat(word(BIAS) + (channel + o << 2));
      const to = word(OUT) + (image * channels + channel + o) * plane + (first << 2);
      storeRow(thread, to, channels * plane, images, buffer + (o << 5) + (half << 4), count, bias);
    }
  }
}

/** Stores one channel of up to 4 images, `pitch` bytes apart; the vectors of neighbouring pixels are `TILE` bytes apart. */
function storeRow(thread: i32, to: usize, pitch: usize, images: usize, from: usize, count: usize, bias: v128): void {
  let pixel: usize = 0;
  if (images == 4) {
    for (; pixel + 4 <= count; pixel += 4, to += 16, from += 4 * TILE) {
      storeTransposed(
        to, pitch, f32x4.add(v128.load(from), bias), f32x4.add(v128.load(from, TILE), bias),
        f32x4.add(v128.load(from, 2 * TILE), bias), f32x4.add(v128.load(from, 3 * TILE), bias),
      );
    }
  }
  const vector = scratchOf(thread);
  for (; pixel < count; pixel++, to += 4, from += TILE) {
    v128.store(vector, f32x4.add(v128.load(from), bias));
    for (let n: usize = 0; n < images; n++) store<f32>(to + n * pitch, load<f32>(vector + (n << 2)));
  }
}
