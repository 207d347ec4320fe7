/** Images as text, with two pixels per character, one above the other. */
import { ArgumentError } from '@varigrad/core';
import { checkOptions, describeValue, type OptionNames } from '@varigrad/core/checks';
import { checkImageShape, checkValues } from '../checks.js';
import { drawnShape, type ImageShape } from '../data/image-shape.js';
import { checkCounts } from './checks.js';

/** Options of `terminalImages`. */
export interface TerminalOptions {
  imageShape: ImageShape;
  /** Images per row. Default: all. */
  columns?: number;
  /** Bits per colour, as `stream.getColorDepth()` returns: 24, or 8 for 256 colours. Default 24. */
  depth?: 8 | 24;
}

const TERMINAL_OPTIONS: OptionNames<TerminalOptions> = { imageShape: true, columns: true, depth: true };

const RESET = '\u001b[0m';

/**
 * Images for a terminal with colour: "▀" in the colour of the upper pixel on a background of the lower one.
 * @param images - `[count · channels · height · width]`, 0 dark to 1 bright. Three channels are red, green and blue; other channels are
 * drawn in grey, one below the other
 * @throws ArgumentError if the values are not a whole number of images
 */
export function terminalImages(images: ArrayLike<number>, options: TerminalOptions): string {
  checkTerminalArguments(images, options);
  const { imageShape, columns, depth = 24 } = options;
  const [channels, height, width] = drawnShape(imageShape);
  const plane = height * width;
  const size = channels * plane;
  if (images.length === 0 || images.length % size !== 0)
    throw new ArgumentError(
      'terminalImages',
      `${images.length} values are not a whole number of ${imageShape.join(' × ')} images`,
    );
  const count = images.length / size;
  const perRow = columns ?? count;
  const lines: string[] = [];
  for (let first = 0; first < count; first += perRow) {
    const shown = Array.from({ length: Math.min(perRow, count - first) }, (_, i) => first + i);
    for (let y = 0; y < height; y += 2) {
      const cells = shown.map((image) => {
        const pixel = (row: number, x: number): number[] =>
          Array.from({ length: channels }, (_, channel) =>
            row < height ? images[image * size + channel * plane + row * width + x]! : 0,
          );
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

function cell(upper: readonly number[], lower: readonly number[], depth: 8 | 24): string {
  return `\u001b[38;${color(upper, depth)};48;${color(lower, depth)}m▀`;
}

/** The code of a grey value, or of red, green and blue. */
function color(values: readonly number[], depth: 8 | 24): string {
  const levels = values.map((value) => Math.min(1, Math.max(0, value)));
  const [red, green = red, blue = red] = levels as [number, number?, number?];
  if (depth === 24) return `2;${[red, green, blue].map((level) => Math.round(255 * level)).join(';')}`;
  // In the palette of 256 colours, a cube of 6 × 6 × 6 colours starts at 16 (black) and ends at 231 (white); 232 to 255 are greys.
  if (levels.length === 3) {
    const [r, g, b] = levels.map((level) => Math.round(5 * level)) as [number, number, number];
    return `5;${16 + 36 * r + 6 * g + b}`;
  }
  const step = Math.round(25 * red);
  return `5;${step === 0 ? 16 : step === 25 ? 231 : 231 + step}`;
}
