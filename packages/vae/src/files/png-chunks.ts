/** Checks of a PNG file before its pixels are decoded. @see https://www.w3.org/TR/png-3/ */
import { crc32, inflateSync } from 'node:zlib';
import { kindOf } from './sniff.js';

/** The facts of a PNG file's header. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample, or per palette index. */
  readonly depth: number;
  readonly colorType: number;
  readonly isInterlaced: boolean;
}

interface ColorType {
  readonly samples: number;
  readonly depths: readonly number[];
}

const PALETTE = 3;

const COLOR_TYPES: ReadonlyMap<number, ColorType> = new Map<number, ColorType>([
  [0, { samples: 1, depths: [1, 2, 4, 8, 16] }], // grey
  [2, { samples: 3, depths: [8, 16] }], // RGB
  [PALETTE, { samples: 1, depths: [1, 2, 4, 8] }],
  [4, { samples: 2, depths: [8, 16] }], // grey and opacity
  [6, { samples: 4, depths: [8, 16] }], // RGB and opacity
]);

/** Start and distance of the pixels of each Adam7 pass: x, y, dx, dy. */
const PASSES: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

const SIGNATURE_BYTES = 8;

/** The chunks that a reader must understand. */
const CRITICAL: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND']);

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
  /** The first byte after the chunk. */
  readonly end: number;
}

/** A reason to refuse a file, as a clause: 'it is a JPEG picture'. */
export class PngFault extends Error {}

/** A file whose signature, header, chunks, checksums and amount of pixel data are right. */
export interface CheckedPng {
  readonly header: PngHeader;
  /** The file without bytes after its end. */
  readonly file: Buffer;
}

/**
 * Checks everything but the values of the pixels. No memory is used for pixels before the header has been checked.
 * @throws PngFault
 */
export function checkPng(bytes: Uint8Array, maxPixels: number): CheckedPng {
  const kind = kindOf(bytes);
  if (kind !== 'a PNG picture')
    throw new PngFault(kind === undefined ? 'it is not a picture' : `it is ${kind}`);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, ...rest] = readChunks(file, maxPixels);
  const header = readHeader(first!, maxPixels);
  const before = rest.findIndex(({ type }) => type === 'IDAT');
  const data = rest.filter(({ type }) => type === 'IDAT');
  checkOrder(rest, before, data.length);
  checkColors(header, rest.slice(0, before));
  checkPixelData(header, Buffer.concat(data.map(({ data }) => data)));
  return { header, file: file.subarray(0, rest.at(-1)!.end) };
}

/** The chunks up to IEND. The header is checked as soon as it is read. */
function readChunks(file: Buffer, maxPixels: number): Chunk[] {
  const chunks: Chunk[] = [];
  let at = SIGNATURE_BYTES;
  do {
    if (file.length - at < 12)
      throw new PngFault(`cut short: it ends at byte ${file.length}, before the chunk IEND`);
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    if (!/^[a-z]{4}$/i.test(type)) throw new PngFault(`damaged: byte ${at} does not start a chunk`);
    const end = at + 12 + length;
    if (end > file.length)
      throw new PngFault(`cut short: the chunk ${type} needs ${end} bytes, the file has ${file.length}`);
    if (crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4))
      throw new PngFault(`damaged: the CRC of the chunk ${type} at byte ${at} is wrong`);
    const chunk = { type, data: file.subarray(at + 8, end - 4), end };
    if (chunks.length === 0) readHeader(chunk, maxPixels);
    chunks.push(chunk);
    at = end;
  } while (chunks.at(-1)?.type !== 'IEND');
  return chunks;
}

