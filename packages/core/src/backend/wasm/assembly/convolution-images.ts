/**
 * What convolutions by images share: the packing of images and weights, and the storing of results.
 *
 * Images are computed in groups of 8, one per lane of two vectors. If there are too few to fill the lanes, each is cut into
 * BANDS of rows of the result, and a lane is a band: the rows of x that the band needs, with zeros outside of the image.
 * A group is packed to `[pixel][channel][8]`, the weights to blocks `[kernel row][kernel column][channel][4]` of 4 rows.
 */
import { scratchOf, setWord, word } from './control';
import { storeTransposed } from './packing';
import { dispatch, threads } from './pool';

const LANES: usize = 8;
/** Pieces of a group's pixels in packing. */
const PIECES: usize = 4;

const OUT = 0, X = 1, WEIGHT = 2, BIAS = 3, SPEC = 4, WORKSPACE = 5, FIRST_GROUP = 6;
/** Parts into which a group is cut for the threads. */
export const PARTS = 7;

// The numbers of a specification; backend/wasm/convolution-tables.ts describes and computes them.
const LANE_TABLE = 0, GROUPS = 1, GROUPS_AT_ONCE = 2, GROUP_BYTES = 3, NANOSECONDS = 4, MOST_PARTS = 5;
const PACKED_IMAGES = 6, ZEROS = 7, BUFFERS = 8, BUFFER_BYTES = 9;
const HEIGHT = 10;
export const WIDTH = 11, PIXELS = 12, CHANNELS = 13, RESULT_CHANNELS = 14, RESULT_HEIGHT = 15, RESULT_WIDTH = 16;
const ROWS = 17, KERNEL_HEIGHT = 18, KERNEL_WIDTH = 19, ROW_STEP = 20, CHANNEL_STEP = 21, ORDER = 22;
export const BLOCK_BYTES = 23;
/** The first number that differs between the kernels. */
export const SPECIFIC = 24;

// A lane, in 16 bytes: offset of its image in x, first row of its band there, offset of the band in the result, and its pixels.
const LANE: usize = 16;

export function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

/** Address of the table whose offset is number `i`. */
export function table(i: i32): usize {
  return word(SPEC) + number(i);
}

/** Packs weights and images, and runs `job`, whose chunks are the groups times their parts. */
export function runGroups(
  job: (thread: i32, chunk: i32) => void, out: usize, x: usize, weight: usize, bias: usize, spec: usize, workspace: usize,
): void {
  setWord(OUT, out); setWord(X, x); setWord(WEIGHT, weight); setWord(BIAS, bias); setWord(SPEC, spec);
  setWord(WORKSPACE, workspace);
  memory.fill(workspace + number(ZEROS), 0, number(WIDTH) + 4 << 2);
  const blocks = number(ROWS) + 3 >> 2;
  dispatch(packWeights, <i32>blocks, <f64>(blocks * number(BLOCK_BYTES)));
  const step = number(GROUPS_AT_ONCE);
  for (let group: usize = 0; group < number(GROUPS); group += step) {
    const count = min(step, number(GROUPS) - group);
    const parts = min(number(MOST_PARTS), (2 * <usize>threads() + count - 1) / count);
    const nanoseconds = <f64>count * <f64>number(NANOSECONDS);
    setWord(FIRST_GROUP, group); setWord(PARTS, parts);
    dispatch(packImages, <i32>(count * PIECES), nanoseconds);
    dispatch(job, <i32>(count * parts), nanoseconds);
  }
}

export function packedWeights(block: usize): usize {
  return word(WORKSPACE) + block * number(BLOCK_BYTES);
}

/** The packed group number `place` of those that are packed at a time. */
export function packedGroup(place: usize): usize {
  return word(WORKSPACE) + number(PACKED_IMAGES) + place * number(GROUP_BYTES);
}

export function bufferOf(thread: i32): usize {
  return word(WORKSPACE) + number(BUFFERS) + <usize>thread * number(BUFFER_BYTES);
}

/** Job: packs a block of 4 rows of weights. Missing rows become zeros. */
function packWeights(_thread: i32, block: i32): void {
  const channels = number(CHANNELS), width = number(KERNEL_WIDTH), step = number(CHANNEL_STEP) << 2;
  const first = <usize>block << 2, order = table(ORDER);
  for (let o: usize = 0; o < 4; o++) {
    const inside = first + o < number(ROWS);
    let to = packedWeights(block) + (o << 2);
    for (let i: usize = 0; i < number(KERNEL_HEIGHT); i++) {
      for (let j: usize = 0; j < width; j++) {
        const tap = i * width + load<u32>(order + (j << 2));
        let from = word(WEIGHT) + ((first + o) * number(ROW_STEP) + tap << 2);
        for (let c: usize = 0; c < channels; c++, to += 16, from += step) store<f32>(to, inside ? load<f32>(from) : 0);
      }
    }
  }
}

function laneOf(lane: usize): usize {
  return table(LANE_TABLE) + lane * LANE;
}

/** Address of row `row` of a lane's band in the first channel; 0 for a row outside of the image. */
function rowOf(lane: usize, row: usize): usize {
  const y = load<u32>(laneOf(lane), 4) + row; // a row above the image is a large unsigned number
  return y >= <u32>number(HEIGHT) ? 0 : word(X) + load<u32>(laneOf(lane)) + (y * number(WIDTH) << 2);
}

