/**
 * The gradient of a convolution with respect to its weights, without a copy of the windows: for each kernel element, the sum
 * over images and windows of a gradient times a pixel.
 *
 * Images are packed a few at a time. A LINE is 8 neighbouring floats of the rows of a window, stored pixel by pixel with the
 * channels inside: kernel columns times channels. For each line, image row and window across, the 8 floats are copied to the
 * panel of the line, whose rows are sorted so that those of one kernel row are neighbours; the gradients are copied to `[pixel][4]` for blocks of 4 maps. A tile is then 4 maps times a line of one
 * kernel row: the sum of one run per image (see runs.ts).
 *
 * The sums of the tiles are added up in the order of the images. Neither that order nor the number of images that are packed
 * at a time depends on the number of threads, so the result is bit-identical for any number.
 */
import { setWord, word } from './control';
import { packLines, storeTransposed } from './gemm';
import { dispatch, threads } from './pool';
import { COLUMN_ENTRY, ROW_ENTRY, runTile, TILE } from './runs';

/** Bytes of packed images and gradients at a time, unless one image is larger. */
const MOST_PACKED: usize = 384 << 10;
/** Windows that a tile adds up before it is added to the sums: with more, rounding errors grow. */
const LONGEST_SUM: usize = 384;
/** Pieces of the rows of an image in packing. */
const PIECES: usize = 4;
/** Approximate nanoseconds per multiply-add, to decide whether to share the work. */
const COST: f64 = 0.04;

const OUT = 0, X = 1, GRADIENT = 2, SPEC = 3, SUMS = 4, ENTRIES = 5, PANELS = 6, GRADIENTS = 7, ROW_BUFFERS = 8;
const FIRST_IMAGE = 9, IMAGES = 10, IMAGE_COUNT = 11, PARTS = 12;

// The numbers of `spec`.
const BATCH = 0, CHANNELS = 1, HEIGHT = 2, WIDTH = 3, MAPS = 4, DOWN = 5, ACROSS = 6, KERNEL_HEIGHT = 7, KERNEL_WIDTH = 8;
const STRIDE_DOWN = 9, STRIDE_ACROSS = 10, PADDING_DOWN = 11, PADDING_ACROSS = 12, DILATION_DOWN = 13, DILATION_ACROSS = 14;

@inline
function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

/** Rows of pixels that windows cover, with padding. */
@inline
function framedHeight(): usize {
  return (number(DOWN) - 1) * number(STRIDE_DOWN) + (number(KERNEL_HEIGHT) - 1) * number(DILATION_DOWN) + 1;
}

/** Columns of pixels that windows cover, with padding. */
@inline
function framedWidth(): usize {
  return (number(ACROSS) - 1) * number(STRIDE_ACROSS) + (number(KERNEL_WIDTH) - 1) * number(DILATION_ACROSS) + 1;
}

/** Number of pieces of a window's row that are contiguous in memory: with dilation, the columns are not neighbours. */
@inline
function pieces(): usize {
  return number(DILATION_ACROSS) == 1 ? 1 : number(KERNEL_WIDTH);
}

@inline
function linesOfPiece(): usize {
  const length = number(DILATION_ACROSS) == 1 ? number(KERNEL_WIDTH) * number(CHANNELS) : number(CHANNELS);
  return length + 7 >> 3;
}

@inline
function lines(): usize {
  return pieces() * linesOfPiece();
}

@inline
function blocks(): usize {
  return number(MAPS) + 3 >> 2;
}

/** Rows of a packed image that one kernel row reads from, one after the other: every `stride`th. */
@inline
function rowsOfPhase(): usize {
  return (framedHeight() + number(STRIDE_DOWN) - 1) / number(STRIDE_DOWN);
}

/** Byte offset of row y in a line of a packed image. */
@inline
function rowOffset(y: usize): usize {
  const stride = number(STRIDE_DOWN);
  return (y % stride * rowsOfPhase() + y / stride) * number(ACROSS) << 5;
}

/** Bytes of one line of one packed image. */
@inline
function lineBytes(): usize {
  return number(STRIDE_DOWN) * rowsOfPhase() * number(ACROSS) << 5;
}

/** Rows of windows in one run of a tile. */
@inline
function rowsOfRun(): usize {
  return min(number(DOWN), max(1, LONGEST_SUM / number(ACROSS)));
}

/** Bytes of the column entries of one kernel row: the runs of the windows of one image. */
@inline
function runsBytes(): usize {
  return (number(DOWN) + rowsOfRun() - 1) / rowsOfRun() * COLUMN_ENTRY;
}

/** Bytes of the row entries of the packed images, and of the column entries of all kernel rows. */
@inline
function entriesBytes(): usize {
  return imagesAtOnce() * ROW_ENTRY + number(KERNEL_HEIGHT) * runsBytes();
}

