/** PNG files, made chunk by chunk, of every color type, bit depth and interlacing. */
import { crc32, deflateSync } from 'node:zlib';

export const SIGNATURE: Buffer = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A picture by its samples. */
export interface PngPicture {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and opacity, 6 RGB and opacity. */
  readonly colorType: number;
  readonly isInterlaced?: boolean;
  /** The stored samples of the pixel (x, y). */
  readonly samples: (x: number, y: number) => readonly number[];
  /** Bytes of the chunk PLTE. */
  readonly palette?: readonly number[];
  /** Bytes of the chunk tRNS. */
  readonly transparency?: readonly number[];
}

export function chunk(type: string, data: Uint8Array | readonly number[] = []): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

export function header(
  width: number,
  height: number,
  {
    depth = 8,
    colorType = 0,
    interlace = 0,
  }: { depth?: number; colorType?: number; interlace?: number } = {},
): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, colorType, 0, 0, interlace], 8);
  return chunk('IHDR', data);
}

/** The whole file. */
export function pngFile(picture: PngPicture): Buffer {
  const { width, height, depth, colorType, isInterlaced = false, palette, transparency } = picture;
  return Buffer.concat([
    SIGNATURE,
    header(width, height, { depth, colorType, interlace: isInterlaced ? 1 : 0 }),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    ...(transparency === undefined ? [] : [chunk('tRNS', transparency)]),
    chunk('IDAT', deflateSync(scanlines(picture))),
    chunk('IEND'),
  ]);
}

/** The Adam7 pass of each pixel of an 8 × 8 block. @see https://www.w3.org/TR/png-3/#8InterlaceMethods */
const ADAM7 = [
  '16462646',
  '77777777',
  '56565656',
  '77777777',
  '36463646',
  '77777777',
  '56565656',
  '77777777',
];

/** Rows of packed samples, each after its filter byte; the filters alternate between none, sub and up. */
export function scanlines({ width, height, depth, isInterlaced = false, samples }: PngPicture): Buffer {
  const lines: Buffer[] = [];
  for (const pass of isInterlaced ? '1234567' : '0') {
    let above: Buffer | undefined;
    for (let y = 0; y < height; y++) {
      const columns = Array.from({ length: width }, (_, x) => x).filter(
        (x) => pass === '0' || ADAM7[y % 8]?.[x % 8] === pass,
      );
      if (columns.length === 0) continue;
      const pixels = columns.map((x) => samples(x, y));
      const row = packed(pixels.flat(), depth);
      const step = Math.max(1, ((pixels[0] as number[]).length * depth) / 8);
      lines.push(filtered(row, above ?? Buffer.alloc(row.length), step, lines.length % 3));
      above = row;
    }
  }
  return Buffer.concat(lines);
}

function packed(values: readonly number[], depth: number): Buffer {
  const bits = values.map((value) => value.toString(2).padStart(depth, '0')).join('');
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
}

function filtered(row: Buffer, above: Buffer, step: number, filter: number): Buffer {
  const left = (i: number): number => row[i - step] ?? 0;
  const predicted = (i: number): number => [0, left(i), above[i] as number][filter] as number;
  return Buffer.from([filter, ...row.map((byte, i) => byte - predicted(i))]);
}
