/** Reading of PNG pictures: every color type and bit depth by its definition, damaged files, and files of other kinds. */
import { deflateSync } from 'node:zlib';
import { VarigradError } from '@varigrad/core';
import { type DecodePngOptions, decodePng } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chunk, header, type PngPicture, pngFile, SIGNATURE, scanlines } from '../helpers/png-file.js';

function refusal(bytes: Uint8Array, options?: DecodePngOptions): string {
  try {
    decodePng(bytes, 'f', options);
  } catch (error) {
    if (error instanceof VarigradError) return error.message.replace('f: cannot be read as PNG: ', '');
    throw error;
  }
  throw new Error('the file was accepted');
}

const isClose = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;

/** A pseudo-random sample of `depth` bits. */
const sample = (x: number, y: number, channel: number, depth: number): number =>
  Math.floor(2 ** depth * ((Math.sin(12.9898 * x + 78.233 * y + 37.719 * channel) * 43758.5453) % 1) ** 2);

const KINDS: readonly [colorType: number, depths: readonly number[], channels: number][] = [
  [0, [1, 2, 4, 8, 16], 1],
  [2, [8, 16], 3],
  [4, [8, 16], 2],
  [6, [8, 16], 4],
];

test('every color type, bit depth and interlacing is read by its definition', () => {
  for (const [colorType, depths, channels] of KINDS)
    for (const depth of depths)
      for (const isInterlaced of [false, true])
        for (const [width, height] of [
          [1, 1],
          [3, 2],
          [9, 11],
          [17, 5],
        ] as const) {
          const samples = (x: number, y: number): number[] =>
            Array.from({ length: channels }, (_, c) => sample(x, y, c, depth));
          const picture: PngPicture = { width, height, depth, colorType, isInterlaced, samples };
          const read = decodePng(pngFile(picture), 'f', { ground: 0.25 });
          assert.equal([read.width, read.height, read.values.length], [width, height, width * height]);
          read.values.forEach((value, i) => {
            const parts = samples(i % width, Math.floor(i / width)).map((s) => s / (2 ** depth - 1));
            const [first, second] = parts as [number, number];
            const opacity = channels === 2 ? second : (parts[3] ?? 1);
            const grey = channels < 3 ? first : 0.299 * first + 0.587 * second + 0.114 * (parts[2] as number);
            const expected = grey * opacity + 0.25 * (1 - opacity);
            assert.ok(isClose(value, expected), `type ${colorType}, depth ${depth}: ${value} is ${expected}`);
          });
          if (colorType === 0) assert.not(read.isColored || read.isTransparent);
        }
});

test('a grey picture of 16 bits keeps its low byte', () => {
  const values = [0, 100, 200, 255];
  const { values: read } = decodePng(
    pngFile({ width: 4, height: 1, depth: 16, colorType: 0, samples: (x) => [values[x] as number] }),
  );
  for (const [i, value] of values.entries()) assert.is(read[i], Math.fround(value / 65535));
});

test('palettes and transparent colours', () => {
  const palette = [0, 0, 0, 255, 255, 255, 255, 0, 0];
  for (const depth of [2, 4, 8]) {
    const picture = { width: 3, height: 1, depth, colorType: 3, samples: (x: number) => [x], palette };
    const { values, isColored } = decodePng(pngFile(picture));
    assert.ok(values[0] === 0 && values[1] === 1 && isClose(values[2] as number, 0.299), `${values}`);
    assert.ok(isColored);
    const faded = decodePng(pngFile({ ...picture, transparency: [255, 51] })).values;
    assert.ok(isClose(faded[1] as number, 0.2), `${faded}`);
  }
  for (const [colorType, depth, channels] of [
    [0, 2, 1],
    [0, 8, 1],
    [0, 16, 1],
    [2, 8, 3],
    [2, 16, 3],
  ] as const) {
    // The second pixel has the transparent colour, all bits set.
    const most = 2 ** depth - 1;
    const transparency = new Array(channels).fill([most >> 8, most & 255]).flat();
    const samples = (x: number): number[] => new Array(channels).fill(x === 1 ? most : 1);
    const picture = { width: 2, height: 1, depth, colorType, samples, transparency };
    const { values } = decodePng(pngFile(picture), 'f', { ground: 0.5 });
    assert.ok(
      isClose(values[0] as number, 1 / most) && values[1] === 0.5,
      `${colorType} ${depth}: ${values}`,
    );
  }
});

const picture: PngPicture = {
  width: 8,
  height: 8,
  depth: 8,
  colorType: 0,
  samples: (x, y) => [(31 * x + 17 * y) % 256],
};
const good = pngFile(picture);
const raw = scanlines(picture);

/** A file with this header and this picture data. */
const withData = (data: Uint8Array, head = header(8, 8), ...before: readonly Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, head, ...before, chunk('IDAT', data), chunk('IEND')]);

