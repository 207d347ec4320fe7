/**
 * What convolutions by images share: the packing of images, and the storing of results.
 *
 * Images are computed in groups of 8, one per lane of two vectors. If there are too few to fill the lanes, each is cut into
 * BANDS of rows of the result, and a lane is a band: the rows of x that the band needs, with zeros outside of the image.
 * A group is packed to `[pixel][channel][8]`.
 */
import { scratchOf, setWord, word } from './control';
import { storeTransposed } from './gemm';

export const LANES: usize = 8;
/** Pieces of a group's pixels in packing. */
export const PIECES: usize = 4;
/** Bytes of packed images at a time, unless one group is larger. */
const MOST_PACKED: usize = 1 << 23;
/** Approximate nanoseconds per multiply-add, to decide whether to share the work. */
export const COST: f64 = 0.04;

export const OUT = 0, X = 1, WEIGHT = 2, BIAS = 3, SPEC = 4, FIRST_GROUP = 5, PARTS = 6;
const PACKED = 7, ZEROS = 8;
/** The first parameter word that the kernels may use for themselves. */
export const OWN = 9;

// The numbers at the start of a specification. LANE_COUNT is the number of bands of all images.
const LANE_COUNT = 0, BANDS = 1, HEIGHT = 2, FIRST_ROW = 3, ROW_STEP = 4;
export const CHANNELS = 5, BAND_HEIGHT = 6, WIDTH = 7;
export const RESULT_CHANNELS = 8, RESULT_BAND_HEIGHT = 9, RESULT_WIDTH = 10;
const RESULT_HEIGHT = 11;
export const KERNEL_HEIGHT = 12, KERNEL_WIDTH = 13, WEIGHT_STEP = 14, CHANNEL_STEP = 15;
/** The first number that differs between the kernels. */
export const SPECIFIC = 16;

@inline
export function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

@inline
function signed(i: i32): i32 {
  return load<i32>(word(SPEC) + (<usize>i << 2));
}

/** Bytes of one packed group. */
@inline
export function groupBytes(): usize {
  return number(BAND_HEIGHT) * number(WIDTH) * number(CHANNELS) * LANES << 2;
}

/** Pixels of one band of the result. */
@inline
export function bandPixels(): usize {
  return number(RESULT_BAND_HEIGHT) * number(RESULT_WIDTH);
}

export function groupCount(): usize {
  return (number(LANE_COUNT) + LANES - 1) / LANES;
}

/** Number of groups that are packed at a time. */
export function groupsAtOnce(hands: usize): usize {
  return min(groupCount(), max(1, min(hands, MOST_PACKED / max(1, groupBytes()))));
}

/** Bytes of workspace for packed images: the groups, and a row of zeros. */
export function imagesWorkspace(hands: usize): usize {
  return groupsAtOnce(hands) * groupBytes() + (number(WIDTH) + 4 << 2);
}

export function setImages(hands: usize, workspace: usize): void {
  setWord(PACKED, workspace);
  setWord(ZEROS, workspace + groupsAtOnce(hands) * groupBytes());
  memory.fill(word(ZEROS), 0, number(WIDTH) + 4 << 2);
}

/** The packed group number `place` of those that are packed at a time. */
@inline
export function packedGroup(place: usize): usize {
  return word(PACKED) + place * groupBytes();
}

/** Address of row `row` of a lane's band in the first channel; 0 for a row outside of the image, or a lane without an image. */
function rowOf(lane: usize, row: usize): usize {
  if (lane >= number(LANE_COUNT)) return 0;
  const image = lane / number(BANDS), band = lane % number(BANDS);
  const y = <i32>(band * number(ROW_STEP) + row) + signed(FIRST_ROW);
  if (y < 0 || y >= signed(HEIGHT)) return 0;
  return word(X) + ((image * number(CHANNELS) * number(HEIGHT) + <usize>y) * number(WIDTH) << 2);
}

/** Job: packs a piece of the pixels of a group. Missing rows and lanes become zeros. */
export function packImages(_thread: i32, chunk: i32): void {
  const width = number(WIDTH), pixels = number(BAND_HEIGHT) * width;
  const place = <usize>chunk / PIECES;
  const piece = (pixels + PIECES - 1) / PIECES + 3 & ~3;
  const from = min(pixels, <usize>chunk % PIECES * piece), to = min(pixels, from + piece);
  for (let pixel = from; pixel < to; ) {
    const row = pixel / width;
    const end = min(to, (row + 1) * width);
    for (let half: usize = 0; half < LANES; half += 4) {
      const lane = (word(FIRST_GROUP) + place) * LANES + half;
      packRow(packedGroup(place) + (half << 2), lane, row, pixel, end);
    }
    pixel = end;
  }
}

