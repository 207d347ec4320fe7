/** Readers of images: IDX, gzipped IDX, PNG. */
import { crc32, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { encodeIdx, type IdxArray, type IdxData, parseIdx, readIdx } from '@varigrad/vae';
import { decodePng } from '@varigrad/vae/node';
import { chunk, header, type PngPicture, pngFile, SIGNATURE, scanlines } from '../helpers/png-file.js';
import { expect, type Seed, type Target } from './target.js';

const TYPES: readonly IdxData[] = [
  Uint8Array.from({ length: 18 }, (_, i) => 14 * i),
  Int8Array.from({ length: 18 }, (_, i) => i - 9),
  Int16Array.from({ length: 18 }, (_, i) => 999 * i),
  Int32Array.from({ length: 18 }, (_, i) => 1e8 * (i - 9)),
  Float32Array.from({ length: 18 }, (_, i) => i / 17),
  Float64Array.from({ length: 18 }, (_, i) => i / 17),
];

const idxFiles = TYPES.map((data) => encodeIdx({ shape: [2, 3, 3], data }));
const bytesOfType: Readonly<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 };

function checkIdx(file: Uint8Array, { shape, data }: IdxArray): void {
  const size = shape.reduce((product, length) => product * length, 1);
  expect(size === data.length, `${data.length} values of ${shape}`);
  const width = bytesOfType[file[2] as number] ?? Number.NaN;
  expect(file.length === 4 + 4 * shape.length + size * width, `${file.length} bytes for ${shape}`);
}

const idx: Target = {
  name: 'idx',
  seeds: idxFiles.map((bytes) => ({ bytes })),
  read: (file) => checkIdx(file, parseIdx(file, 'file')),
};

const large = encodeIdx({ shape: [20, 16, 16], data: new Uint8Array(5120).map((_, i) => (i * i) >> 4) });

const gz: Target = {
  name: 'gz',
  seeds: [...idxFiles, large].flatMap((bytes): Seed[] => [
    { bytes: gzipSync(bytes) },
    { bytes, finish: (damaged) => gzipSync(damaged, { level: 1 }) },
  ]),
  read: async (file) => {
    const array = await readIdx(file, 'file');
    checkIdx(file[0] === 0x1f ? gunzipSync(file) : file, array);
  },
};

const pictures: readonly PngPicture[] = [
  { depth: 8, colorType: 0, samples: (x: number, y: number) => [29 * x + y] },
  { depth: 1, colorType: 0, samples: (x: number, y: number) => [(x + y) % 2] },
  { depth: 16, colorType: 0, samples: (x: number, y: number) => [999 * x + y] },
  {
    depth: 8,
    colorType: 2,
    samples: (x: number, y: number) => [x, y, 200],
    transparency: [0, 1, 0, 1, 0, 200],
  },
  {
    depth: 4,
    colorType: 3,
    samples: (x: number) => [x],
    palette: Array.from({ length: 27 }, (_, i) => 9 * i),
  },
  { depth: 8, colorType: 4, samples: (x: number, y: number) => [9 * x, 9 * y] },
  { depth: 16, colorType: 6, samples: (x: number, y: number) => [x, y, 9, 60_000], isInterlaced: true },
  { depth: 2, colorType: 0, samples: (x: number, y: number) => [(x * y) % 4], isInterlaced: true },
].map((picture) => ({ width: 9, height: 7, ...picture }));

/** The file with the right checksum in every chunk that can be found. */
function repaired(file: Buffer): Buffer {
  for (let at = SIGNATURE.length; at + 12 <= file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    if (end + 4 > file.length) break;
    file.writeUInt32BE(crc32(file.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return file;
}

const png: Target = {
  name: 'png',
  seeds: pictures.flatMap((picture): Seed[] => {
    const { width, height, depth, colorType, isInterlaced, palette, transparency } = picture;
    const interlace = isInterlaced === true ? 1 : 0;
    const before = [SIGNATURE, header(width, height, { depth, colorType, interlace })];
    if (palette !== undefined) before.push(chunk('PLTE', palette));
    if (transparency !== undefined) before.push(chunk('tRNS', transparency));
    return [
      { bytes: pngFile(picture) },
      { bytes: pngFile(picture), finish: repaired },
      {
        bytes: scanlines(picture),
        finish: (lines) =>
          Buffer.concat([...before, chunk('IDAT', deflateSync(lines, { level: 1 })), chunk('IEND')]),
      },
    ];
  }),
  read: (file) => {
    const { width, height, values } = decodePng(file, 'file');
    expect(values.length === width * height, `${values.length} values of ${width} × ${height}`);
    expect(
      values.every((value) => value >= 0 && value <= 1),
      'a value outside of [0, 1]',
    );
    const again = decodePng(file, 'file').values;
    expect(
      values.every((value, i) => value === again[i]),
      'another picture at the second reading',
    );
    checkChunks(Buffer.from(file), width, height);
  },
};

/** Checks checksums and the amount of picture data of a file that was accepted. */
function checkChunks(file: Buffer, width: number, height: number): void {
  const data: Buffer[] = [];
  const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
  let bits = 0;
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const end = at + 8 + file.readUInt32BE(at);
    type = file.toString('latin1', at + 4, at + 8);
    expect(crc32(file.subarray(at + 4, end)) === file.readUInt32BE(end), `the CRC of ${type}`);
    if (type === 'IDAT') data.push(file.subarray(at + 8, end));
    if (type === 'IHDR') {
      expect(width === file.readUInt32BE(at + 8) && height === file.readUInt32BE(at + 12), 'the size');
      bits = (file[at + 16] as number) * (samples[file[at + 17] as number] ?? Number.NaN);
    }
    at = end + 4;
  }
  const { length } = inflateSync(Buffer.concat(data));
  // Interlaced pictures have more rows, and more bits that fill bytes.
  const least = Math.ceil((width * height * bits) / 8);
  const most = 8 * (height + 8) * (2 + Math.ceil((width * bits) / 8));
  expect(length > least && length <= most, `${length} bytes of picture data for ${width} × ${height}`);
}

export const IMAGE_TARGETS: readonly Target[] = [idx, gz, png];