test('bytes after the end are ignored; unknown chunks and several IDAT are read', () => {
  const expected = decodePng(good).values;
  assert.equal(decodePng(Buffer.concat([good, Buffer.from('ab')])).values, expected);
  assert.equal(decodePng(Buffer.concat([good, good])).values, expected);
  const data = deflateSync(raw);
  const parts = [data.subarray(0, 5), data.subarray(5, 5), data.subarray(5)].map((part) =>
    chunk('IDAT', part),
  );
  const text = chunk('tEXt', Buffer.from('Title\0x'));
  const file = Buffer.concat([SIGNATURE, header(8, 8), text, ...parts, text, chunk('IEND')]);
  assert.equal(decodePng(file).values, expected);
  const large = new Uint8Array(good.length + 9).fill(255);
  large.set(good, 3);
  assert.equal(decodePng(large.subarray(3)).values, expected);
});

test('picture data that end early are refused every time', () => {
  for (let time = 0; time < 60; time++)
    for (const rows of [1, 2, 4, 8]) {
      const short = raw.subarray(0, (8 - rows) * 9);
      assert.is(
        refusal(withData(deflateSync(short))),
        `damaged: the picture data end early: ${short.length} of 72 bytes`,
      );
    }
  assert.is(refusal(withData(deflateSync(raw).subarray(0, -8))), 'damaged: the picture data end early');
  assert.is(refusal(withData(new Uint8Array(0))), 'damaged: the picture data end early');
});

test('a file cut at any byte, and any changed bit that matters, is refused', () => {
  for (let length = 0; length < good.length; length++) refusal(good.subarray(0, length));
  const expected = decodePng(good).values;
  for (let bit = 0; bit < 8 * good.length; bit++) {
    const bytes = Buffer.from(good);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    refusal(bytes);
  }
  assert.equal(decodePng(good).values, expected);
});

const SIZES: readonly (readonly [number, number, string])[] = [
  [65535, 65535, 'it claims 65535 × 65535 pixels, and at most 4194304 are read — make it smaller'],
  [30000, 30000, 'it claims 30000 × 30000 pixels, and at most 4194304 are read — make it smaller'],
  [0, 4_000_000_000, 'damaged: it has 0 × 4000000000 pixels'],
  [8, 0, 'damaged: it has 8 × 0 pixels'],
];

test('sizes of 0 and absurd sizes are refused at once, without memory for the pixels', () => {
  for (const [width, height, message] of SIZES)
    for (const interlace of [0, 1]) {
      const before = process.resourceUsage().maxRSS;
      const start = performance.now();
      const file = withData(deflateSync(new Uint8Array(9)), header(width, height, { interlace }));
      assert.is(refusal(file), message);
      assert.ok(process.resourceUsage().maxRSS - before < 20 * 1024, 'memory in kB');
      assert.ok(performance.now() - start < 1000);
    }
  assert.match(refusal(good, { maxPixels: 63 }), /^it claims 8 × 8 pixels, and at most 63 are read/);
  assert.is(decodePng(good, 'f', { maxPixels: 64 }).width, 8);
});

test('more picture data than the header implies are refused without inflating all of them', () => {
  const bomb = deflateSync(new Uint8Array(2 ** 28));
  const before = process.resourceUsage().maxRSS;
  assert.is(refusal(withData(bomb)), 'damaged: more picture data than 72 bytes');
  assert.ok(process.resourceUsage().maxRSS - before < 100 * 1024);
});

test('the largest pictures take less than 256 MiB and 2 s', () => {
  const side = 2048;
  const file = withData(
    deflateSync(new Uint8Array(side * (1 + 8 * side))),
    header(side, side, { depth: 16, colorType: 6 }),
  );
  assert.ok(file.length < 100_000);
  const [rss, start] = [process.memoryUsage.rss() / 1024, process.cpuUsage()];
  assert.is(decodePng(file).values.length, side * side);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 2e6, `${user + system} µs`);
  const rise = process.resourceUsage().maxRSS - rss;
  assert.ok(rise < 256 * 1024, `${rise} kB`);
});

