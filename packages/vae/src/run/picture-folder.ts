/** Reads images from a folder of pictures. */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { VarigradError } from '@varigrad/core';
import type { Dataset } from '../data/dataset.js';
import { type ImageShape, sizeOf } from '../data/image-shape.js';
import type { Picture } from '../data/picture.js';
import { decodePicture } from '../files/read-picture.js';
import { type Listing, listFolder, realPath } from './image-files.js';
import { type Preparation, prepared, preparedShape } from './preparation.js';
import { counted } from './progress.js';
import { UsageError } from './usage-error.js';

/** Most values of all images together: 4 GiB. */
const MOST_VALUES = 2 ** 30;

/** The images of a folder. */
export interface PictureFolder {
  data: Dataset;
  /** Names of the subfolders, each of which is a class; empty if the images are in the folder itself. */
  classNames: readonly string[];
  /** Number of images with colours. */
  colored: number;
  /** Number of images that were not opaque. */
  transparent: number;
  /** Names of the hidden files and folders that were left out. */
  hidden: readonly string[];
  /** Names of the files that were left out because they are not pictures, and of folders inside the classes. */
  others: readonly string[];
}

/** How the pictures become images. */
export interface ReadOptions {
  /** The value of all channels behind transparent pixels. */
  readonly ground: number;
  readonly preparation: Preparation;
}

/** A picture and its class. */
export interface PictureFile {
  readonly path: string;
  readonly label: number;
}

interface PlacedFile extends PictureFile {
  /** Position among the images of its class, in (0, 1). */
  place: number;
}

/**
 * Reads all pictures of a folder, or of its subfolders, each of which is a class. `ground` is put behind transparent pixels. Classes are mixed evenly: any first or last part of the images contains about the same share
 * of each class.
 * @throws UsageError if there are no images, a class has none, they differ in size, or a file is not a picture
 */
export async function readPictureFolder(folder: string, options: ReadOptions): Promise<PictureFolder> {
  const top = listFolder(folder);
  const classNames = top.folders;
  checkClasses(folder, top);
  const listings = classNames.length === 0 ? [top] : classNames.map((name) => listFolder(join(folder, name)));
  const paths = classNames.length === 0 ? [folder] : classNames.map((name) => join(folder, name));
  checkImages(folder, paths, listings);
  const files = listings.flatMap(({ pictures }, label) =>
    pictures.map(
      (name, i): PlacedFile => ({
        path: join(paths[label]!, name),
        label,
        place: (i + 0.5) / pictures.length,
      }),
    ),
  );
  files.sort((a, b) => a.place - b.place || a.label - b.label);
  const all = classNames.length === 0 ? listings : [{ ...top, folders: [] }, ...listings];
  return {
    ...(await readPictures(files, classNames.length, options)),
    classNames,
    hidden: all.flatMap(({ hidden }) => hidden),
    others: all.flatMap(({ others, folders }) => [...others, ...folders]),
  };
}

function checkClasses(folder: string, { pictures, folders }: Listing): void {
  if (pictures.length > 0 && folders.length > 0)
    throw new UsageError(
      `--data ${folder}: there are images (${pictures[0]}) next to folders (${folders[0]}) — put every image into the folder of its class, or all images into one folder`,
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
  const hasAny = listings.some(({ pictures }) => pictures.length > 0);
  if (!hasAny) throw new UsageError(`--data ${folder}: there are no images${instead(paths, listings)}`);
  const empty = listings.findIndex(({ pictures }) => pictures.length === 0);
  if (empty < 0) return;
  throw new UsageError(
    `--data ${paths[empty]}: there are no images in this class${instead([paths[empty]!], [listings[empty]!]) || ' — remove the folder, or add images'}`,
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  '.gif': 'GIF',
  '.bmp': 'BMP',
  '.tif': 'TIFF',
  '.tiff': 'TIFF',
  '.avif': 'AVIF',
  '.heic': 'HEIC',
};

/** What the folders hold instead of images: files of CIFAR-10, other pictures, or more folders. */
function instead(paths: readonly string[], listings: readonly Listing[]): string {
  const files = listings.flatMap(({ others }) => others);
  const batch = files.find((name) => /^(data_batch_\d|test_batch)/.test(name));
  if (batch !== undefined)
    return `, but ${batch} — CIFAR-10 is read from data_batch_1.bin, … and test_batch.bin, its binary version`;
  const unread = files.filter((name) => formatOf(name) !== undefined);
  const [picture] = unread;
  if (picture !== undefined)
    return `, but ${counted(unread.length, 'picture')} in other formats (${picture}) — ${formatOf(picture)} is not read, convert them to PNG`;
  const deeper = listings.findIndex(({ folders }) => folders.length > 0);
  if (deeper < 0) return '';
  const path = paths[deeper]!;
  return `, but the folders ${listings[deeper]!.folders.slice(0, 3).join(', ')} — if these are the classes, write --data ${path}`;
}

const formatOf = (name: string): string | undefined => FORMATS[extname(name).toLowerCase()];

/** Reads and prepares the images one after the other. All have three channels if one of them is coloured. */
export async function readPictures(
  files: readonly PictureFile[],
  classes: number,
  { ground, preparation }: ReadOptions,
): Promise<Pick<PictureFolder, 'data' | 'colored' | 'transparent'>> {
  const pictures: Float32Array[] = [];
  let [colored, transparent, total] = [0, 0, 0];
  let size: readonly number[] | undefined;
  for (const { path } of files) {
    const source = `--data ${path}`;
    const { width, height, values, isColored, isTransparent } = await readPicture(path, ground);
    const from: ImageShape = isColored ? [3, height, width] : [height, width];
    const to = preparedShape(from, preparation, source);
    size ??= to.slice(-2);
    const [expected, found] = [size, to.slice(-2)].map((shape) => shape.toReversed().join(' × '));
    if (found !== expected)
      throw new UsageError(
        `${source}: this image has ${found} pixels and ${files[0]!.path} has ${expected} — all images must have one size, which --size gives them`,
      );
    pictures.push(prepared(values.slice(0, sizeOf(from)), from, to, preparation));
    if (isColored) colored++;
    if (isTransparent) transparent++;
    total += pictures.at(-1)!.length;
    if (total > MOST_VALUES)
      throw new UsageError(
        `${source}: ${files.length} images of ${found} pixels do not fit into memory — make them smaller with --size, or use fewer`,
      );
  }
  const imageShape: ImageShape = pictures.some(({ length }) => length > size![0]! * size![1]!)
    ? [3, size![0]!, size![1]!]
    : [size![0]!, size![1]!];
  const length = sizeOf(imageShape);
  const images = new Float32Array(files.length * length);
  for (const [i, picture] of pictures.entries()) {
    // A grey image among coloured ones has three equal channels.
    for (let at = 0; at < length; at += picture.length) images.set(picture, i * length + at);
    pictures[i] = new Float32Array(); // frees its memory
  }
  const labels = Uint8Array.from(files, ({ label }) => label);
  return { data: { images, labels, count: files.length, imageShape, classes }, colored, transparent };
}

async function readPicture(path: string, ground: number): Promise<Picture> {
  try {
    return await decodePicture(await readFile(path), `--data ${path}`, { channels: 3, ground });
  } catch (error) {
    if (error instanceof VarigradError) throw new UsageError(error.message);
    throw new UsageError(`--data ${path}: cannot be read: ${(error as Error).message}`);
  }
}
