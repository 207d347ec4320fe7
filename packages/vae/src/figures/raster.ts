import { DESCENT, GLYPH_HEIGHT, GLYPH_WIDTH, hasDot } from './font.js';

/** A colour as red, green and blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Dots from the left edge of one character to that of the next. */
const ADVANCE = GLYPH_WIDTH + 1;

/** A picture in memory: RGB bytes, row after row. */
export class Raster {
  readonly width: number;
  readonly height: number;
  /** `[height · width · 3]` */
  readonly pixels: Uint8Array;

  constructor(width: number, height: number, background: Color = [255, 255, 255]) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3);
    this.rect(0, 0, width, height, background);
  }

  /** Fills a rectangle; what lies outside of the picture is ignored. */
  rect(x: number, y: number, width: number, height: number, color: Color): void {
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

  /** A filled circle around (x, y) with soft edges: each pixel takes the share of the colour that the circle covers of it. */
  disc(x: number, y: number, radius: number, color: Color): void {
    const [top, bottom] = [
      Math.max(0, Math.floor(y - radius)),
      Math.min(this.height - 1, Math.ceil(y + radius)),
    ];
    const [left, right] = [
      Math.max(0, Math.floor(x - radius)),
      Math.min(this.width - 1, Math.ceil(x + radius)),
    ];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const share = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(column - x, row - y)));
        const at = (row * this.width + column) * 3;
        for (let c = 0; c < 3; c++) {
          const below = this.pixels[at + c]!;
          this.pixels[at + c] = Math.round(below + share * (color[c]! - below));
        }
      }
    }
  }

  /**
   * Draws an image with each of its pixels as a square of `scale`.
   * @param values - `[height · width · channels]` with 1 (grey) or 3 (RGB) channels, 0 to 1; beyond that they are cut
   */
  image(
    x: number,
    y: number,
    values: Float32Array,
    [height, width]: readonly [number, number],
    scale = 1,
  ): void {
    const channels = values.length / (height * width);
    const byte = (i: number): number => Math.round(255 * Math.min(1, Math.max(0, values[i] ?? 0)));
    for (let i = 0; i < height * width; i++) {
      const color: Color =
        channels === 1 ? [byte(i), byte(i), byte(i)] : [byte(3 * i), byte(3 * i + 1), byte(3 * i + 2)];
      this.rect(x + (i % width) * scale, y + Math.floor(i / width) * scale, scale, scale, color);
    }
  }

  /** Writes a line of text with its top left corner at (x, y), each dot of a letter `scale` pixels wide. */
  text(x: number, y: number, text: string, color: Color = [0, 0, 0], scale = 1): void {
    [...text].forEach((character, place) => {
      for (let row = 0; row < GLYPH_HEIGHT + DESCENT; row++) {
        for (let column = 0; column < GLYPH_WIDTH; column++) {
          if (!hasDot(character, row, column)) continue;
          this.rect(x + (place * ADVANCE + column) * scale, y + row * scale, scale, scale, color);
        }
      }
    });
  }
}

/** Width in pixels of a line of text. */
export function textWidth(text: string, scale = 1): number {
  return text === '' ? 0 : ([...text].length * ADVANCE - 1) * scale;
}
