/** Picture files as grey images of one size. The browser decodes them; they do not leave the page. */
import type { OwnImages } from '../messages.js';
import { type Labelled, splitImages } from './split.js';

const SIDE = 28;
const MOST_PICTURES = 20_000;

/** A picked or dropped file, and its path below the folder that was chosen. */
export interface PickedFile {
  readonly file: File;
  readonly path: string;
}

/** Whether a file has the name of a picture that browsers decode. */
export function isPicture(path: string): boolean {
  return /\.(png|jpe?g|webp|avif|gif|bmp)$/i.test(path);
}

/**
 * Pictures as 28 × 28 grey images, light on dark: a picture with a light border is inverted. The folder of a picture is its class.
 * @throws Error if there are no pictures, or one cannot be decoded
 */
export async function readPictures(files: readonly PickedFile[]): Promise<OwnImages> {
  const pictures = files
    .filter(({ path }) => isPicture(path) && !/(^|\/)\./.test(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (pictures.length === 0)
    throw new Error(
      'No pictures were found. Choose PNG, JPEG, WebP, AVIF, GIF or BMP files, or a folder of them.',
    );
  if (pictures.length > MOST_PICTURES)
    throw new Error(`${pictures.length} pictures were found, at most ${MOST_PICTURES} are read.`);
  const folderOf = (path: string): string => path.split('/').at(-2) ?? '';
  const names = [...new Set(pictures.map(({ path }) => folderOf(path)))];
  const images: Labelled[] = [];
  for (const { file, path } of pictures)
    images.push({ pixels: await greyImage(file, path), label: names.indexOf(folderOf(path)) });
  return splitImages(images, [SIDE, SIDE], names.length === 1 ? [] : names);
}

async function greyImage(file: File, path: string): Promise<Float32Array> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${path} is not a picture that this browser can read.`);
  });
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  const scale = SIDE / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  // Transparent parts count as the opposite of the ink, so they are black after the inversion.
  const pixels = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(4 * i, 4 * i + 4);
    return alpha === 0 ? Number.NaN : (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  });
  const border = pixels.filter(
    (_, i) => i < SIDE || i >= SIDE * (SIDE - 1) || i % SIDE === 0 || i % SIDE === SIDE - 1,
  );
  const opaque = border.filter((value) => !Number.isNaN(value));
  const isLight = opaque.length > 0 && opaque.reduce((sum, value) => sum + value, 0) / opaque.length > 0.5;
  return pixels.map((value) => (Number.isNaN(value) ? 0 : isLight ? 1 - value : value));
}
