/** PNG files, read back by a decoder of this test's own (RFC 2083: chunks, inflate, row filters). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { Generator } from '@varigrad/core';
import { Raster } from '@varigrad/vae';
import { encodePng, writePng } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

interface Decoded {
  width: number;
  height: number;
  /** Bytes per pixel: 1 for grey, 3 for RGB. */
  channels: 1 | 3;
  /** RGB bytes. */
  pixels: Uint8Array;
}

/** Decodes 8-bit grey or RGB without interlacing; checks the signature and the checksum of every chunk. */
function decodePng(contents: Uint8Array): Decoded {
  const file = Buffer.from(contents);
  assert.is(file.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  const chunks: [string, Buffer][] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    assert.is(crc32(file.subarray(at + 4, at + 8 + length)), file.readUInt32BE(at + 8 + length), type);
    chunks.push([type, file.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  assert.is(chunks[0]?.[0], 'IHDR');
  assert.is(chunks.at(-1)?.[0], 'IEND');
  const header = chunks[0]?.[1] as Buffer;
  const channels = header[9] === 0 ? 1 : 3;
  assert.equal([...header.subarray(8)], [8, channels === 1 ? 0 : 2, 0, 0, 0]); // 8 bits, grey or RGB, not interlaced
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = inflateSync(Buffer.concat(chunks.filter(([type]) => type === 'IDAT').map(([, d]) => d)));
  const bytes = unfilter(data, channels, channels * width, height);
  const pixels =
    channels === 3
      ? bytes
      : Uint8Array.from({ length: 3 * bytes.length }, (_, i) => bytes[Math.floor(i / 3)]!);
  return { width, height, channels, pixels };
}

function unfilter(data: Uint8Array, channels: number, stride: number, height: number): Uint8Array {
  const out = new Uint8Array(stride * height);
  const at = (row: number, i: number): number => (row < 0 || i < 0 ? 0 : (out[row * stride + i] as number));
  for (let row = 0; row < height; row++) {
    const filter = data[row * (stride + 1)] as number;
    for (let i = 0; i < stride; i++) {
      const [a, b, c] = [at(row, i - channels), at(row - 1, i), at(row - 1, i - channels)];
      const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter] as number;
      out[row * stride + i] = (data[row * (stride + 1) + 1 + i] as number) + predicted;
    }
  }
  return out;
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

function noise(width: number, height: number): Raster {
  const picture = new Raster(width, height);
  picture.pixels.set(new Generator(2).words(picture.pixels.length));
  return picture;
}

test('a file holds exactly the picture’s pixels', () => {
  const smooth = new Raster(40, 30);
  for (let i = 0; i < smooth.pixels.length; i++) smooth.pixels[i] = (i >> 2) % 256;
  for (const picture of [noise(1, 1), noise(37, 11), noise(3, 50), smooth, new Raster(5, 4, [1, 2, 3])]) {
    const { width, height, channels, pixels } = decodePng(encodePng(picture));
    assert.is(channels, 3);
    assert.equal([width, height], [picture.width, picture.height]);
    assert.equal(pixels, picture.pixels);
  }
});

test('a grey picture takes one byte per pixel', () => {
  for (const [width, height] of [
    [1, 1],
    [37, 11],
    [3, 50],
  ] as const) {
    const picture = new Raster(width, height);
    const words = new Generator(5).words(width * height);
    picture.image(
      0,
      0,
      Float32Array.from(words, (word) => word / 2 ** 32),
      [height, width],
    );
    const { channels, pixels } = decodePng(encodePng(picture));
    assert.is(channels, 1);
    assert.equal(pixels, picture.pixels);
  }
});

test('a picture is written as a whole, in folders that are made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-png-'));
  try {
    const picture = noise(9, 8);
    await writePng(join(folder, 'new', 'a.png'), picture);
    assert.equal(readdirSync(join(folder, 'new')), ['a.png']);
    assert.equal(decodePng(readFileSync(join(folder, 'new', 'a.png'))).pixels, picture.pixels);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