/** Job: packs a piece of the pixels of a group. */
function packImages(_thread: i32, chunk: i32): void {
  const width = number(WIDTH), pixels = number(PIXELS);
  const place = <usize>chunk / PIECES;
  const piece = (pixels + PIECES - 1) / PIECES + 3 & ~3;
  const to = min(pixels, (<usize>chunk % PIECES + 1) * piece);
  for (let pixel = <usize>chunk % PIECES * piece; pixel < to; ) {
    const row = pixel / width;
    const end = min(to, (row + 1) * width);
    for (let half: usize = 0; half < LANES; half += 4) {
      packRow(packedGroup(place) + (half << 2), (word(FIRST_GROUP) + place) * LANES + half, row, pixel, end);
    }
    pixel = end;
  }
}

/** Packs pixels `from` … `to − 1`, which are in one row, of 4 lanes. */
function packRow(out: usize, lane: usize, row: usize, from: usize, to: usize): void {
  const channels = number(CHANNELS), step = channels << 5, plane = number(HEIGHT) * number(WIDTH) << 2;
  const zeros = word(WORKSPACE) + number(ZEROS), start = row * number(WIDTH);
  let a0 = rowOf(lane, row), a1 = rowOf(lane + 1, row), a2 = rowOf(lane + 2, row), a3 = rowOf(lane + 3, row);
  const p0: usize = a0 == 0 ? 0 : plane, p1: usize = a1 == 0 ? 0 : plane;
  const p2: usize = a2 == 0 ? 0 : plane, p3: usize = a3 == 0 ? 0 : plane;
  a0 = a0 == 0 ? zeros : a0; a1 = a1 == 0 ? zeros : a1; a2 = a2 == 0 ? zeros : a2; a3 = a3 == 0 ? zeros : a3;
  for (let pixel = from; pixel < to; pixel += 4) {
    const at = pixel - start << 2;
    const whole = pixel + 4 <= to;
    let target = out + pixel * step;
    let b0 = a0 + at, b1 = a1 + at, b2 = a2 + at, b3 = a3 + at;
    for (let c: usize = 0; c < channels; c++, target += 32, b0 += p0, b1 += p1, b2 += p2, b3 += p3) {
      if (whole) {
        storeTransposed(target, step, v128.load(b0), v128.load(b1), v128.load(b2), v128.load(b3));
        continue;
      }
      for (let p: usize = 0; p < to - pixel; p++) {
        store<f32>(target + p * step, load<f32>(b0 + (p << 2)));
        store<f32>(target + p * step, load<f32>(b1 + (p << 2)), 4);
        store<f32>(target + p * step, load<f32>(b2 + (p << 2)), 8);
        store<f32>(target + p * step, load<f32>(b3 + (p << 2)), 12);
      }
    }
  }
}

/**
 * Stores pixels `first` … `first + count − 1` of one channel of a group, with the bias added. Their vectors of 8 lanes are
 * `step` bytes apart. A band may have fewer pixels.
 */
export function storePixels(thread: i32, place: usize, channel: usize, from: usize, step: usize, first: usize, count: usize): void {
  const bias = word(BIAS) == 0 ? f32x4.splat(0) : v128.load32_splat(word(BIAS) + (channel << 2));
  const offset = word(OUT) + (channel * number(RESULT_HEIGHT) * number(RESULT_WIDTH) + first << 2);
  let lane = laneOf((word(FIRST_GROUP) + place) * LANES);
  for (let half: usize = 0; half < LANES; half += 4, from += 16, lane += 4 * LANE) {
    const least = min(min(load<u32>(lane, 12), load<u32>(lane, 28)), min(load<u32>(lane, 44), load<u32>(lane, 60)));
    const stored: usize = first + count <= <usize>least ? count & ~3 : 0;
    if (stored > 0) storeQuads(offset, lane, from, step, stored, bias);
    for (let n: usize = 0; n < 4; n++) {
      const to = offset + load<u32>(lane + n * LANE, 8), pixels = load<u32>(lane + n * LANE, 12);
      for (let pixel = stored; pixel < count && first + pixel < pixels; pixel++) {
        v128.store(scratchOf(thread), f32x4.add(v128.load(from + pixel * step), bias));
        store<f32>(to + (pixel << 2), load<f32>(scratchOf(thread) + (n << 2)));
      }
    }
  }
}

/** Stores `count` pixels, a multiple of 4, of 4 lanes. */
function storeQuads(offset: usize, lane: usize, from: usize, step: usize, count: usize, bias: v128): void {
  let t0 = offset + load<u32>(lane, 8), t1 = offset + load<u32>(lane, 24);
  let t2 = offset + load<u32>(lane, 40), t3 = offset + load<u32>(lane, 56);
  for (const end = from + count * step; from < end; from += 4 * step, t0 += 16, t1 += 16, t2 += 16, t3 += 16) {
    const v0 = f32x4.add(v128.load(from), bias), v1 = f32x4.add(v128.load(from + step), bias);
    const v2 = f32x4.add(v128.load(from + 2 * step), bias), v3 = f32x4.add(v128.load(from + 3 * step), bias);
    const a = i32x4.shuffle(v0, v1, 0, 4, 1, 5), b = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
    const c = i32x4.shuffle(v2, v3, 0, 4, 1, 5), d = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
    v128.store(t0, i64x2.shuffle(a, c, 0, 2));
    v128.store(t1, i64x2.shuffle(a, c, 1, 3));
    v128.store(t2, i64x2.shuffle(b, d, 0, 2));
    v128.store(t3, i64x2.shuffle(b, d, 1, 3));
  }
}
