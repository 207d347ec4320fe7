/** Drawing: rectangles, enlarged images and the letters of the font. */
import { Raster } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasDot } from '../../packages/vae/src/figures/font.js';
import { textWidth } from '../../packages/vae/src/figures/raster.js';

/** The picture as text: '#' where a pixel is not white. */
function show({ width, height, pixels }: Raster): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (pixels[3 * (y * width + x)] === 255 ? '.' : '#')).join(''),
  );
}

const colorOf = ({ pixels, width }: Raster, x: number, y: number): number[] => [
  ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

test('a picture begins as one colour', () => {
  assert.equal([...new Raster(2, 1).pixels], [255, 255, 255, 255, 255, 255]);
  assert.equal([...new Raster(1, 2, [1, 2, 3]).pixels], [1, 2, 3, 1, 2, 3]);
});

test('a rectangle covers its pixels and is cut at the edges', () => {
  const picture = new Raster(5, 4);
  picture.rect(1, 1, 2, 2, [0, 0, 0]);
  assert.equal(show(picture), ['.....', '.##..', '.##..', '.....']);
  picture.rect(-3, 3, 4, 9, [0, 0, 0]);
  picture.rect(4, -2, 9, 3, [0, 0, 0]);
  picture.rect(7, 0, 2, 2, [0, 0, 0]);
  picture.rect(0, -5, 5, 5, [0, 0, 0]);
  assert.equal(show(picture), ['....#', '.##..', '.##..', '#....']);
});

test('a grey image is enlarged to squares; values are cut to [0, 1] and rounded', () => {
  const picture = new Raster(7, 5);
  picture.image(1, 0, Float32Array.of(0, 0.5, 2, -1, 1, 0.2), [2, 3], 2);
  const rows = [
    [0, 0, 128, 128, 255, 255],
    [0, 0, 255, 255, 51, 51],
  ];
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 7; x++) {
      const value = x === 0 || y === 4 ? 255 : (rows[y >> 1]?.[x - 1] as number);
      assert.equal(colorOf(picture, x, y), [value, value, value], `(${x}, ${y})`);
    }
  }
});

test('an image of three channels is drawn in colour', () => {
  const picture = new Raster(2, 1);
  picture.image(0, 0, Float32Array.of(1, 0, 0.2, 0, 1, 0.4), [1, 2]);
  assert.equal([...picture.pixels], [255, 0, 51, 0, 255, 102]);
});

test('letters look like letters', () => {
  const picture = new Raster(17, 9);
  picture.text(0, 0, 'Hp7');
  assert.equal(show(picture), [
    '#...#.......#####',
    '#...#...........#',
    '#...#.####.....#.',
    '#####.#...#...#..',
    '#...#.#...#..#...',
    '#...#.#...#..#...',
    '#...#.####...#...',
    '......#..........',
    '......#..........',
  ]);
});

test('text can be enlarged, and its width is known', () => {
  const small = new Raster(textWidth('a-B'), 9);
  const large = new Raster(textWidth('a-B', 3), 27);
  small.text(0, 0, 'a-B');
  large.text(0, 0, 'a-B', [0, 0, 0], 3);
  const enlarged = show(small).flatMap((row) =>
    Array<string>(3).fill([...row].map((dot) => dot.repeat(3)).join('')),
  );
  assert.equal(show(large), enlarged);
  assert.is(textWidth('a-B'), 17);
  assert.is(textWidth(''), 0);
});

test('text that does not fit is cut', () => {
  const picture = new Raster(8, 4);
  picture.text(-2, -3, 'HHH');
  assert.equal(show(picture), ['###.####', '..#.#...', '..#.#...', '..#.#...']);
});

test('all printable ASCII and the signs of the captions have letters of their own', () => {
  const characters = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), '·', '…', '×'];
  const glyph = (c: string): string =>
    Array.from({ length: 45 }, (_, i) => (hasDot(c, Math.floor(i / 5), i % 5) ? '#' : '.')).join('');
  assert.is(new Set(characters.map(glyph)).size, characters.length);
  assert.is(glyph('−'), glyph('-'));
  const box = glyph('\u{1f600}');
  assert.is(box, glyph('ж'), 'an unknown character shows as a box');
  assert.not.ok(characters.map(glyph).includes(box));
});

test('an unknown character takes one place, also beyond the basic plane', () => {
  assert.is(textWidth('\u{1f600}'), textWidth('a'));
});

test.run();
