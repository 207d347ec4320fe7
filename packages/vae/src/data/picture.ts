/** Pictures as numbers, before they become the images of a data set. */

/** The grey value of red, green and blue. @see ITU-R BT.601 */
const luma = (r: number, g: number, b: number): number => 0.299 * r + 0.587 * g + 0.114 * b;

/** A decoded picture. */
export interface Picture {
  width: number;
  height: number;
  /** 1 for grey values; 3 for red, green and blue. */
  channels: 1 | 3;
  /** Values in [0, 1], one channel after the other, each row after row: `[channels · height · width]`. */
  values: Float32Array;
  /** Whether a pixel was coloured. */
  isColored: boolean;
  /** Whether a pixel was not opaque. */
  isTransparent: boolean;
}

/** How stored samples become a picture. */
export interface PictureOptions {
  /** 1: colours become grey values, 0.299 R + 0.587 G + 0.114 B. 3: red, green and blue. */
  channels: 1 | 3;
  /** The value of all channels behind transparent pixels. */
  ground: number;
}

/** Samples as they are stored, pixel after pixel. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint16Array;
  /** Samples of a pixel: grey; grey and opacity; red, green, blue; or these and opacity. */
  readonly perPixel: number;
  /** The sample that stands for 1. */
  readonly most: number;
}

/** Each value is value · opacity + ground · (1 − opacity). */
export function pictureOf(
  { width, height, data, perPixel, most }: Samples,
  { channels, ground }: PictureOptions,
): Picture {
  const size = width * height;
  const values = new Float32Array(channels * size);
  const [green, blue] = perPixel > 2 ? [1, 2] : [0, 0];
  const opacityAt = perPixel % 2 === 0 ? perPixel - 1 : undefined;
  let [isColored, isTransparent] = [false, false];
  // A pixel at a time, without arrays: a picture may have millions.
  for (let i = 0, at = 0; i < size; i++, at += perPixel) {
    const r = data[at]!;
    const g = data[at + green]!;
    const b = data[at + blue]!;
    const isGrey = r === g && g === b;
    if (!isGrey) isColored = true;
    if (channels === 1) values[i] = (isGrey ? r : luma(r, g, b)) / most;
    else {
      values[i] = r / most;
      values[size + i] = g / most;
      values[2 * size + i] = b / most;
    }
    if (opacityAt === undefined || data[at + opacityAt] === most) continue;
    isTransparent = true;
    const opacity = data[at + opacityAt]! / most;
    for (let plane = i; plane < values.length; plane += size)
      values[plane] = values[plane]! * opacity + ground * (1 - opacity);
  }
  return { width, height, channels, values, isColored, isTransparent };
}

/** Red, green and blue as grey values: `[3, size]` → `[size]`. */
export function greyOf(values: Float32Array): Float32Array {
  const size = values.length / 3;
  return Float32Array.from({ length: size }, (_, i) => {
    const [r, g, b] = [values[i]!, values[size + i]!, values[2 * size + i]!];
    return r === g && g === b ? r : luma(r, g, b);
  });
}
