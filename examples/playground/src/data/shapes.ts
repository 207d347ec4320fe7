/** Generated images with known factors: one shape on a black ground, of some kind, size, angle and place. */
import { Generator } from '@varigrad/core';
import type { Dataset } from '@varigrad/vae';

const SIDE = 28;
const KINDS = ['square', 'ellipse', 'triangle'] as const;

/** The factors of each image, beside its class. */
export interface Factors {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly size: Float32Array;
}

/** Images and the factors from which they were drawn. The class is the kind: 0 square, 1 ellipse, 2 triangle. */
export interface Shapes {
  readonly data: Dataset;
  readonly factors: Factors;
}

/** 5,000 training and 1,000 test images. The same in every call. */
export function generateShapes(): { train: Shapes; test: Shapes } {
  return { train: drawShapes(5000, 1), test: drawShapes(1000, 2) };
}

/** Distance to the edge in pixels, positive inside, of a shape of radius 1 around the origin. */
const INSIDE: Readonly<Record<(typeof KINDS)[number], (x: number, y: number) => number>> = {
  square: (x, y) => 0.85 - Math.max(Math.abs(x), Math.abs(y)),
  ellipse: (x, y) => 1 - Math.hypot(x, y / 0.6),
  triangle: (x, y) => Math.min(0.6 + y, 0.5 - 0.5 * y - 0.866 * Math.abs(x) + 0.1),
};

/** Uniform factors: kind, place (8 to 20 pixels), radius (4 to 7 pixels). */
function drawShapes(count: number, seed: number): Shapes {
  const generator = new Generator(seed);
  const draws = generator.uniform(4 * count);
  const images = new Float32Array(count * SIDE * SIDE);
  const labels = new Uint8Array(count);
  const factors = { x: new Float32Array(count), y: new Float32Array(count), size: new Float32Array(count) };
  for (let i = 0; i < count; i++) {
    const [kind = 0, x = 0, y = 0, size = 0] = draws.subarray(4 * i, 4 * i + 4);
    labels[i] = Math.min(KINDS.length - 1, Math.floor(kind * KINDS.length));
    factors.x[i] = 8 + 12 * x;
    factors.y[i] = 8 + 12 * y;
    factors.size[i] = 4 + 3 * size;
    drawShape(images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), i, labels[i]!, factors);
  }
  return { data: { images, labels, count, imageShape: [SIDE, SIDE], classes: KINDS.length }, factors };
}

/** Writes grey values: the edge is one pixel wide. */
function drawShape(image: Float32Array, i: number, kind: number, { x, y, size }: Factors): void {
  const inside = INSIDE[KINDS[kind]!];
  const radius = size[i]!;
  for (let row = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) {
      const distance = inside((column + 0.5 - x[i]!) / radius, (row + 0.5 - y[i]!) / radius) * radius;
      image[row * SIDE + column] = Math.max(0, Math.min(1, distance + 0.5));
    }
}
