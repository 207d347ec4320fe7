/** The pictures of `npm run shapes`: each factor changes what it says. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { drawShape, FACTORS, type Factors, SIDE } from '../../examples/shapes/shapes.js';

const middle: Factors = { shape: 0, colour: 0, size: 1, x: 3, y: 4 };

/** How much ink a pixel has: its brightest channel. */
function inkOf(factors: Factors): number[] {
  const pixels = drawShape(factors);
  return Array.from({ length: SIDE * SIDE }, (_, i) => Math.max(...pixels.subarray(3 * i, 3 * i + 3)));
}

/** The area of the shape, and the mean position of its ink. */
function moments(factors: Factors): { area: number; x: number; y: number } {
  const ink = inkOf(factors).map((value) => Math.max(0, value));
  const most = Math.max(...ink);
  const area = ink.reduce((a, b) => a + b, 0) / most;
  const mean = (place: (i: number) => number): number =>
    ink.reduce((sum, value, i) => sum + (value / most) * (place(i) + 0.5), 0) / area;
  return { area, x: mean((i) => i % SIDE), y: mean((i) => Math.floor(i / SIDE)) };
}

test('a disc has the area π r², and its centre moves by 15/7 pixels per value of its place', () => {
  for (let size = 0; size < FACTORS.size; size++) {
    const { area } = moments({ ...middle, size });
    assert.ok(Math.abs(area / (Math.PI * (4 + size) ** 2) - 1) < 0.03, `${area}`);
  }
  const { x, y } = moments(middle);
  for (let place = 0; place < 8; place++) {
    const [across, down] = [moments({ ...middle, x: place }), moments({ ...middle, y: place })];
    assert.ok(Math.abs(across.x - x - (15 / 7) * (place - 3)) < 0.1 && Math.abs(across.y - y) < 0.1);
    assert.ok(Math.abs(down.y - y - (15 / 7) * (place - 4)) < 0.1 && Math.abs(down.x - x) < 0.1);
  }
});

test('every shape is whole at every place and size, and all pictures differ', () => {
  const seen = new Set<string>();
  let count = 0;
  for (let shape = 0; shape < FACTORS.shape; shape++)
    for (let size = 0; size < FACTORS.size; size++)
      for (const x of [0, 7])
        for (const y of [0, 7])
          for (let colour = 0; colour < FACTORS.colour; colour++) {
            const pixels = drawShape({ shape, size, x, y, colour });
            for (let i = 0; i < SIDE; i++)
              for (const at of [i, i + SIDE * (SIDE - 1), SIDE * i, SIDE * i + SIDE - 1])
                assert.equal([...pixels.subarray(3 * at, 3 * at + 3)], [0, 0, 0], 'the edge is black');
            seen.add(pixels.join());
            count++;
          }
  assert.is(seen.size, count);
});

test.run();
