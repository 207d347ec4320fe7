/**
 * Convolutions as matrix products by a library of the machine. Images are computed in groups of `LANES`. A group is packed so
 * that its images are innermost, `[channel][pixel][image]`; its maps are `[map][window][image]`. Then the elements that windows
 * cover are copied as whole vectors to the matrix COLUMNS, `[channel, kernel row, kernel column][window][image]`, for a band of
 * rows of windows at a time, which stays in the cache:
 *
 *   convolution  maps = weight · columns
 *   transposed   columns = weightᵀ · maps, and the columns are added to the images
 *   weight       weight = Σ maps · columnsᵀ
 *
 * Groups, bands and the slices of the sum over groups depend on the shape alone, so bits do not depend on the number of threads.
 *
 * This is a module of its own, which only the native backend loads: the kernels call `runChunk` (see native-job.ts).
 */
import { word } from './control';
import { atMost4, packLines, storeTransposed } from './packing';

/** See gemm-native.ts. */
// @ts-ignore: decorator
@external('env', 'product')
declare function product(
  a: usize, lengthA: usize, transposeA: bool, b: usize, lengthB: usize, transposeB: bool,
  c: usize, lengthC: usize, m: usize, n: usize, k: usize, accumulate: bool,
): void;

/** Pixels that are packed at a time. */
const PIECE: usize = 128;

/** Floats of the weight that a chunk adds up. */
const SUM_PIECE: usize = 4096;

// Parameters of the job. BIAS is the address of a float per channel of the result, or 0.
const KIND = 0, OUT = 1, LEFT = 2, RIGHT = 3, BIAS = 4, SPEC = 5, WORKSPACE = 6;
const CONVOLVE = 0, TRANSPOSE = 1, SUM_SLICE = 2, ADD_SLICES = 3;

// The numbers of the specification; backend/native/convolution-numbers.ts computes them.
const BATCH = 0, CHANNELS = 1, HEIGHT = 2, WIDTH = 3, MAPS = 4, DOWN = 5, ACROSS = 6, KERNEL_HEIGHT = 7, KERNEL_WIDTH = 8;
const STRIDE_DOWN = 9, STRIDE_ACROSS = 10, PADDING_DOWN = 11, PADDING_ACROSS = 12, DILATION_DOWN = 13, DILATION_ACROSS = 14;
const LANES = 15, BAND = 16, SLICES = 17, SLICE_BYTES = 18, MAPS_AT = 19, COLUMNS_AT = 20, BUFFERS_AT = 21, BUFFER_BYTES = 22;

@inline
function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

function groups(): usize {
  return (number(BATCH) + number(LANES) - 1) / number(LANES);
}

/** Images of a group, rounded up to a multiple of 4. */
function lanesOf(group: usize): usize {
  return min(number(LANES), number(BATCH) - group * number(LANES) + 3 & ~3);
}

/** The packed images of a thread. */
function imagesOf(thread: i32): usize {
  return word(WORKSPACE) + number(BUFFERS_AT) + <usize>thread * number(BUFFER_BYTES);
}

function imageSize(): usize {
  return number(CHANNELS) * number(HEIGHT) * number(WIDTH);
}

function windows(): usize {
  return number(DOWN) * number(ACROSS);
}

function depth(): usize {
  return number(CHANNELS) * number(KERNEL_HEIGHT) * number(KERNEL_WIDTH);
}

/** Runs a chunk of a job. */
export function runChunk(thread: i32, chunk: i32): void {
  switch (<i32>word(KIND)) {
    case CONVOLVE: convolveGroup(thread, chunk); break;
    case TRANSPOSE: transposeGroup(thread, chunk); break;
    case SUM_SLICE: sumSlice(thread, chunk); break;
    case ADD_SLICES: addSlices(chunk); break;
  }
}

