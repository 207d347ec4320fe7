import { checkText } from '@varigrad/core/checks';
import { PNG } from 'pngjs';
import { writeFileAtomic } from '../files/atomic.js';
import { checkPicture, checkSheet } from './checks.js';
import type { Raster } from './raster.js';
import { type Sheet, sheetSVG } from './sheets.js';

const GREY = 0;
const RGB = 2;

/** The bytes of a PNG file with the picture's pixels: one byte per pixel if the picture is grey, else three. */
export function encodePng(picture: Raster): Uint8Array {
  checkPicture('encodePng', picture);
  const { width, height, pixels } = picture;
  const isGrey = pixels.every((value, i) => value === pixels[i - (i % 3)]);
  const colorType = isGrey ? GREY : RGB;
  const png = new PNG({ width, height, colorType, inputColorType: colorType, inputHasAlpha: false });
  png.data = Buffer.from(
    isGrey ? Uint8Array.from({ length: width * height }, (_, i) => pixels[3 * i]!) : pixels,
  );
  return PNG.sync.write(png, { colorType, inputColorType: colorType, inputHasAlpha: false });
}

/** Writes a picture as a PNG file, atomically. */
export async function writePng(path: string, picture: Raster): Promise<void> {
  checkText('writePng', 'path', path);
  checkPicture('writePng', picture);
  await writeFileAtomic(path, encodePng(picture));
}

/** The sheet as SVG text with its pixels embedded as PNG. */
export function encodeSheet(sheet: Sheet): string {
  checkSheet('encodeSheet', sheet);
  return sheetSVG(sheet, `data:image/png;base64,${Buffer.from(encodePng(sheet.pixels)).toString('base64')}`);
}

/**
 * Writes `<path>.svg`, the sheet with its text, and `<path>.png`, its pixels alone, enlarged by the sheet's scale.
 * @returns both files
 */
export async function writeSheet(path: string, sheet: Sheet): Promise<[svg: string, png: string]> {
  checkText('writeSheet', 'path', path);
  checkSheet('writeSheet', sheet);
  const files: [string, string] = [`${path}.svg`, `${path}.png`];
  await writeFileAtomic(files[0], encodeSheet(sheet));
  await writePng(files[1], sheet.scale === 1 ? sheet.pixels : sheet.pixels.enlarged(sheet.scale));
  return files;
}
