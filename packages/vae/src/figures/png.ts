import { PNG } from 'pngjs';
import { writeFileAtomic } from '../files/atomic.js';
import type { Raster } from './raster.js';

/** The bytes of a PNG file with the picture's pixels. */
export function encodePng({ width, height, pixels }: Raster): Uint8Array {
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    png.data[4 * i] = pixels[3 * i]!;
    png.data[4 * i + 1] = pixels[3 * i + 1]!;
    png.data[4 * i + 2] = pixels[3 * i + 2]!;
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png, { colorType: 2 });
}

/** Writes a picture as a PNG file, as a whole or not at all. */
export async function writePng(path: string, picture: Raster): Promise<void> {
  await writeFileAtomic(path, encodePng(picture));
}
