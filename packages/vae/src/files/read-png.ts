import { ArgumentError, VarigradError } from '@varigrad/core';
import {
  checkNumber,
  checkOptions,
  checkWhole,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';
import { PNG } from 'pngjs';
import { type Picture, pictureOf, type Samples } from '../data/picture.js';
import { checkPng, PngFault, type PngHeader } from './png-chunks.js';

/** The most pixels of a picture, such as 2048 × 2048. */
export const MOST_PIXELS: number = 2 ** 22;

/** Options of `decodePng`. */
export interface DecodePngOptions {
  /** The most pixels that a picture may have. Default 2²². */
  maxPixels?: number;
  /** The value of all channels behind transparent pixels, from 0 (black) to 1 (white). Default 0. */
  ground?: number;
  /** 1 for grey values (default), 3 for red, green and blue. */
  channels?: 1 | 3;
}

const OPTIONS: OptionNames<DecodePngOptions> = { maxPixels: true, ground: true, channels: true };

/**
 * Reads a PNG file. Each value is value · opacity + ground · (1 − opacity), and a grey value is 0.299 R + 0.587 G + 0.114 B. All color
 * types, bit depths from 1 to 16 and interlacing are read; 16-bit samples keep all their bits. Bytes after the end of the picture are ignored.
 * @param source - the file's name, for messages
 * @throws VarigradError if the file is no PNG picture, is damaged, cut short, or larger than `maxPixels`
 */
export function decodePng(bytes: Uint8Array, source = 'PNG', options: DecodePngOptions = {}): Picture {
  if (!(bytes instanceof Uint8Array))
    throw new ArgumentError('decodePng', `bytes must be a Uint8Array, found ${describeValue(bytes)}`);
  checkOptions('decodePng', options, OPTIONS, 'bytes, source, ');
  const { maxPixels = MOST_PIXELS, ground = 0, channels = 1 } = options;
  checkWhole('decodePng', 'maxPixels', maxPixels);
  checkNumber('decodePng', 'ground', ground, ground >= 0 && ground <= 1, 'from 0 to 1');
  if (channels !== 1 && channels !== 3)
    throw new ArgumentError('decodePng', `channels must be 1 or 3, found ${describeValue(channels)}`);
  try {
    const { header, file } = checkPng(bytes, maxPixels);
    return pictureOf(samplesOf(header, file), { channels, ground });
  } catch (error) {
    if (!(error instanceof PngFault)) throw error;
    throw new VarigradError(source, `cannot be read as PNG: ${error.message}`);
  }
}

/** RGBA samples as they are stored; those of a palette have 8 bits. */
function samplesOf({ width, height, depth, colorType }: PngHeader, file: Buffer): Samples {
  try {
    // The types of pngjs omit `skipRescale` from the synchronous reader, and the Uint16Array of 16-bit pictures.
    const options = { skipRescale: true } as { checkCRC?: boolean };
    const data = PNG.sync.read(file, options).data as Uint8Array | Uint16Array;
    return { width, height, data, perPixel: 4, most: colorType === 3 ? 255 : 2 ** depth - 1 };
  } catch (error) {
    throw new PngFault(`damaged: ${(error as Error).message}`);
  }
}