/** Job: one group of a convolution. */
function convolveGroup(thread: i32, group: i32): void {
  const lanes = lanesOf(group), maps = imagesOf(thread) + number(MAPS_AT), row = windows() * lanes;
  pack(imagesOf(thread), word(LEFT), group, imageSize(), lanes);
  fill(maps, number(MAPS), row);
  for (let down: usize = 0; down < number(DOWN); down += number(BAND)) {
    const columns = bandColumns(down, lanes);
    walkWindows(thread, down, lanes, false);
    product(
      word(RIGHT), depth(), false, imagesOf(thread) + number(COLUMNS_AT), columns, false,
      maps + (down * number(ACROSS) * lanes << 2), row, number(MAPS), columns, depth(), word(BIAS) != 0,
    );
  }
  unpack(maps, group, number(MAPS) * windows(), lanes);
}

/** Job: one group of a transposed convolution. */
function transposeGroup(thread: i32, group: i32): void {
  const lanes = lanesOf(group), maps = imagesOf(thread) + number(MAPS_AT), row = windows() * lanes;
  const size = imageSize();
  pack(maps, word(LEFT), group, number(MAPS) * windows(), lanes);
  if (word(BIAS) == 0) memory.fill(imagesOf(thread), 0, size * lanes << 2);
  fill(imagesOf(thread), number(CHANNELS), number(HEIGHT) * number(WIDTH) * lanes);
  for (let down: usize = 0; down < number(DOWN); down += number(BAND)) {
    const columns = bandColumns(down, lanes);
    product(
      word(RIGHT), depth(), true, maps + (down * number(ACROSS) * lanes << 2), row, false,
      imagesOf(thread) + number(COLUMNS_AT), columns, depth(), columns, number(MAPS), false,
    );
    walkWindows(thread, down, lanes, true);
  }
  unpack(imagesOf(thread), group, size, lanes);
}

/** Job: the sum of a slice of the groups. */
function sumSlice(thread: i32, slice: i32): void {
  const slices = number(SLICES), maps = imagesOf(thread) + number(MAPS_AT);
  const first = groups() * slice / slices, to = word(WORKSPACE) + <usize>slice * number(SLICE_BYTES);
  for (let group = first; group < groups() * (<usize>slice + 1) / slices; group++) {
    const lanes = lanesOf(group);
    pack(imagesOf(thread), word(LEFT), group, imageSize(), lanes);
    pack(maps, word(RIGHT), group, number(MAPS) * windows(), lanes);
    for (let down: usize = 0; down < number(DOWN); down += number(BAND)) {
      const columns = bandColumns(down, lanes);
      walkWindows(thread, down, lanes, false);
      product(
        maps + (down * number(ACROSS) * lanes << 2), windows() * lanes, false, imagesOf(thread) + number(COLUMNS_AT), columns, true,
        to, depth(), number(MAPS), depth(), columns, group > first || down > 0,
      );
    }
  }
}

/** Job: adds up a piece of the slices, in their order. */
function addSlices(chunk: i32): void {
  const piece = <usize>chunk * SUM_PIECE << 2, sum = word(WORKSPACE) + piece;
  const bytes = min(SUM_PIECE << 2, number(SLICE_BYTES) - piece);
  for (let slice: usize = 1; slice < number(SLICES); slice++) {
    const from = sum + slice * number(SLICE_BYTES);
    for (let at: usize = 0; at < bytes; at += 16) v128.store(sum + at, f32x4.add(v128.load(sum + at), v128.load(from + at)));
  }
  memory.copy(word(OUT) + piece, sum, min(SUM_PIECE, number(MAPS) * depth() - (piece >> 2)) << 2);
}

/** Columns of the matrix of the band that begins with row `down` of the windows. */
function bandColumns(down: usize, lanes: usize): usize {
  return min(number(BAND), number(DOWN) - down) * number(ACROSS) * lanes;
}

/** Writes the bias, if there is one, to `count` rows of `length` floats. */
function fill(to: usize, count: usize, length: usize): void {
  if (word(BIAS) == 0) return;
  for (let i: usize = 0; i < count; i++) {
    const bias = v128.load32_splat(word(BIAS) + (i << 2));
    for (const end = to + (length << 2); to < end; to += 16) v128.store(to, bias);
  }
}

