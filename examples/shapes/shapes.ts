/** Colour pictures of one shape on a black ground, with known factors. */

/** Number of values of each factor. */
export const FACTORS = { shape: 3, colour: 6, size: 4, x: 8, y: 8 } as const;

/** The values of all factors of a picture, each from 0. */
export type Factors = Readonly<Record<keyof typeof FACTORS, number>>;

export const SIDE = 32;

/** Red, green and blue. */
const COLOURS: readonly (readonly [number, number, number])[] = [
  [255, 0, 0],
  [255, 255, 0],
  [0, 255, 0],
  [0, 255, 255],
  [0, 0, 255],
  [255, 0, 255],
];

/** Samples along each axis of a pixel. */
const FINE = 4;

/** Whether a point, relative to the centre and in units of the radius, is inside of a shape. */
const SHAPES: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => x * x + y * y <= 1,
  (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.85,
  (x, y) => y <= 0.75 && y >= 1.75 * Math.abs(x) - 1,
];

/** The pixels of a picture, `[SIDE · SIDE · 3]` bytes; edges are smooth. */
export function drawShape({ shape, colour, size, x, y }: Factors): Uint8Array {
  const radius = 4 + size;
  const [centerX, centerY] = [8.5 + (15 / 7) * x, 8.5 + (15 / 7) * y];
  const isInside = SHAPES[shape]!;
  const pixels = new Uint8Array(3 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [column, row] = [i % SIDE, Math.floor(i / SIDE)];
    let covered = 0;
    for (let j = 0; j < FINE * FINE; j++) {
      const px = column + ((j % FINE) + 0.5) / FINE;
      const py = row + (Math.floor(j / FINE) + 0.5) / FINE;
      if (isInside((px - centerX) / radius, (py - centerY) / radius)) covered++;
    }
    const share = covered / (FINE * FINE);
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = Math.round(share * COLOURS[colour]![c]!);
  }
  return pixels;
}
