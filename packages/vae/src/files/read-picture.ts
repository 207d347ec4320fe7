/** Reads pictures of all kinds: PNG by pngjs; JPEG and WebP by the optional package sharp. */
import { VarigradError } from '@varigrad/core';
import { type Picture, type PictureOptions, pictureOf } from '../data/picture.js';
import { decodePng, MOST_PIXELS } from './read-png.js';
import { kindOf } from './sniff.js';

/** The kinds of files that sharp decodes here, as `kindOf` calls them. */
const BY_SHARP: ReadonlySet<string | undefined> = new Set(['a JPEG picture', 'a WebP picture']);

/** Whether a file has the name of a picture that `decodePicture` reads. */
export function isPictureName(name: string): boolean {
  return /\.(png|jpe?g|webp)$/i.test(name);
}

/**
 * Reads a PNG, JPEG or WebP picture; its first bytes say which. A JPEG picture is turned as its orientation (EXIF) says.
 * @param source - the file's name, for messages
 * @throws VarigradError if the file is none of these, is damaged, cut short or too large, or the package sharp is missing
 */
export async function decodePicture(
  bytes: Uint8Array,
  source: string,
  options: PictureOptions,
): Promise<Picture> {
  const kind = kindOf(bytes);
  if (!BY_SHARP.has(kind)) return decodePng(bytes, source, options);
  const sharp = await loadSharp(source, kind!);
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'warning' })
      .autoOrient()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels: perPixel } = info;
    return pictureOf({ width, height, data, perPixel, most: 255 }, options);
  } catch (error) {
    const isLarge = /pixel limit/.test(firstLine(error));
    throw new VarigradError(
      source,
      isLarge
        ? `it has too many pixels, and at most ${MOST_PIXELS} are read — make it smaller`
        : `cannot be read as ${kind!.slice(2)}: ${firstLine(error)}`,
    );
  }
}

/** sharp, which is imported when the first picture needs it. */
async function loadSharp(source: string, kind: string): Promise<typeof import('sharp').default> {
  try {
    return (await import('sharp')).default;
  } catch {
    throw new VarigradError(
      source,
      `it is ${kind}, which the package sharp decodes, and sharp cannot be loaded — run npm install sharp, or convert it to PNG`,
    );
  }
}

/** The first line of sharp's message, which repeats itself for each warning. */
function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!;
}
