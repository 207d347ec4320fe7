/**
 * The gradient of a convolution with respect to its weights, without a copy of the windows: for each kernel element, the sum
 * over images and windows of a gradient times a pixel.
 *
 * Images are packed a few at a time. A LINE is 8 neighbouring floats of the rows of a window, stored pixel by pixel with the
 * channels inside: kernel columns times channels. For each line, image row and window across, the 8 floats are copied to the
 * panel of the line, whose rows are sorted so that those of one kernel row are neighbours; the gradients are copied to
 * `[pixel][4]` for blocks of 4 maps. A tile is then 4 maps times a line of one kernel row: the sum of one run per image (see runs.ts).
 *
 * The sums of the tiles are added up in the order of the images. Neither that order nor the number of images that are packed
 * at a time depends on the number of threads, so the result is bit-identical for any number.
 */
import { setWord, word } from './control';
import { packLines, storeTransposed } from './packing';
import { dispatch, threads } from './pool';
import { COLUMN_ENTRY, ROW_ENTRY, runTile, TILE } from './runs';

/** Pieces of the rows of an image in packing. */
const PIECES: usize = 4;

const OUT = 0, X = 1, GRADIENT = 2, SPEC = 3, WORKSPACE = 4, FIRST_IMAGE = 5, IMAGE_COUNT = 6, PARTS = 7;

// The numbers of the specification; backend/wasm/convolution-weight-numbers.ts describes and computes them.
const BATCH = 0, CHANNELS = 1, HEIGHT = 2, WIDTH = 3, MAPS = 4, ACROSS = 5, WINDOWS = 6, KERNEL_HEIGHT = 7, KERNEL_WIDTH = 8;
const PADDING_DOWN = 9, PADDING_ACROSS = 10, USED_HEIGHT = 11, USED_WIDTH = 12, STEP = 13, IMAGES = 14, IMAGES_OF_RUN = 15;
const LINES = 16, LINE_BYTES = 17, COLUMN_PLACES = 18, PANELS = 19, GRADIENTS = 20, ROW_BUFFERS = 21, ROW_BUFFER_BYTES = 22;
const NANOSECONDS = 23, LINE_TABLE = 24, ROW_TABLE = 25, KERNEL_TABLE = 26, ENTRIES = 27;

function number(i: i32): usize {
  return load<u32>(word(SPEC) + (<usize>i << 2));
}

/** Address of the table whose offset is number `i`. */
function table(i: i32): usize {
  return word(SPEC) + number(i);
}

function blocks(): usize {
  return number(MAPS) + 3 >> 2;
}

/** Address of the gradients of image `n` of those that are packed, for a block of 4 maps. */
function gradients(block: usize, n: usize): usize {
  return word(WORKSPACE) + number(GRADIENTS) + ((block * number(IMAGES) + n) * number(WINDOWS) << 4);
}

function panel(line: usize, n: usize): usize {
  return word(WORKSPACE) + number(PANELS) + (line * number(IMAGES) + n) * number(LINE_BYTES);
}

function sums(line: usize, i: usize, block: usize): usize {
  return word(WORKSPACE) + ((line * number(KERNEL_HEIGHT) + i) * blocks() + block) * TILE;
}

export function convolveWeight(out: usize, x: usize, gradient: usize, spec: usize, workspace: usize): void {
  setWord(OUT, out); setWord(X, x); setWord(GRADIENT, gradient); setWord(SPEC, spec); setWord(WORKSPACE, workspace);
  const rows = number(LINES) * number(KERNEL_HEIGHT), step = number(IMAGES);
  memory.fill(workspace, 0, number(PANELS));
  setWord(PARTS, min(blocks(), (4 * <usize>threads() + rows - 1) / rows));
  for (let image: usize = 0; image < number(BATCH); image += step) {
    const count = min(step, number(BATCH) - image);
    const nanoseconds = <f64>count * <f64>number(NANOSECONDS);
    setWord(FIRST_IMAGE, image); setWord(IMAGE_COUNT, count);
    dispatch(pack, <i32>(count * PIECES), nanoseconds);
    dispatch(multiply, <i32>(rows * word(PARTS)), nanoseconds);
  }
  dispatch(unpack, <i32>blocks(), <f64>(rows * blocks() * 32));
}

