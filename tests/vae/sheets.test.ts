/** Sheets of images: where each image is, how large, and where its labels are. */
import { ArgumentError } from '@varigrad/core';
import { gridSheet, type Raster, type SheetOptions } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Pixels that match. */
  count: number;
}

/** The smallest box around all pixels of which `is` holds, among those of `within`. */
function boxOf(sheet: Raster, is: (r: number, g: number, b: number) => boolean, within?: Box): Box {
  const area = within ?? { left: 0, top: 0, right: sheet.width, bottom: sheet.height };
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity, count: 0 };
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) {
      const [r, g, b] = sheet.pixels.subarray(3 * (y * sheet.width + x)) as unknown as [
        number,
        number,
        number,
      ];
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

/** Image i is one grey, 100 + i: a value that neither paper nor letters have. */
function flatImages(count: number, size: number): Float32Array {
  return Float32Array.from({ length: count * size }, (_, i) => (100 + Math.floor(i / size)) / 255);
}

const boxesOf = (sheet: Raster, count: number): Box[] =>
  Array.from({ length: count }, (_, i) => boxOf(sheet, (r, g, b) => r === 100 + i && g === r && b === r));

const isInk = (r: number, g: number, b: number): boolean => !(r === g && g === b);

interface Case {
  count: number;
  options: SheetOptions;
}

const cases: readonly Case[] = [
  { count: 6, options: { columns: 3, imageShape: [28, 28] } },
  { count: 7, options: { columns: 3, imageShape: [5, 9], scale: 2, gap: 1 } },
  { count: 1, options: { columns: 1, imageShape: [1, 1], scale: 1, gap: 0 } },
  { count: 4, options: { columns: 10, imageShape: [64, 32], gap: 0 } },
  {
    count: 6,
    options: {
      columns: 2,
      imageShape: [8, 8],
      scale: 3,
      gap: 5,
      title: 'A long title, much wider than the grid',
      columnLabels: ['one', 'two'],
      rowLabels: ['r1', 'row 2', 'r'],
      caption: 'a caption that is wider, too',
    },
  },
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

for (const { count, options } of cases) {
  const { columns, imageShape, gap = 4, scale } = options;
  const [height, width] = imageShape;

  test(`${count} images of ${height} × ${width} in ${columns} columns are whole, in order and evenly spaced`, () => {
    const sheet = gridSheet(flatImages(count, height * width), options);
    const boxes = boxesOf(sheet, count);
    const used = scale ?? Math.max(1, Math.round(56 / height));
    boxes.forEach((box, i) => {
      assert.equal([box.right - box.left, box.bottom - box.top], [width * used, height * used], `image ${i}`);
      assert.is(box.count, width * height * used * used, 'no pixel is covered');
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
    const paper = boxOf(sheet, (r, g, b) => r + g + b < 765);
    assert.ok(paper.left >= 16 && paper.top >= 16, 'a margin stays free');
    assert.ok(paper.right <= sheet.width - 16 && paper.bottom <= sheet.height - 14);
  });
}

test('images with three channels keep their colours', () => {
  const images = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1);
  const sheet = gridSheet(images, { columns: 2, imageShape: [1, 2], channels: 3, scale: 4, gap: 0 });
  const at = (r: number, g: number, b: number): Box =>
    boxOf(sheet, (red, green, blue) => red === r && green === g && blue === b);
  const [red, green, blue, pink] = [at(255, 0, 0), at(0, 255, 0), at(0, 0, 255), at(255, 0, 255)];
  for (const box of [red, green, blue, pink]) assert.is(box.count, 16);
  assert.equal(
    [green.left, blue.left, pink.left],
    [4, 8, 12].map((d) => red.left + d),
  );
});

test('column labels stand above the middle of their column, row labels left of the middle of their row', () => {
  const labelled = {
    columns: 3,
    imageShape: [10, 10] as const,
    scale: 4,
    columnLabels: ['H', 'HHH', 'HH'],
    rowLabels: ['H', 'HH'],
  };
  const sheet = gridSheet(flatImages(6, 100), labelled);
  const images = boxesOf(sheet, 6);
  const [first, last] = [images[0] as Box, images[5] as Box];
  for (let c = 0; c < 3; c++) {
    const image = images[c] as Box;
    const above = { ...image, left: image.left - 2, right: image.right + 2, top: 0, bottom: first.top };
    const label = boxOf(sheet, isInk, above);
    assert.is(label.right - label.left, [5, 17, 11][c]);
    assert.ok(Math.abs(label.left + label.right - (image.left + image.right)) <= 2, `column ${c}`);
  }
  for (let r = 0; r < 2; r++) {
    const image = images[3 * r] as Box;
    const label = boxOf(sheet, isInk, { ...image, left: 0, right: image.left });
    assert.is(label.right - label.left, [5, 11][r]);
    assert.ok(Math.abs(label.top + label.bottom - (image.top + image.bottom)) <= 2, `row ${r}`);
    assert.ok(label.right < image.left);
  }
  const rest = boxOf(sheet, isInk, {
    left: 0,
    right: sheet.width,
    top: last.bottom,
    bottom: sheet.height,
    count: 0,
  });
  assert.is(rest.count, 0, 'nothing below a grid without a caption');
});

test('title and caption are above and below, in full', () => {
  const plain = gridSheet(flatImages(1, 4), { columns: 1, imageShape: [2, 2], scale: 1 });
  const options = {
    columns: 1,
    imageShape: [2, 2] as const,
    scale: 1,
    title: 'HHHH',
    caption: 'HHHHHHHHHHHH',
  };
  const sheet = gridSheet(flatImages(1, 4), options);
  const [image] = boxesOf(sheet, 1) as [Box];
  const all = { left: 0, right: sheet.width, top: 0, bottom: sheet.height, count: 0 };
  const title = boxOf(sheet, isInk, { ...all, bottom: image.top });
  const caption = boxOf(sheet, isInk, { ...all, top: image.bottom });
  assert.equal([title.right - title.left, title.bottom - title.top], [46, 14]); // letters of twice the size
  assert.equal([caption.right - caption.left, caption.bottom - caption.top], [71, 7]);
  assert.is(boxOf(plain, isInk).count, 0);
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

test('refuses what makes no sheet, and says why', () => {
  const four = new Float32Array(4);
  const square: SheetOptions = { columns: 1, imageShape: [2, 2] };
  assert.is(
    refusal(new Float32Array(5), square),
    'gridSheet: 5 values are no whole number of 2 × 2 images with 1 channel(s)',
  );
  assert.is(
    refusal(new Float32Array(0), square),
    'gridSheet: 0 values are no whole number of 2 × 2 images with 1 channel(s)',
  );
  assert.is(
    refusal(four, { ...square, channels: 3 }),
    'gridSheet: 4 values are no whole number of 2 × 2 images with 3 channel(s)',
  );
  for (const columns of [0, -1, 1.5, Number.NaN]) {
    const message = `gridSheet: columns is a whole number from 1, not ${columns}`;
    assert.is(refusal(four, { ...square, columns }), message);
  }
  assert.is(refusal(four, { ...square, scale: 0.5 }), 'gridSheet: scale is a whole number from 1, not 0.5');
  assert.is(refusal(four, { ...square, gap: -1 }), 'gridSheet: gap is a whole number from 0, not -1');
  assert.is(
    refusal(four, { ...square, columnLabels: ['a', 'b'] }),
    'gridSheet: 2 column labels for 1 columns — one for each, or none',
  );
  assert.is(
    refusal(four, { ...square, rowLabels: ['a', 'b', 'c'] }),
    'gridSheet: 3 row labels for 1 rows — one for each, or none',
  );
});

test.run();