const BROKEN: readonly (readonly [name: string, file: Uint8Array, message: string])[] = [
  [
    'a wrong CRC',
    Buffer.concat([good.subarray(0, 50), Buffer.of((good[50] as number) ^ 1), good.subarray(51)]),
    'damaged: the CRC of the chunk IDAT at byte 33 is wrong',
  ],
  ['a header cut short', good.subarray(0, 20), 'cut short: the chunk IHDR needs 33 bytes, the file has 20'],
  [
    'data cut short',
    good.subarray(0, 60),
    `cut short: the chunk IDAT needs ${good.length - 12} bytes, the file has 60`,
  ],
  ['no end', good.subarray(0, -12), `cut short: it ends at byte ${good.length - 12}, before the chunk IEND`],
  [
    'no header',
    Buffer.concat([SIGNATURE, chunk('IDAT', deflateSync(raw)), chunk('IEND')]),
    `damaged: the file starts with IDAT of ${deflateSync(raw).length} bytes instead of IHDR of 13`,
  ],
  [
    'no data',
    Buffer.concat([SIGNATURE, header(8, 8), chunk('IEND')]),
    'damaged: it has no picture data (no chunk IDAT)',
  ],
  [
    'a second header',
    withData(deflateSync(raw), header(8, 8), header(8, 8)),
    'damaged: it has the chunk IHDR twice',
  ],
  [
    'a depth of 3',
    withData(deflateSync(raw), header(8, 8, { depth: 3 })),
    'damaged: the color type 0 has no bit depth 3',
  ],
  [
    'RGB of 4 bits',
    withData(deflateSync(raw), header(8, 8, { depth: 4, colorType: 2 })),
    'damaged: the color type 2 has no bit depth 4',
  ],
  [
    'a color type of 5',
    withData(deflateSync(raw), header(8, 8, { colorType: 5 })),
    'damaged: the color type 5 has no bit depth 8',
  ],
  [
    'an interlacing of 2',
    withData(deflateSync(raw), header(8, 8, { interlace: 2 })),
    'damaged: compression 0, filter 0, interlace 2 do not exist',
  ],
  [
    'an unknown filter',
    withData(deflateSync(raw.map((b, i) => (i === 9 ? 7 : b)))),
    'damaged: Unrecognised filter type - 7',
  ],
  [
    'no palette',
    withData(deflateSync(raw), header(8, 8, { colorType: 3 })),
    'damaged: it has no palette (no chunk PLTE)',
  ],
  [
    'a palette of 4 bytes',
    withData(deflateSync(raw), header(8, 8, { colorType: 3 }), chunk('PLTE', [1, 2, 3, 4])),
    'damaged: the palette has 4 bytes',
  ],
  [
    'a palette index beyond the palette',
    withData(deflateSync(raw), header(8, 8, { colorType: 3 }), chunk('PLTE', [1, 2, 3])),
    'damaged: index 31 not in palette',
  ],
  [
    'a palette after the data',
    Buffer.concat([
      SIGNATURE,
      header(8, 8),
      chunk('IDAT', deflateSync(raw)),
      chunk('PLTE', [1, 2, 3]),
      chunk('IEND'),
    ]),
    'damaged: the chunk PLTE stands after the picture data',
  ],
  [
    'opacity of a picture with opacity',
    withData(deflateSync(raw), header(8, 8, { colorType: 4 }), chunk('tRNS', [0, 0])),
    'damaged: the chunk tRNS of 2 bytes does not fit color type 4',
  ],
  [
    'a chunk between the data',
    Buffer.concat([
      SIGNATURE,
      header(8, 8),
      chunk('IDAT'),
      chunk('tEXt'),
      chunk('IDAT', deflateSync(raw)),
      chunk('IEND'),
    ]),
    'damaged: other chunks stand between the picture data',
  ],
  [
    'an unknown critical chunk',
    withData(deflateSync(raw), header(8, 8), chunk('ABCD')),
    'it has a chunk ABCD, which PNG does not define',
  ],
  ['data that are not compressed', withData(raw), 'damaged: the picture data: unknown compression method'],
];

for (const [name, file, message] of BROKEN)
  test(`refuses ${name} with the reason`, () => {
    assert.is(refusal(file), message);
  });

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const OTHERS: readonly (readonly [start: Uint8Array, kind: string])[] = [
  [new Uint8Array(0), 'it is empty'],
  [new Uint8Array(50), 'it is a file of zeros'],
  [latin1('\xff\xd8\xff\xe0\0\x10JFIF'), 'it is a JPEG picture'],
  [latin1('GIF89a\x01'), 'it is a GIF picture'],
  [latin1('RIFF\x24\0\0\0WEBPVP8 '), 'it is a WebP picture'],
  [latin1('BM\x36\0'), 'it is a BMP picture'],
  [latin1('II*\0\x08'), 'it is a TIFF picture'],
  [latin1('\0\0\0\x1cftypavif'), 'it is an AVIF picture'],
  [latin1('%PDF-1.7'), 'it is a PDF document'],
  [latin1('PK\x03\x04\x14'), 'it is a ZIP archive'],
  [latin1('\x1f\x8b\x08'), 'it is a gzip archive'],
  [latin1('\x40\0\0\0\0\0\0\0{"a":'), 'it is a safetensors file'],
  [latin1('\0\0\x08\x03\0\0'), 'it is an IDX file'],
  [latin1('\n<!DOCTYPE html><html>'), 'it is an HTML page'],
  [latin1('<!-- x --><HTML>'), 'it is an HTML page'],
  [latin1('<?xml version="1.0"?>\n<svg '), 'it is an SVG picture'],
  [latin1('version https://git-lfs.github.com/spec/v1'), 'it is a pointer of Git LFS, not the file itself'],
  [Buffer.from('no picture, höchstens Text'), 'it is text'],
  [Uint8Array.of(200, 1, 2, 3), 'it is not a picture'],
];

test('a file of another kind is named', () => {
  for (const [bytes, kind] of OTHERS) assert.is(refusal(bytes), kind);
});

test.run();