/** Packs pixels `from` … `to − 1`, which are in one row, of 4 lanes. */
function packRow(out: usize, lane: usize, row: usize, from: usize, to: usize): void {
  const channels = number(CHANNELS), step = channels << 5, plane = number(HEIGHT) * number(WIDTH) << 2;
  let a0 = rowOf(lane, row), a1 = rowOf(lane + 1, row), a2 = rowOf(lane + 2, row), a3 = rowOf(lane + 3, row);
  const p0: usize = a0 == 0 ? 0 : plane, p1: usize = a1 == 0 ? 0 : plane;
  const p2: usize = a2 == 0 ? 0 : plane, p3: usize = a3 == 0 ? 0 : plane;
  const start = row * number(WIDTH), zeros = word(ZEROS);
  a0 = a0 == 0 ? zeros : a0; a1 = a1 == 0 ? zeros : a1; a2 = a2 == 0 ? zeros : a2; a3 = a3 == 0 ? zeros : a3;
  let pixel = from;
  for (; pixel + 4 <= to; pixel += 4) {
    const at = pixel - start << 2;
    let target = out + pixel * step;
    let b0 = a0 + at, b1 = a1 + at, b2 = a2 + at, b3 = a3 + at;
    for (let c: usize = 0; c < channels; c++, target += 32, b0 += p0, b1 += p1, b2 += p2, b3 += p3) {
      storeTransposed(target, step, v128.load(b0), v128.load(b1), v128.load(b2), v128.load(b3));
    }
  }
  for (; pixel < to; pixel++) {
    const at = pixel - start << 2;
    let target = out + pixel * step;
    for (let c: usize = 0; c < channels; c++, target += 32) {
      store<f32>(target, load<f32>(a0 + at + c * p0));
      store<f32>(target, load<f32>(a1 + at + c * p1), 4);
      store<f32>(target, load<f32>(a2 + at + c * p2), 8);
      store<f32>(target, load<f32>(a3 + at + c * p3), 12);
    }
  }
}

/** Number of a band's pixels from `first` on, at most `count`, that are in the result: the last band may be shorter. */
function pixelsOf(lane: usize, first: usize, count: usize): usize {
  if (lane >= number(LANE_COUNT)) return 0;
  const rows = number(RESULT_HEIGHT) - lane % number(BANDS) * number(RESULT_BAND_HEIGHT);
  const pixels = min(rows, number(RESULT_BAND_HEIGHT)) * number(RESULT_WIDTH);
  return first >= pixels ? 0 : min(count, pixels - first);
}

/** Address of a lane's band in a channel of the result. */
function resultOf(lane: usize, channel: usize): usize {
  const image = lane / number(BANDS), band = lane % number(BANDS);
  const plane = (image * number(RESULT_CHANNELS) + channel) * number(RESULT_HEIGHT);
  return word(OUT) + ((plane + band * number(RESULT_BAND_HEIGHT)) * number(RESULT_WIDTH) << 2);
}

/** Stores pixels `first` … `first + count − 1` of one channel, with the bias added. Their vectors of 8 lanes are `step` bytes apart. */
export function storePixels(thread: i32, group: usize, channel: usize, from: usize, step: usize, first: usize, count: usize): void {
  const bias = word(BIAS) == 0 ? f32x4.splat(0) : v128.load32_splat(word(BIAS) + (channel << 2));
  for (let half: usize = 0; half < LANES; half += 4, from += 16) {
    const lane = group * LANES + half;
    const whole = pixelsOf(lane, first, count) == count && pixelsOf(lane + 1, first, count) == count
      && pixelsOf(lane + 2, first, count) == count && pixelsOf(lane + 3, first, count) == count;
    const stored: usize = whole ? count & ~3 : 0;
    if (whole) storeQuads(lane, channel, from, step, first, stored, bias);
    for (let n: usize = 0; n < 4; n++) {
      const pixels = pixelsOf(lane + n, first, count);
      const to = resultOf(lane + n, channel) + (first << 2);
      for (let pixel = stored; pixel < pixels; pixel++) {
        v128.store(scratchOf(thread), f32x4.add(v128.load(from + pixel * step), bias));
        store<f32>(to + (pixel << 2), load<f32>(scratchOf(thread) + (n << 2)));
      }
    }
  }
}

/** Stores `count` pixels, a multiple of 4, of 4 lanes. */
function storeQuads(lane: usize, channel: usize, from: usize, step: usize, first: usize, count: usize, bias: v128): void {
  let t0 = resultOf(lane, channel) + (first << 2), t1 = resultOf(lane + 1, channel) + (first << 2);
  let t2 = resultOf(lane + 2, channel) + (first << 2), t3 = resultOf(lane + 3, channel) + (first << 2);
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