/** Job: packs a piece of the rows of one image, and a piece of the maps of its gradient. */
function pack(thread: i32, chunk: i32): void {
  const n = <usize>chunk / PIECES, piece = <usize>chunk % PIECES;
  const image = word(FIRST_IMAGE) + n, height = number(USED_HEIGHT);
  const buffer = word(WORKSPACE) + number(ROW_BUFFERS) + <usize>thread * number(ROW_BUFFER_BYTES);
  memory.fill(buffer, 0, number(ROW_BUFFER_BYTES));
  for (let y = height * piece / PIECES; y < height * (piece + 1) / PIECES; y++) {
    fillRow(buffer, image, y);
    packRow(buffer, n, y);
  }
  for (let block = blocks() * piece / PIECES; block < blocks() * (piece + 1) / PIECES; block++) {
    const windows = number(WINDOWS), map = image * number(MAPS) + (block << 2);
    const from = word(GRADIENT) + (map * windows << 2);
    packLines(gradients(block, n), 16, from, windows << 2, min(4, number(MAPS) - (block << 2)), windows);
  }
}

/** Copies the lines of a row of an image, from a buffer with the channels inside, whose frame is 0. */
function packRow(buffer: usize, n: usize, y: usize): void {
  const across = number(ACROSS), step = number(STEP);
  const offset = load<u32>(table(ROW_TABLE) + (y + number(PADDING_DOWN) << 2));
  for (let line: usize = 0; line < number(LINES); line++) {
    let to = panel(line, n) + offset, from = buffer + load<u32>(table(LINE_TABLE) + (line << 2));
    for (let q: usize = 0; q < across; q++, to += 32, from += step) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  }
}

/** Copies one row of pixels of all channels, `[channels][width]`, to `[width][channels]`. */
function fillRow(buffer: usize, image: usize, y: usize): void {
  const channels = number(CHANNELS), width = number(USED_WIDTH);
  const plane = number(HEIGHT) * number(WIDTH) << 2, step = channels << 2;
  const x = word(X) + image * channels * plane + (y * number(WIDTH) << 2);
  const to = buffer + number(PADDING_ACROSS) * step;
  for (let c: usize = 0; c < channels; c += 4) {
    const from = x + c * plane, lines = min(4, channels - c);
    let column: usize = 0;
    for (; lines == 4 && column + 4 <= width; column += 4) {
      const at = from + (column << 2);
      storeTransposed(
        to + column * step + (c << 2), step,
        v128.load(at), v128.load(at + plane), v128.load(at + 2 * plane), v128.load(at + 3 * plane),
      );
    }
    for (; column < width; column++) {
      for (let i: usize = 0; i < lines; i++) {
        store<f32>(to + column * step + (c + i << 2), load<f32>(from + i * plane + (column << 2)));
      }
    }
  }
}

/** Job: adds the packed images to the sums of one line of one kernel row, for a part of the maps. */
function multiply(_thread: i32, chunk: i32): void {
  const parts = word(PARTS), place = <usize>chunk / parts, part = <usize>chunk % parts;
  const line = place / number(KERNEL_HEIGHT), i = place % number(KERNEL_HEIGHT);
  const kernelRow = table(KERNEL_TABLE) + (i << 3);
  const lines = panel(line, 0) + load<u32>(kernelRow);
  const columns = table(KERNEL_TABLE) + load<u32>(kernelRow, 4), columnsEnd = table(KERNEL_TABLE) + load<u32>(kernelRow, 12);
  const first = table(ENTRIES), end = first + word(IMAGE_COUNT) * ROW_ENTRY, step = number(IMAGES_OF_RUN) * ROW_ENTRY;
  for (let block = blocks() * part / parts; block < blocks() * (part + 1) / parts; block++) {
    const maps = gradients(block, 0), to = sums(line, i, block);
    for (let row = first; row < end; row += step) {
      for (let column = columns; column < columnsEnd; column += COLUMN_ENTRY) {
        runTile(to, maps, lines, row, min(end, row + step), column, column + COLUMN_ENTRY, true);
      }
    }
  }
}

/** Job: copies the sums of a block of 4 maps to the gradient `[maps][channels][kernel height][kernel width]`. */
function unpack(_thread: i32, block: i32): void {
  const channels = number(CHANNELS), height = number(KERNEL_HEIGHT), width = number(KERNEL_WIDTH);
  let to = word(OUT) + ((<usize>block << 2) * channels * height * width << 2);
  for (let o: usize = 0; o < min(4, number(MAPS) - (<usize>block << 2)); o++) {
    for (let c: usize = 0; c < channels; c++) {
      for (let i: usize = 0; i < height; i++) {
        for (let j: usize = 0; j < width; j++, to += 4) {
          const place = j * number(COLUMN_PLACES) + c;
          store<f32>(to, load<f32>(sums(place >> 3, i, block) + (o << 5) + ((place & 7) << 2)));
        }
      }
    }
  }
}