/** Bytes of the gradients of one image for a block of 4 maps. */
@inline
function mapBytes(): usize {
  return number(DOWN) * number(ACROSS) << 4;
}

@inline
function rowBufferBytes(): usize {
  return framedWidth() * number(CHANNELS) + 8 << 2;
}

@inline
function sumsBytes(): usize {
  return lines() * number(KERNEL_HEIGHT) * blocks() * TILE;
}

/** Number of images that are packed at a time. */
function imagesAtOnce(): usize {
  const image = lines() * lineBytes() + blocks() * mapBytes();
  return min(number(BATCH), max(1, MOST_PACKED / image));
}

/** Bytes of workspace for `convolveWeight`. */
export function convolveWeightWorkspace(spec: usize, hands: i32): usize {
  setWord(SPEC, spec);
  const image = lines() * lineBytes() + blocks() * mapBytes();
  return sumsBytes() + imagesAtOnce() * image + entriesBytes() + <usize>hands * rowBufferBytes();
}

/** @param spec - the address of the numbers above, none of which is 0 except padding */
export function convolveWeight(out: usize, x: usize, gradient: usize, spec: usize, workspace: usize): void {
  setWord(OUT, out); setWord(X, x); setWord(GRADIENT, gradient); setWord(SPEC, spec);
  const batch = number(BATCH), atOnce = imagesAtOnce(), rows = lines() * number(KERNEL_HEIGHT);
  setWord(IMAGES, atOnce);
  setWord(SUMS, workspace);
  setWord(PANELS, workspace + sumsBytes());
  setWord(GRADIENTS, word(PANELS) + atOnce * lines() * lineBytes());
  setWord(ENTRIES, word(GRADIENTS) + atOnce * blocks() * mapBytes());
  setWord(ROW_BUFFERS, word(ENTRIES) + entriesBytes());
  memory.fill(workspace, 0, sumsBytes());
  setEntries();
  setWord(PARTS, min(blocks(), (4 * <usize>threads() + rows - 1) / rows));
  const products = rows * blocks() * 32 * number(DOWN) * number(ACROSS);
  for (let image: usize = 0; image < batch; image += atOnce) {
    const count = min(atOnce, batch - image);
    const nanoseconds = <f64>(count * products) * COST;
    setWord(FIRST_IMAGE, image); setWord(IMAGE_COUNT, count);
    dispatch(pack, <i32>(count * PIECES), nanoseconds);
    dispatch(multiply, <i32>(rows * word(PARTS)), nanoseconds);
  }
  dispatch(unpack, <i32>blocks(), <f64>(rows * blocks() * 32));
}

/** The row entries, one per packed image, and the column entries of each kernel row. */
function setEntries(): void {
  let at = word(ENTRIES);
  for (let n: usize = 0; n < word(IMAGES); n++, at += ROW_ENTRY) {
    store<u32>(at, <u32>(n * mapBytes()));
    store<u32>(at, <u32>(n * lineBytes()), 4);
  }
  for (let i: usize = 0; i < number(KERNEL_HEIGHT); i++, at += runsBytes()) setRuns(at, i * number(DILATION_DOWN));
}

/** The runs of the windows for which the kernel row `offset` pixels below the first one is inside of the image; an empty run ends them. */
function setRuns(at: usize, offset: usize): void {
  const across = number(ACROSS), stride = number(STRIDE_DOWN), top = number(PADDING_DOWN), bottom = top + number(HEIGHT);
  const first: usize = offset >= top ? 0 : (top - offset + stride - 1) / stride;
  const last: usize = offset >= bottom ? 0 : min(number(DOWN), (bottom - offset + stride - 1) / stride);
  const end = at + runsBytes();
  for (let p = first; at < end; p += rowsOfRun(), at += COLUMN_ENTRY) {
    const count: usize = p >= last ? 0 : min(rowsOfRun(), last - p);
    store<u32>(at, <u32>(p * across << 4));
    store<u32>(at, <u32>(p * across << 5), 4);
    store<u32>(at, <u32>(count * across << 4), 8);
  }
}

/** Job: packs a piece of the rows of one image, and a piece of the maps of its gradient. */
function pack(thread: i32, chunk: i32): void {
  const n = <usize>chunk / PIECES, piece = <usize>chunk % PIECES;
  const image = word(FIRST_IMAGE) + n;
  const height = framedHeight();
  const buffer = word(ROW_BUFFERS) + <usize>thread * rowBufferBytes();
  memory.fill(buffer, 0, rowBufferBytes());
  for (let y = height * piece / PIECES; y < height * (piece + 1) / PIECES; y++) packRow(buffer, image, n, y);
  const pixels = number(DOWN) * number(ACROSS);
  for (let block = blocks() * piece / PIECES; block < blocks() * (piece + 1) / PIECES; block++) {
    const from = word(GRADIENT) + ((image * number(MAPS) + (block << 2)) * pixels << 2);
    const to = word(GRADIENTS) + (block * word(IMAGES) + n) * mapBytes();
    packLines(to, 16, from, pixels << 2, min(4, number(MAPS) - (block << 2)), pixels);
  }
}

