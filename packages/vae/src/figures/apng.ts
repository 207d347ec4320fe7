/**
 * Animated PNG: the still PNG files of all frames, with the pixel data of later frames in chunks of their own.
 * Programs that know only PNG show the first frame. @see PNG specification, third edition, 11.3.6
 */
import { ArgumentError } from '@varigrad/core';
import { writeFileAtomic } from '../files/atomic.js';
import { encodePng } from './png.js';
import type { Raster } from './raster.js';

/** How an animation runs. */
export interface AnimationOptions {
  /** Milliseconds a frame. Default 500. */
  delay?: number;
  /** How often it is played; 0 is for ever (default). */
  plays?: number;
}

interface Chunk {
  type: string;
  data: Uint8Array;
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** The bytes of an animated PNG. @throws ArgumentError without frames, or with frames of different sizes */
export function encodeApng(
  frames: readonly Raster[],
  { delay = 500, plays = 0 }: AnimationOptions = {},
): Uint8Array {
  const [first] = frames;
  if (first === undefined) throw new ArgumentError('encodeApng', 'an animation has at least one frame');
  const { width, height } = first;
  const odd = frames.find((frame) => frame.width !== width || frame.height !== height);
  if (odd !== undefined)
    throw new ArgumentError(
      'encodeApng',
      `a frame is ${odd.width} × ${odd.height} and the first one ${width} × ${height} — all have the same size`,
    );
  let sequence = 0;
  const chunks: Chunk[] = [];
  frames.forEach((frame, i) => {
    const still = readChunks(encodePng(frame));
    if (i === 0) chunks.push(...still.filter(({ type }) => type === 'IHDR'));
    if (i === 0) chunks.push({ type: 'acTL', data: words(frames.length, plays) });
    const timing = Uint8Array.of(...words16(delay, 1000), 0, 0); // neither disposed of nor blended
    chunks.push({ type: 'fcTL', data: join(words(sequence++, width, height, 0, 0), timing) });
    for (const { data } of still.filter(({ type }) => type === 'IDAT'))
      chunks.push(i === 0 ? { type: 'IDAT', data } : { type: 'fdAT', data: join(words(sequence++), data) });
  });
  chunks.push({ type: 'IEND', data: new Uint8Array() });
  return join(Uint8Array.from(SIGNATURE), ...chunks.map(encodeChunk));
}

/** Writes an animated PNG file, as a whole or not at all. */
export async function writeApng(
  path: string,
  frames: readonly Raster[],
  options: AnimationOptions = {},
): Promise<void> {
  await writeFileAtomic(path, encodeApng(frames, options));
}

function readChunks(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

/** Length, type, data, checksum of type and data. */
function encodeChunk({ type, data }: Chunk): Uint8Array {
  const body = join(
    Uint8Array.from(type, (letter) => letter.charCodeAt(0)),
    data,
  );
  return join(words(data.length), body, words(crc32(body)));
}

function words(...values: number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    bytes.setUint32(4 * i, value);
  });
  return new Uint8Array(bytes.buffer);
}

function words16(...values: number[]): number[] {
  return values.flatMap((value) => [value >> 8, value & 255]);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The cyclic redundancy check of PNG, a byte at a time. Node's own is younger than Node 20. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}
