/** Reads images from a folder of PNG files. */
import { type Dirent, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import type { Dataset } from '../data/dataset.js';
import { UsageError } from './usage-error.js';

/** Weights of red, green and blue in a grey value. @see ITU-R BT.601 */
const LUMA = [0.299, 0.587, 0.114] as const;

/** The images of a folder. */
export interface PngFolder {
  data: Dataset;
  /** Names of the subfolders, each of which is a class; empty if the images are in the folder itself. */
  classNames: readonly string[];
  /** Number of images that had colours or were not opaque. */
  converted: number;
}

interface PngFile {
  path: string;
  label: number;
  /** Position among the images of its class, in (0, 1). */
  place: number;
}

/**
 * Reads all PNG images of a folder, or of its subfolders, each of which is a class. Colours become grey values, and transparent
 * pixels become black. Classes are mixed evenly: any first or last part of the images contains about the same share of each class.
 * @throws UsageError if there are no images, they differ in size, or a file is not a PNG image
 */
export async function readPngFolder(folder: string): Promise<PngFolder> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => compare(a.name, b.name));
  const classNames = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const loose = pngsOf(entries);
  if (loose.length > 0 && classNames.length > 0)
    throw new UsageError(
      `--data ${folder}: there are images (${loose[0]}) next to folders (${classNames[0]}) — put every image into the folder of its class, or all images into one folder`,
    );
  if (classNames.length > 256)
    throw new UsageError(
      `--data ${folder}: ${classNames.length} folders of classes, at most 256 are supported`,
    );
  const folders = classNames.length === 0 ? [folder] : classNames.map((name) => join(folder, name));
  const files = folders.flatMap((path, label) => filesOf(path, label));
  if (files.length === 0) throw new UsageError(`--data ${folder}: there are no PNG images`);
  files.sort((a, b) => a.place - b.place || a.label - b.label);
  return { ...(await readImages(files, classNames.length)), classNames };
}

function filesOf(folder: string, label: number): PngFile[] {
  const names = pngsOf(readdirSync(folder, { withFileTypes: true })).sort(compare);
  return names.map((name, i) => ({ path: join(folder, name), label, place: (i + 0.5) / names.length }));
}

function pngsOf(entries: readonly Dirent[]): string[] {
  return entries.filter((entry) => entry.isFile() && /\.png$/i.test(entry.name)).map(({ name }) => name);
}

/** Sorts `2.png` before `10.png`, in the same way on every machine. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

async function readImages(
  files: readonly PngFile[],
  classes: number,
): Promise<{ data: Dataset; converted: number }> {
  const first = await readPng((files[0] as PngFile).path);
  const { width, height } = first;
  const images = new Float32Array(files.length * width * height);
  let converted = 0;
  for (const [i, { path }] of files.entries()) {
    const png = await readPng(path);
    if (png.width !== width || png.height !== height)
      throw new UsageError(
        `--data ${path}: this image has ${png.width} × ${png.height} pixels and ${(files[0] as PngFile).path} has ${width} × ${height} — all images must have one size`,
      );
    if (greyInto(images.subarray(i * width * height), png)) converted++;
  }
  const labels = Uint8Array.from(files, ({ label }) => label);
  return { data: { images, labels, count: files.length, imageShape: [height, width], classes }, converted };
}

async function readPng(path: string): Promise<PNG> {
  try {
    return PNG.sync.read(await readFile(path));
  } catch (error) {
    throw new UsageError(`--data ${path}: cannot be read as PNG: ${(error as Error).message}`);
  }
}

/** Writes grey values from 0 to 1 into `values`. @returns whether the image had colours or was not opaque */
function greyInto(values: Float32Array, { width, height, data }: PNG): boolean {
  let converted = false;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b, alpha] = data.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    if (r === g && g === b && alpha === 255) {
      values[i] = r / 255;
    } else {
      values[i] = ((LUMA[0] * r + LUMA[1] * g + LUMA[2] * b) / 255) * (alpha / 255);
      converted = true;
    }
  }
  return converted;
}
