/** Sheets of images: the place of each image in the pixels and on the drawn sheet, the labels, and the two files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, Generator } from '@varigrad/core';
import { gridSheet, type Raster, type SheetOptions, sheetSVG } from '@varigrad/vae';
import { encodeSheet, writeSheet } from '@varigrad/vae/node';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { embeddedImage, isWellFormed, number, rgbOf, type Text, textsOf } from '../helpers/svg.js';

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Pixels that match. */
  count: number;
}

/** The smallest box around all pixels of a colour. */
function boxOf(sheet: Raster, is: (r: number, g: number, b: number) => boolean): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity, count: 0 };
  for (let y = 0; y < sheet.height; y++) {
    for (let x = 0; x < sheet.width; x++) {
      const [r = 0, g = 0, b = 0] = sheet.pixels.subarray(3 * (y * sheet.width + x));
      if (!is(r, g, b)) continue;
      box.left = Math.min(box.left, x);
      box.top = Math.min(box.top, y);
      box.right = Math.max(box.right, x + 1);
      box.bottom = Math.max(box.bottom, y + 1);
      box.count++;
    }
  }
  return box;
}

/** Image i is one grey, 100 + i, which the gaps do not have. */
function flatImages(count: number, size: number): Float32Array {
  return Float32Array.from({ length: count * size }, (_, i) => (100 + Math.floor(i / size)) / 255);
}

const boxesOf = (sheet: Raster, count: number): Box[] =>
  Array.from({ length: count }, (_, i) => boxOf(sheet, (r, g, b) => r === 100 + i && g === r && b === r));

interface Case {
  count: number;
  options: SheetOptions;
}

const LABELLED: SheetOptions = {
  columns: 2,
  imageShape: [8, 8],
  scale: 3,
  gap: 5,
  title: 'A long title, much wider than the grid',
  columnLabels: ['one', 'two'],
  rowLabels: ['r1', 'row 2', 'r'],
  caption: 'a caption that is wider, too',
};

const cases: readonly Case[] = [
  { count: 6, options: { columns: 3, imageShape: [28, 28] } },
  { count: 7, options: { columns: 3, imageShape: [5, 9], scale: 2, gap: 1 } },
  { count: 1, options: { columns: 1, imageShape: [1, 1], scale: 1, gap: 0 } },
  { count: 5, options: { columns: 3, imageShape: [1, 50] } },
  { count: 5, options: { columns: 3, imageShape: [1, 300] } },
  { count: 4, options: { columns: 10, imageShape: [64, 32], gap: 0 } },
  { count: 6, options: LABELLED },
  {
    count: 4,
    options: {
      columns: 2,
      imageShape: [2, 3],
      scale: 1,
      columnLabels: ['wide label', 'x'],
      rowLabels: ['a', 'b'],
    },
  },
];

/** Width and height of the drawn sheet. */
function sizeOf(svg: string): [width: number, height: number] {
  const [root = ''] = /<svg[^>]*>/.exec(svg) ?? [];
  return [number(root, 'width'), number(root, 'height')];
}

for (const { count, options } of cases) {
  const { columns, imageShape, scale } = options;
  const [height, width] = imageShape;
  const used = scale ?? Math.max(1, Math.min(Math.round(56 / height), Math.floor(224 / width)));
  const gap = options.gap ?? Math.max(1, Math.round(4 / used));

  test(`${count} images of ${height} × ${width} in ${columns} columns are whole, in order and evenly spaced`, () => {
    const sheet = gridSheet(flatImages(count, height * width), options);
    assert.is(sheet.scale, used);
    const boxes = boxesOf(sheet.pixels, count);
    boxes.forEach((box, i) => {
      assert.equal([box.right - box.left, box.bottom - box.top], [width, height], `image ${i}`);
      assert.is(box.count, width * height, 'no pixel is covered');
      const left = boxes[i - 1];
      const above = boxes[i - columns];
      if (i % columns > 0 && left !== undefined) {
        assert.is(box.top, left.top);
        assert.ok(box.left - left.right >= gap);
        if (options.columnLabels === undefined) assert.is(box.left - left.right, gap);
      }
      if (above !== undefined) {
        assert.is(box.left, above.left);
        assert.ok(box.top - above.bottom >= gap);
        if (options.rowLabels === undefined) assert.is(box.top - above.bottom, gap);
      }
    });
  });

  test(`${count} images of ${height} × ${width} in ${columns} columns leave a margin`, () => {
    const sheet = gridSheet(flatImages(count, height * width), options);
    const svg = encodeSheet(sheet);
    assert.ok(isWellFormed(svg));
    const [right, bottom] = sizeOf(svg);
    const image = embeddedImage(svg);
    assert.ok(image.x >= 16 && image.y >= 16);
    assert.ok(image.x + image.drawnWidth <= right - 16 && image.y + image.drawnHeight <= bottom - 14);
  });
}