/** Copies a group of images or maps of `size` floats to `[size][lanes]`. Missing images become zeros. */
function pack(to: usize, from: usize, group: usize, size: usize, lanes: usize): void {
  const first = group * number(LANES), step = lanes << 2;
  for (let p: usize = 0; p < size; p += PIECE) {
    for (let lane: usize = 0; lane < lanes; lane += 4) {
      const image = first + lane;
      packLines(
        to + p * step + (lane << 2), step, from + (image * size + p << 2), size << 2, atMost4(number(BATCH) - image),
        min(PIECE, size - p),
      );
    }
  }
}

/** Copies a group from `[size][lanes]` to images or maps of the result. */
function unpack(from: usize, group: usize, size: usize, lanes: usize): void {
  const first = group * number(LANES), step = lanes << 2, pitch = size << 2;
  for (let p: usize = 0; p < size; p += 4) {
    for (let lane: usize = 0; lane < lanes; lane += 4) {
      const at = from + p * step + (lane << 2), count = atMost4(number(BATCH) - first - lane);
      const to = word(OUT) + ((first + lane) * size + p << 2);
      if (count == 4 && p + 4 <= size) {
        storeTransposed(to, pitch, v128.load(at), v128.load(at + step), v128.load(at + 2 * step), v128.load(at + 3 * step));
        continue;
      }
      for (let i: usize = 0; i < count; i++) {
        for (let j: usize = 0; j < atMost4(size - p); j++) store<f32>(to + i * pitch + (j << 2), load<f32>(at + j * step + (i << 2)));
      }
    }
  }
}

/** Copies a band of windows from the packed images to the columns, or adds the columns to the images. */
function walkWindows(thread: i32, down: usize, lanes: usize, add: bool): void {
  const height = number(HEIGHT), width = number(WIDTH), across = number(ACROSS), pixel = lanes << 2;
  const stride = number(STRIDE_ACROSS), end = min(number(DOWN), down + number(BAND));
  let column = imagesOf(thread) + number(COLUMNS_AT);
  for (let c: usize = 0; c < number(CHANNELS); c++) {
    for (let i: usize = 0; i < number(KERNEL_HEIGHT); i++) {
      for (let j: usize = 0; j < number(KERNEL_WIDTH); j++) {
        const offset = <isize>(j * number(DILATION_ACROSS)) - <isize>number(PADDING_ACROSS);
        // Windows from `first` to `last` − 1 have this element inside of the image.
        const first = min(across, offset < 0 ? (stride - 1 - offset) / stride : 0);
        const last = max(first, min(across, offset < <isize>width ? (width - 1 - offset) / stride + 1 : 0));
        for (let p = down; p < end; p++) {
          const y = p * number(STRIDE_DOWN) + i * number(DILATION_DOWN) - number(PADDING_DOWN); // large if above the image
          const inside = y < height;
          const image = imagesOf(thread) + ((c * height + y) * width + first * stride + offset) * pixel;
          const from = column + (inside ? first : across) * pixel, to = column + (inside ? last : across) * pixel;
          const next = column + across * pixel;
          if (add) {
            moveWindows(image, from, to, pixel, stride * pixel, true);
          } else {
            for (; column < from; column += 16) v128.store(column, f32x4.splat(0));
            moveWindows(image, from, to, pixel, stride * pixel, false);
            for (column = to; column < next; column += 16) v128.store(column, f32x4.splat(0));
          }
          column = next;
        }
      }
    }
  }
}

/** Copies neighbouring windows of one element from an image, or adds them to it. */
@inline
function moveWindows(image: usize, column: usize, end: usize, pixel: usize, step: usize, add: bool): void {
  for (; column < end; image += step - pixel) {
    for (const next = column + pixel; column < next; column += 16, image += 16) {
      if (add) v128.store(image, f32x4.add(v128.load(image), v128.load(column)));
      else v128.store(column, v128.load(image));
    }
  }
}
