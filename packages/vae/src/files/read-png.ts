import { ArgumentError, VarigradError } from '@varigrad/core';
import {
  checkNumber,
  checkOptions,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { PNG } from 'pngjs';
import { checkPng, PngFault, type PngHeader } from './png-chunks.js';

/** Weights of red, green and blue in a grey value. @see ITU-R BT.601 */
const LUMA = [0.299, 0.587, 0.114] as const;

/** A decoded picture. */
export interface GreyPicture {
  width: number;
  height: number;
  /** Grey values in [0, 1], row after row: `[height · width]`. */
  values: Float32Array;
  /** Whether a pixel was coloured or not opaque. */
  converted: boolean;
}

/** Options of `decodePng`. */
export interface DecodePngOptions {
  /** The most pixels that a picture may have. Default 2²², such as 2048 × 2048. */
  maxPixels?: number;
  /** The grey value behind transparent pixels, from 0 (black) to 1 (white). Default 0. */
  ground?: number;
}

const OPTIONS: OptionNames<DecodePngOptions> = { maxPixels: true, ground: true };

/**
 * Reads a PNG file as grey values: (0.299 R + 0.587 G + 0.114 B) · opacity + ground · (1 − opacity). All color types, bit depths from 1
 * to 16 and interlacing are read; 16-bit samples keep all their bits. Bytes after the end of the picture are ignored.
 * @param source - the file's name, for messages
 * @throws VarigradError if the file is no PNG picture, is damaged, cut short, or larger than `maxPixels`
 */
export function decodePng(bytes: Uint8Array, source = 'PNG', options: DecodePngOptions = {}): GreyPicture {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodePng', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  checkOptions('decodePng', options, OPTIONS, 'bytes, source, ');
  const { maxPixels = 2 ** 22, ground = 0 } = options;
  checkWhole('decodePng', 'maxPixels', maxPixels);
  checkNumber('decodePng', 'ground', ground, ground >= 0 && ground <= 1, 'from 0 to 1');
  try {
    const { header, file } = checkPng(bytes, maxPixels);
    return greyPicture(header, decodePixels(file), ground);
  } catch (error) {
    if (!(error instanceof PngFault)) throw error;
    throw new VarigradError(source, `cannot be read as PNG: ${error.message}`);
  }
}

/** RGBA samples as they are stored; those of a palette have 8 bits. */
function decodePixels(file: Buffer): Uint8Array | Uint16Array {
  try {
    // The types of pngjs omit `skipRescale` from the synchronous reader, and the Uint16Array of 16-bit pictures.
    const options = { skipRescale: true } as { checkCRC?: boolean };
    return PNG.sync.read(file, options).data as Uint8Array | Uint16Array;
  } catch (error) {
    throw new PngFault(`damaged: ${(error as Error).message}`);
  }
}

function greyPicture(
  { width, height, depth, colorType }: PngHeader,
  samples: Uint8Array | Uint16Array,
  ground: number,
): GreyPicture {
  const most = colorType === 3 ? 255 : 2 ** depth - 1;
  const values = new Float32Array(width * height);
  let converted = false;
  for (let i = 0; i < values.length; i++) {
    const [r, g, b, a] = [samples[4 * i]!, samples[4 * i + 1]!, samples[4 * i + 2]!, samples[4 * i + 3]!];
    if (r === g && g === b && a === most) {
      values[i] = r / most;
      continue;
    }
    const opacity = a / most;
    values[i] = ((LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) / most) * opacity + ground * (1 - opacity);
    converted = true;
  }
  return { width, height, values, converted };
}