test('the files hold the images: in the SVG pixel by pixel, in the PNG as squares', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-sheet-'));
  try {
    for (const channels of [1, 3] as const) {
      const [height, width, gap, scale] = [3, 4, 2, 5];
      const values = new Generator(channels).words(4 * height * width * channels);
      const images = Float32Array.from(values, (word) => word / 2 ** 32);
      const imageShape = [channels, height, width] as const;
      const options = { columns: 2, imageShape, gap, scale };
      const sheet = gridSheet(images, { ...options, title: 'title', caption: 'caption' });
      const files = await writeSheet(join(folder, 'sheet'), sheet);
      assert.equal(files, [join(folder, 'sheet.svg'), join(folder, 'sheet.png')]);
      assert.equal(readdirSync(folder).sort(), ['sheet.png', 'sheet.svg']);

      const svg = readFileSync(files[0], 'utf8');
      const embedded = embeddedImage(svg);
      assert.ok(isWellFormed(svg) && svg.includes('image-rendering:pixelated'));
      assert.equal([embedded.width, embedded.height], [2 * width + gap, 2 * height + gap]);
      assert.equal(
        [embedded.drawnWidth, embedded.drawnHeight],
        [5 * (2 * width + gap), 5 * (2 * height + gap)],
      );

      const bare = PNG.sync.read(readFileSync(files[1]));
      assert.equal([bare.width, bare.height], [embedded.drawnWidth, embedded.drawnHeight]);
      const expected = expectedPixels(images, options);
      assert.equal(embedded.pixels, expected(1));
      assert.equal(rgbOf(bare.data), expected(scale));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** RGB bytes of four images in two columns, white between them. */
function expectedPixels(
  images: Float32Array,
  options: { imageShape: readonly [number, number, number]; gap: number },
): (scale: number) => Uint8Array {
  const { gap } = options;
  const [channels, height, width] = options.imageShape;
  const valueAt = (x: number, y: number, channel: number): number => {
    const [column, row] = [Math.floor(x / (width + gap)), Math.floor(y / (height + gap))];
    const [left, top] = [x - column * (width + gap), y - row * (height + gap)];
    if (left >= width || top >= height) return 255;
    const plane = (2 * row + column) * channels + (channels === 1 ? 0 : channel);
    return Math.round(255 * (images[(plane * height + top) * width + left] as number));
  };
  return (scale) => {
    const [across, down] = [(2 * width + gap) * scale, (2 * height + gap) * scale];
    return Uint8Array.from({ length: across * down * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return valueAt(
        Math.floor((pixel % across) / scale),
        Math.floor(Math.floor(pixel / across) / scale),
        i % 3,
      );
    });
  };
}

test('images with three channels keep their colours', () => {
  const images = Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1); // red, green; blue, pink: one channel after the other
  const sheet = gridSheet(images, { columns: 2, imageShape: [3, 1, 2], scale: 4, gap: 0 });
  const at = (r: number, g: number, b: number): Box =>
    boxOf(sheet.pixels.enlarged(4), (red, green, blue) => red === r && green === g && blue === b);
  const [red, green, blue, pink] = [at(255, 0, 0), at(0, 255, 0), at(0, 0, 255), at(255, 0, 255)];
  for (const box of [red, green, blue, pink]) assert.is(box.count, 16);
  assert.equal(
    [green.left, blue.left, pink.left],
    [4, 8, 12].map((d) => red.left + d),
  );
});

/** Texts of a drawn sheet by their content. */
const textOf = (svg: string, wanted: string): Text => {
  const found = textsOf(svg).filter(({ text }) => text === wanted);
  assert.is(found.length, 1, wanted);
  return found[0] as Text;
};

test('column labels stand above the middle of their column, row labels left of the middle of their row', () => {
  const labelled = {
    columns: 3,
    imageShape: [10, 10] as const,
    scale: 4,
    columnLabels: ['A', 'BBB', 'CC'],
    rowLabels: ['D', 'EE'],
  };
  const sheet = gridSheet(flatImages(6, 100), labelled);
  const svg = encodeSheet(sheet);
  const [images, drawn] = [boxesOf(sheet.pixels, 6), embeddedImage(svg)];
  labelled.columnLabels.forEach((wanted, c) => {
    const { left, right } = images[c] as Box;
    const label = textOf(svg, wanted);
    assert.is(label.anchor, 'middle');
    assert.is(label.x, drawn.x + (4 * (left + right)) / 2, `column ${c}`);
    assert.ok(label.y < drawn.y && label.y > drawn.y - 16);
  });
  labelled.rowLabels.forEach((wanted, r) => {
    const { top, bottom } = images[3 * r] as Box;
    const label = textOf(svg, wanted);
    assert.is(label.anchor, 'end');
    assert.ok(Math.abs(label.y - 4 - (drawn.y + (4 * (top + bottom)) / 2)) <= 2, `row ${r}`);
    assert.ok(label.x < drawn.x);
  });
  assert.is(textsOf(svg).length, 5, 'no title and no caption');
});

test('title and caption are above and below, in full', () => {
  const svg = encodeSheet(gridSheet(flatImages(6, 64), LABELLED));
  const drawn = embeddedImage(svg);
  const [title, caption] = [LABELLED.title, LABELLED.caption] as [string, string];
  assert.ok(textOf(svg, title).y < drawn.y);
  assert.ok(textOf(svg, caption).y > drawn.y + drawn.drawnHeight);
  const [width] = sizeOf(svg);
  // Wide letters of a system font take about 0.6 of the font size: 18 pixels for the title, 12 for the caption.
  assert.ok(width >= 16 + 0.6 * 18 * title.length);
  assert.ok(width >= drawn.x + 0.6 * 12 * caption.length);
  const plain = encodeSheet(gridSheet(flatImages(1, 4), { columns: 1, imageShape: [2, 2], scale: 1 }));
  assert.equal(textsOf(plain), []);
});

test('labels wider than the images do not overlap, and stay on the sheet', () => {
  const columnLabels = ['a label', 'a wide label', 'another one'];
  const svg = encodeSheet(
    gridSheet(flatImages(3, 6), { columns: 3, imageShape: [2, 3], scale: 1, columnLabels }),
  );
  const labels = columnLabels.map((label) => ({ ...textOf(svg, label), half: 0.3 * 12 * label.length }));
  labels.forEach(({ x, half }, i) => {
    assert.ok(x - half > (i === 0 ? 0 : labels[i - 1]!.x + labels[i - 1]!.half));
    assert.ok(x + half < sizeOf(svg)[0]);
  });
});

test('all texts are escaped, and the address of the pixels, too', () => {
  const hard = '<b>&amp; "quoted" ]]> \'x\'';
  const sheet = gridSheet(flatImages(1, 4), {
    columns: 1,
    imageShape: [2, 2],
    title: hard,
    caption: hard,
    columnLabels: [hard],
    rowLabels: [hard],
  });
  const svg = sheetSVG(sheet, 'pixels.png?a=1&b="2"');
  assert.ok(isWellFormed(svg));
  assert.is(textsOf(svg).filter(({ text }) => text === hard).length, 4);
  assert.ok(svg.includes('href="pixels.png?a=1&amp;b=&quot;2&quot;"'));
});

function refusal(images: Float32Array, options: SheetOptions): string {
  try {
    gridSheet(images, options);
  } catch (error) {
    assert.instance(error, ArgumentError);
    return (error as Error).message;
  }
  throw new Error('the sheet was drawn');
}

test('images, labels and sizes that do not fit are refused with the reason', () => {
  const four = new Float32Array(4);
  const square: SheetOptions = { columns: 1, imageShape: [2, 2] };
  assert.is(
    refusal(new Float32Array(5), square),
    'gridSheet: 5 values are not a whole number of 2 × 2 images',
  );
  assert.is(
    refusal(new Float32Array(0), square),
    'gridSheet: 0 values are not a whole number of 2 × 2 images',
  );
  assert.is(
    refusal(four, { ...square, imageShape: [3, 2, 2] }),
    'gridSheet: 4 values are not a whole number of 3 × 2 × 2 images',
  );
  for (const columns of [0, -1, 1.5, Number.NaN]) {
    const message = `gridSheet: columns must be a whole number above 0, found ${columns}`;
    assert.is(refusal(four, { ...square, columns }), message);
  }
  assert.is(
    refusal(four, { ...square, scale: 0.5 }),
    'gridSheet: scale must be a whole number above 0, found 0.5',
  );
  assert.is(
    refusal(four, { ...square, gap: -1 }),
    'gridSheet: gap must be a whole number of at least 0, found -1',
  );
  assert.is(
    refusal(four, { ...square, columnLabels: ['a', 'b'] }),
    'gridSheet: 2 column labels for 1 columns — give one for each, or none',
  );
  assert.is(
    refusal(four, { ...square, rowLabels: ['a', 'b', 'c'] }),
    'gridSheet: 3 row labels for 1 rows — give one for each, or none',
  );
});

test('a sheet of too many pixels is refused before it is drawn', () => {
  const images = new Float32Array(2_000_000);
  assert.throws(
    () => gridSheet(images, { columns: 1, imageShape: [1, 1], gap: 99 }),
    /^gridSheet: a sheet has at most 100000000 pixels, and 2000000 images make 1 × 199999901 — choose fewer rows or columns$/,
  );
});

test.run();
