/** Reads images from a folder of PNG files. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { VarigradError } from '@varigrad/core';
import type { Dataset } from '../data/dataset.js';
import { decodePng, type GreyPicture } from '../files/read-png.js';
import { type Listing, listFolder, realPath } from './image-files.js';
import { counted } from './progress.js';
import { UsageError } from './usage-error.js';

/** Most values of all images together: 4 GiB. */
const MOST_VALUES = 2 ** 30;

/** The images of a folder. */
export interface PngFolder {
  data: Dataset;
  /** Names of the subfolders, each of which is a class; empty if the images are in the folder itself. */
  classNames: readonly string[];
  /** Number of images that had colours or were not opaque. */
  converted: number;
  /** Names of the hidden files and folders that were left out. */
  hidden: readonly string[];
  /** Names of the files that were left out because they are not *.png, and of folders inside the classes. */
  others: readonly string[];
}

interface PngFile {
  path: string;
  label: number;
  /** Position among the images of its class, in (0, 1). */
  place: number;
}

/**
 * Reads all PNG images of a folder, or of its subfolders, each of which is a class. Colours become grey values, and `ground`, a grey
 * value, is put behind transparent pixels. Classes are mixed evenly: any first or last part of the images contains about the same share
 * of each class.
 * @throws UsageError if there are no images, a class has none, they differ in size, or a file is not a PNG image
 */
export async function readPngFolder(folder: string, ground = 0): Promise<PngFolder> {
  const top = listFolder(folder);
  const classNames = top.folders;
  checkClasses(folder, top);
  const listings = classNames.length === 0 ? [top] : classNames.map((name) => listFolder(join(folder, name)));
  const paths = classNames.length === 0 ? [folder] : classNames.map((name) => join(folder, name));
  checkImages(folder, paths, listings);
  const files = listings.flatMap(({ pngs }, label) =>
    pngs.map(
      (name, i): PngFile => ({ path: join(paths[label]!, name), label, place: (i + 0.5) / pngs.length }),
    ),
  );
  files.sort((a, b) => a.place - b.place || a.label - b.label);
  const all = classNames.length === 0 ? listings : [{ ...top, folders: [] }, ...listings];
  return {
    ...(await readImages(files, classNames.length, ground)),
    classNames,
    hidden: all.flatMap(({ hidden }) => hidden),
    others: all.flatMap(({ others, folders }) => [...others, ...folders]),
  };
}

function checkClasses(folder: string, { pngs, folders }: Listing): void {
  if (pngs.length > 0 && folders.length > 0)
    throw new UsageError(
      `--data ${folder}: there are images (${pngs[0]}) next to folders (${folders[0]}) — put every image into the folder of its class, or all images into one folder`,
    );
  if (folders.length > 256)
    throw new UsageError(`--data ${folder}: ${folders.length} folders of classes, at most 256 are supported`);
  const seen = new Map([[realPath(folder), '.']]);
  for (const name of folders) {
    const path = realPath(join(folder, name));
    const twin = seen.get(path);
    if (twin !== undefined)
      throw new UsageError(
        `--data ${folder}: the folders ${twin} and ${name} are the same — remove the link`,
      );
    seen.set(path, name);
  }
}

/** Every class must have images. */
function checkImages(folder: string, paths: readonly string[], listings: readonly Listing[]): void {
  const hasAny = listings.some(({ pngs }) => pngs.length > 0);
  if (!hasAny) throw new UsageError(`--data ${folder}: there are no PNG images${instead(paths, listings)}`);
  const empty = listings.findIndex(({ pngs }) => pngs.length === 0);
  if (empty < 0) return;
  throw new UsageError(
    `--data ${paths[empty]}: there are no PNG images in this class${instead([paths[empty]!], [listings[empty]!]) || ' — remove the folder, or add images'}`,
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  '.jpg': 'JPEG',
  '.jpeg': 'JPEG',
  '.gif': 'GIF',
  '.webp': 'WebP',
  '.bmp': 'BMP',
  '.tif': 'TIFF',
  '.tiff': 'TIFF',
};

/** What the folders hold instead of PNG images: other pictures, or more folders. */
function instead(paths: readonly string[], listings: readonly Listing[]): string {
  const pictures = listings.flatMap(({ others }) => others).filter((name) => formatOf(name) !== undefined);
  const [picture] = pictures;
  if (picture !== undefined)
    return `, but ${counted(pictures.length, 'picture')} in other formats (${picture}) — ${formatOf(picture)} is not read yet, convert them to PNG`;
  const deeper = listings.findIndex(({ folders }) => folders.length > 0);
  if (deeper < 0) return '';
  const path = paths[deeper]!;
  return `, but the folders ${listings[deeper]!.folders.slice(0, 3).join(', ')} — if these are the classes, write --data ${path}`;
}

const formatOf = (name: string): string | undefined => FORMATS[extname(name).toLowerCase()];

async function readImages(
  files: readonly PngFile[],
  classes: number,
  ground: number,
): Promise<{ data: Dataset; converted: number }> {
  const [{ path: firstPath }] = files as readonly [PngFile];
  const first = await readPng(firstPath, ground);
  const { width, height } = first;
  if (files.length * width * height > MOST_VALUES)
    throw new UsageError(
      `--data ${firstPath}: ${files.length} images of ${width} × ${height} pixels do not fit into memory — make them smaller`,
    );
  const images = new Float32Array(files.length * width * height);
  let converted = 0;
  for (const [i, { path }] of files.entries()) {
    const picture = i === 0 ? first : await readPng(path, ground);
    if (picture.width !== width || picture.height !== height)
      throw new UsageError(
        `--data ${path}: this image has ${picture.width} × ${picture.height} pixels and ${firstPath} has ${width} × ${height} — all images must have one size`,
      );
    images.set(picture.values, i * width * height);
    if (picture.converted) converted++;
  }
  const labels = Uint8Array.from(files, ({ label }) => label);
  return { data: { images, labels, count: files.length, imageShape: [height, width], classes }, converted };
}

async function readPng(path: string, ground: number): Promise<GreyPicture> {
  try {
    return decodePng(await readFile(path), `--data ${path}`, { ground });
  } catch (error) {
    if (error instanceof VarigradError) throw new UsageError(error.message);
    throw new UsageError(`--data ${path}: cannot be read: ${(error as Error).message}`);
  }
}