function readHeader({ type, data }: Chunk, maxPixels: number): PngHeader {
  if (type !== 'IHDR' || data.length !== 13)
    throw new PngFault(`damaged: the file starts with ${type} of ${data.length} bytes instead of IHDR of 13`);
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth, colorType, compression, filter, interlace] = data.subarray(8) as Iterable<number> as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (width === 0 || height === 0) throw new PngFault(`damaged: it has ${width} × ${height} pixels`);
  if (width * height > maxPixels)
    throw new PngFault(
      `it claims ${width} × ${height} pixels, and at most ${maxPixels} are read — make it smaller`,
    );
  if (COLOR_TYPES.get(colorType)?.depths.includes(depth) !== true)
    throw new PngFault(`damaged: the color type ${colorType} has no bit depth ${depth}`);
  if (compression !== 0 || filter !== 0 || interlace > 1)
    throw new PngFault(
      `damaged: compression ${compression}, filter ${filter}, interlace ${interlace} do not exist`,
    );
  return { width, height, depth, colorType, isInterlaced: interlace === 1 };
}

function checkOrder(chunks: readonly Chunk[], before: number, count: number): void {
  const unknown = chunks.find(({ type }) => /^[A-Z]/.test(type) && !CRITICAL.has(type));
  if (unknown !== undefined) throw new PngFault(`it has a chunk ${unknown.type}, which PNG does not define`);
  if (before < 0) throw new PngFault('damaged: it has no picture data (no chunk IDAT)');
  if (chunks.slice(before, before + count).some(({ type }) => type !== 'IDAT'))
    throw new PngFault('damaged: other chunks stand between the picture data');
  for (const type of ['IHDR', 'PLTE', 'tRNS']) {
    const places = chunks.flatMap((chunk, i) => (chunk.type === type ? [i] : []));
    const most = type === 'IHDR' ? 0 : 1;
    if (places.length > most) throw new PngFault(`damaged: it has the chunk ${type} twice`);
    if (places.some((place) => place > before))
      throw new PngFault(`damaged: the chunk ${type} stands after the picture data`);
  }
}

/** Checks the palette and the transparent color. */
function checkColors({ colorType, depth }: PngHeader, chunks: readonly Chunk[]): void {
  const [palette, transparency] = ['PLTE', 'tRNS'].map((wanted) =>
    chunks.findIndex(({ type }) => type === wanted),
  ) as [number, number];
  const colors = (chunks[palette]?.data.length ?? 0) / 3;
  if (palette < 0 && colorType === PALETTE) throw new PngFault('damaged: it has no palette (no chunk PLTE)');
  const most = colorType === PALETTE ? 2 ** depth : 256;
  if (palette >= 0 && !(Number.isInteger(colors) && colors >= 1 && colors <= most))
    throw new PngFault(`damaged: the palette has ${chunks[palette]!.data.length} bytes`);
  const found = chunks[transparency]?.data.length;
  if (found === undefined) return;
  const fits =
    colorType === PALETTE ? transparency > palette && found <= colors : found === { 0: 2, 2: 6 }[colorType];
  if (!fits)
    throw new PngFault(`damaged: the chunk tRNS of ${found} bytes does not fit color type ${colorType}`);
}

/** Inflates the picture data, at most one byte more than the header implies. */
function checkPixelData(header: PngHeader, data: Buffer): void {
  const expected = inflatedBytes(header);
  let found: number;
  try {
    found = inflateSync(data, { maxOutputLength: expected }).length;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new PngFault(`damaged: more picture data than ${expected} bytes`);
    throw new PngFault(
      code === 'Z_BUF_ERROR'
        ? 'damaged: the picture data end early'
        : `damaged: the picture data: ${message}`,
    );
  }
  if (found < expected)
    throw new PngFault(`damaged: the picture data end early: ${found} of ${expected} bytes`);
}

/** The size of the picture data: one filter byte per row, and whole bytes per row, in each pass. */
function inflatedBytes({ width, height, depth, colorType, isInterlaced }: PngHeader): number {
  const bits = depth * COLOR_TYPES.get(colorType)!.samples;
  const passes = isInterlaced ? PASSES : [[0, 0, 1, 1] as const];
  return passes.reduce((sum, [x, y, dx, dy]) => {
    const [columns, rows] = [Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)];
    return columns <= 0 || rows <= 0 ? sum : sum + rows * (1 + Math.ceil((columns * bits) / 8));
  }, 0);
}
