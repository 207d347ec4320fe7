/** Drawing: rectangles and images, and enlargement. */
import { Raster } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

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

test('a rectangle covers its pixels and is clipped at the edges', () => {
  const picture = new Raster(5, 4);
  picture.rect(1, 1, 2, 2, [0, 0, 0]);
  assert.equal(show(picture), ['.....', '.##..', '.##..', '.....']);
  picture.rect(-3, 3, 4, 9, [0, 0, 0]);
  picture.rect(4, -2, 9, 3, [0, 0, 0]);
  picture.rect(7, 0, 2, 2, [0, 0, 0]);
  picture.rect(0, -5, 5, 5, [0, 0, 0]);
  assert.equal(show(picture), ['....#', '.##..', '.##..', '#....']);
});

test('a grey image is enlarged to squares; values are clamped to [0, 1] and rounded', () => {
  const small = new Raster(4, 3);
  small.image(1, 0, Float32Array.of(0, 0.5, 2, -1, 1, 0.2), [2, 3]);
  const picture = small.enlarged(2);
  assert.equal([picture.width, picture.height], [8, 6]);
  const rows = [
    [0, 0, 128, 128, 255, 255],
    [0, 0, 255, 255, 51, 51],
  ];
  for (let y = 0; y < 6; y++) {
    for (let x = 0; x < 8; x++) {
      const value = x < 2 || y >= 4 ? 255 : (rows[y >> 1]?.[x - 2] as number);
      assert.equal(colorOf(picture, x, y), [value, value, value], `(${x}, ${y})`);
    }
  }
});

test('an image of three channels is drawn in colour', () => {
  const picture = new Raster(2, 1);
  picture.image(0, 0, Float32Array.of(1, 0, 0, 1, 0.2, 0.4), [3, 1, 2]);
  assert.equal([...picture.pixels], [255, 0, 51, 0, 255, 102]);
});

test.run();
