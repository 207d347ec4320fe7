import { checkArray, checkNumber, checkWhole } from '@varigrad/core/checks';
import { checkImageShape, checkValues } from '../checks.js';
import { drawnShape, type ImageShape } from '../data/image-shape.js';

/** A colour as red, green and blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** A picture in memory: RGB bytes, row after row. */
export class Raster {
  readonly width: number;
  readonly height: number;
  /** `[height · width · 3]` */
  readonly pixels: Uint8Array;

  constructor(width: number, height: number, background: Color = [255, 255, 255]) {
    checkWhole('Raster', 'width', width, 0);
    checkWhole('Raster', 'height', height, 0);
    checkArray('Raster', 'background', background, 'width, height, ');
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
    this.#fill(0, 0, width, height, background);
  }

  /** Fills a rectangle; the part outside the picture is ignored. */
  rect(x: number, y: number, width: number, height: number, color: Color): void {
    for (const [name, value] of Object.entries({ x, y, width, height })) checkNumber('rect', name, value);
    checkArray('rect', 'color', color, 'x, y, width, height, ');
    this.#fill(x, y, width, height, color);
  }

  /** `rect` without checks, for one pixel after another. */
  #fill(x: number, y: number, width: number, height: number, color: Color): void {
    const left = Math.max(0, x);
    const right = Math.min(this.width, x + width);
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let at = (row * this.width + left) * 3; at < (row * this.width + right) * 3; at += 3) {
        this.pixels[at] = color[0];
        this.pixels[at + 1] = color[1];
        this.pixels[at + 2] = color[2];
      }
    }
  }

  /**
   * Draws an image with its top left pixel at (x, y).
   * @param values - `[channels · height · width]`, clamped to [0, 1]. Three channels are red, green and blue; other channels are drawn
   * in grey, one below the other
   */
  image(x: number, y: number, values: Float32Array, imageShape: ImageShape): void {
    checkNumber('image', 'x', x);
    checkNumber('image', 'y', y);
    checkValues('image', 'values', values);
    checkImageShape('image', imageShape);
    const [channels, height, width] = drawnShape(imageShape);
    const size = height * width;
    const [green, blue] = channels === 3 ? [size, 2 * size] : [0, 0];
    const byte = (i: number): number => Math.round(255 * Math.min(1, Math.max(0, values[i] ?? 0)));
    for (let i = 0; i < size; i++) {
      const color: Color = [byte(i), byte(i + green), byte(i + blue)];
      this.#fill(x + (i % width), y + Math.floor(i / width), 1, 1, color);
    }
  }

  /** The picture with each pixel as a square of `scale` × `scale`. */
  enlarged(scale: number): Raster {
    checkWhole('enlarged', 'scale', scale);
    const large = new Raster(this.width * scale, this.height * scale);
    for (let i = 0; i < this.width * this.height; i++) {
      const [red = 0, green = 0, blue = 0] = this.pixels.subarray(3 * i, 3 * i + 3);
      const [x, y] = [i % this.width, Math.floor(i / this.width)];
      large.#fill(x * scale, y * scale, scale, scale, [red, green, blue]);
    }
    return large;
  }
}