/** Packs row y of an image, unless it is padding: through a buffer with the channels inside, whose frame stays 0. */
function packRow(buffer: usize, image: usize, n: usize, y: usize): void {
  const across = number(ACROSS), channels = number(CHANNELS);
  if (y < number(PADDING_DOWN) || y - number(PADDING_DOWN) >= number(HEIGHT)) return;
  fillRow(buffer, image, y - number(PADDING_DOWN));
  const step = number(STRIDE_ACROSS) * channels << 2;
  for (let line: usize = 0; line < lines(); line++) {
    const piece = line / linesOfPiece();
    let to = word(PANELS) + (line * word(IMAGES) + n) * lineBytes() + rowOffset(y);
    let from = buffer + (piece * number(DILATION_ACROSS) * channels + (line % linesOfPiece() << 3) << 2);
    for (let q: usize = 0; q < across; q++, to += 32, from += step) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  }
}

/** Copies one row of pixels of all channels, `[channels][width]`, to `[width][channels]`. */
function fillRow(buffer: usize, image: usize, y: usize): void {
  const channels = number(CHANNELS), across = number(PADDING_ACROSS), frame = framedWidth();
  const width: usize = frame <= across ? 0 : min(number(WIDTH), frame - across);
  const plane = number(HEIGHT) * number(WIDTH) << 2, step = channels << 2;
  const x = word(X) + image * channels * plane + (y * number(WIDTH) << 2);
  const to = buffer + across * step;
  let c: usize = 0;
  for (; c + 4 <= channels; c += 4) {
    const from = x + c * plane;
    let column: usize = 0;
    for (; column + 4 <= width; column += 4) {
      const at = from + (column << 2);
      storeTransposed(
        to + column * step + (c << 2), step,
        v128.load(at), v128.load(at + plane), v128.load(at + 2 * plane), v128.load(at + 3 * plane),
      );
    }
    for (; column < width; column++) {
      for (let i: usize = 0; i < 4; i++) {
        store<f32>(to + column * step + (c + i << 2), load<f32>(from + i * plane + (column << 2)));
      }
    }
  }
  for (; c < channels; c++) {
    for (let column: usize = 0; column < width; column++) {
      store<f32>(to + column * step + (c << 2), load<f32>(x + c * plane + (column << 2)));
    }
  }
}

/** Job: adds the packed images to the sums of one line of one kernel row, for a part of the maps. */
function multiply(_thread: i32, chunk: i32): void {
  const parts = word(PARTS);
  const place = <usize>chunk / parts, part = <usize>chunk % parts;
  const line = place / number(KERNEL_HEIGHT), i = place % number(KERNEL_HEIGHT);
  const panel = word(PANELS) + line * word(IMAGES) * lineBytes() + rowOffset(i * number(DILATION_DOWN));
  const first = word(ENTRIES), end = first + word(IMAGE_COUNT) * ROW_ENTRY;
  const columns = first + word(IMAGES) * ROW_ENTRY + i * runsBytes(), columnsEnd = columns + runsBytes();
  const step = max(1, LONGEST_SUM / (number(DOWN) * number(ACROSS))) * ROW_ENTRY;
  for (let block = blocks() * part / parts; block < blocks() * (part + 1) / parts; block++) {
    const sums = word(SUMS) + (place * blocks() + block) * TILE;
    const maps = word(GRADIENTS) + block * word(IMAGES) * mapBytes();
    for (let row = first; row < end; row += step) {
      for (let column = columns; column < columnsEnd && load<u32>(column, 8) > 0; column += COLUMN_ENTRY) {
        runTile(sums, maps, panel, row, min(end, row + step), column, column + COLUMN_ENTRY, true);
      }
    }
  }
}

/** Job: copies the sums of a block of 4 maps to the gradient `[maps][channels][kernel height][kernel width]`. */
function unpack(_thread: i32, block: i32): void {
  const channels = number(CHANNELS), height = number(KERNEL_HEIGHT), width = number(KERNEL_WIDTH);
  const joined = pieces() == 1;
  const first = <usize>block << 2;
  let to = word(OUT) + (first * channels * height * width << 2);
  for (let o: usize = 0; o < min(4, number(MAPS) - first); o++) {
    for (let c: usize = 0; c < channels; c++) {
      for (let i: usize = 0; i < height; i++) {
        for (let j: usize = 0; j < width; j++, to += 4) {
          const place = joined ? j * channels + c : c;
          const line = (joined ? 0 : j * linesOfPiece()) + (place >> 3);
          const tile = word(SUMS) + ((line * height + i) * blocks() + <usize>block) * TILE;
          store<f32>(to, load<f32>(tile + (o << 5) + ((place & 7) << 2)));
        }
      }
    }
  }
}
