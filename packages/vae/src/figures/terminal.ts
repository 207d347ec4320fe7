/** Images as text, with two pixels per character, one above the other. */
import { ArgumentError } from '@varigrad/core';
import { checkOptions, describeValue, type OptionNames } from '@varigrad/core/checks';
import { checkImageShape, checkValues } from '../checks.js';
import { checkCounts } from './checks.js';

/** Options of `terminalImages`. */
export interface TerminalOptions {
  imageShape: readonly [height: number, width: number];
  /** Images per row. Default: all. */
  columns?: number;
  /** Bits per colour, as `stream.getColorDepth()` returns: 24, or 8 for 256 colours. Default 24. */
  depth?: 8 | 24;
}

const TERMINAL_OPTIONS: OptionNames<TerminalOptions> = { imageShape: true, columns: true, depth: true };

const RESET = '\u001b[0m';

/**
 * Grey images for a terminal with colour: "▀" in the colour of the upper pixel on a background of the lower one.
 * @param images - `[count · height · width]`, 0 black to 1 white
 * @throws ArgumentError if the values are not a whole number of images
 */
export function terminalImages(images: ArrayLike<number>, options: TerminalOptions): string {
  checkTerminalArguments(images, options);
  const { imageShape, columns, depth = 24 } = options;
  const [height, width] = imageShape;
  const size = height * width;
  if (images.length === 0 || images.length % size !== 0)
    throw new ArgumentError(
      'terminalImages',
      `${images.length} values are not a whole number of ${height} × ${width} images`,
    );
  const count = images.length / size;
  const perRow = columns ?? count;
  const lines: string[] = [];
  for (let first = 0; first < count; first += perRow) {
    const shown = Array.from({ length: Math.min(perRow, count - first) }, (_, i) => first + i);
    for (let y = 0; y < height; y += 2) {
      const cells = shown.map((image) => {
        const pixel = (row: number, x: number): number =>
          row < height ? images[image * size + row * width + x]! : 0;
        return Array.from({ length: width }, (_, x) => cell(pixel(y, x), pixel(y + 1, x), depth)).join('');
      });
      lines.push(cells.join(`${RESET} `) + RESET);
    }
  }
  return lines.join('\n');
}

function checkTerminalArguments(images: ArrayLike<number>, options: TerminalOptions): void {
  checkValues('terminalImages', 'images', images);
  checkOptions('terminalImages', options, TERMINAL_OPTIONS, 'images, ');
  const { imageShape, columns = 1, depth = 24 } = options;
  checkImageShape('terminalImages', imageShape);
  checkCounts('terminalImages', { columns });
  if (depth !== 8 && depth !== 24)
    throw new ArgumentError('terminalImages', `depth must be 8 or 24, found ${describeValue(depth)}`);
}

function cell(upper: number, lower: number, depth: 8 | 24): string {
  return `\u001b[38;${grey(upper, depth)};48;${grey(lower, depth)}m▀`;
}

function grey(value: number, depth: 8 | 24): string {
  const level = Math.min(1, Math.max(0, value));
  if (depth === 24) {
    const byte = Math.round(255 * level);
    return `2;${byte};${byte};${byte}`;
  }
  // In the palette of 256 colours, 16 is black, 231 white, and 232 to 255 are greys.
  const step = Math.round(25 * level);
  return `5;${step === 0 ? 16 : step === 25 ? 231 : 231 + step}`;
}
