/** Data sets from pairs of IDX files. */
import { readFile } from 'node:fs/promises';
import { formatShape } from '@varigrad/core';
import { checkBoolean, checkOptions, checkText, checkWhole, type OptionNames } from '@varigrad/core/checks';
import type { Dataset } from './dataset.js';
import { type IdxArray, IdxError, type ReadIdxOptions, readIdx } from './idx.js';
import { unitValues } from './unit-values.js';

/** Reads an IDX file, plain or gzipped. @throws IdxError with the path if the file is absent, damaged or not IDX */
export async function readIdxFile(path: string, options: ReadIdxOptions = {}): Promise<IdxArray> {
  checkText('readIdxFile', 'path', path);
  checkOptions('readIdxFile', options, { maxBytes: true }, 'path, ');
  return readIdx(await bytesOf(path), path, options);
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EISDIR' ? 'it is a folder — name the file in it' : message;
    throw new IdxError(path, `cannot be read: ${reason}`);
  }
}

/** Options of `readIdxDataset`. */
export interface IdxDatasetOptions extends ReadIdxOptions {
  /** Swap rows and columns. The pictures of EMNIST are stored this way. Default false. */
  transpose?: boolean;
  /** The label of class 0: 1 for the letters of EMNIST. Default 0. */
  firstLabel?: number;
}

const OPTIONS: OptionNames<IdxDatasetOptions> = { maxBytes: true, transpose: true, firstLabel: true };

/**
 * Reads labelled images from a pair of IDX files.
 *
 * Images are `[count, height, width]`, `[count, height, width, 1]`, `[count, 1, height, width]`, or `[count, pixels]` if the pictures are
 * square. Integers of any type are grey values from 0 to 255. Floats are grey values from 0 to 1; if one exceeds 1, all are taken as 0
 * to 255. Labels are whole numbers `[count]` or `[count, 1]`, or the int32 table `[count, 8]` of QMNIST, whose first column is the class.
 * @param labelPath - null for images without labels; `classes` is then 0
 * @throws IdxError if a file is damaged or has other contents, there are no images, or the two counts differ
 */
export async function readIdxDataset(
  imagePath: string,
  labelPath: string | null,
  options: IdxDatasetOptions = {},
): Promise<Dataset> {
  checkText('readIdxDataset', 'imagePath', imagePath);
  if (labelPath !== null) checkText('readIdxDataset', 'labelPath', labelPath);
  checkOptions('readIdxDataset', options, OPTIONS, 'imagePath, labelPath, ');
  const { maxBytes, transpose = false, firstLabel = 0 } = options;
  checkBoolean('readIdxDataset', 'transpose', transpose);
  checkWhole('readIdxDataset', 'firstLabel', firstLabel, 0);
  const [images, table] = await Promise.all([
    readIdxFile(imagePath, { maxBytes }),
    labelPath === null ? undefined : readIdxFile(labelPath, { maxBytes }),
  ]);
  const [count, height, width] = imageShapeOf(images, imagePath);
  const stored = unitValues(images.data, (reason) => new IdxError(imagePath, reason));
  const labels =
    table === undefined || labelPath === null ? undefined : classesOf(table, labelPath, firstLabel);
  if (labels !== undefined && labels.length !== count)
    throw new IdxError(labelPath!, `${labels.length} labels for the ${count} images of ${imagePath}`);
  return {
    images: transpose ? transposed(stored, height, width) : stored,
    labels: labels ?? new Uint8Array(count),
    count,
    imageShape: transpose ? [width, height] : [height, width],
    classes: labels?.reduce((most, label) => Math.max(most, label + 1), 0) ?? 0,
  };
}

/** `[count, height, width]` of the pictures. */
function imageShapeOf(array: IdxArray, path: string): [count: number, height: number, width: number] {
  const shape = array.shape.length === 4 ? withoutChannel(array.shape) : array.shape;
  const [count, height, width] = shape;
  const side = Math.sqrt(height ?? Number.NaN);
  if (shape.length === 2 && count !== undefined && Number.isInteger(side))
    return checkedShape([count, side, side], path);
  if (shape.length !== 3 || count === undefined || height === undefined || width === undefined)
    throw new IdxError(path, `expected grey images [count, height, width], found ${describe(array)}`);
  return checkedShape([count, height, width], path);
}

/** Leaves out an axis of length 1, the channel: the last, or the second. */
function withoutChannel(shape: readonly number[]): readonly number[] {
  if (shape[3] === 1) return shape.slice(0, 3);
  return shape[1] === 1 ? [shape[0]!, ...shape.slice(2)] : shape;
}

function checkedShape(
  shape: [number, number, number],
  path: string,
): [count: number, height: number, width: number] {
  const [count, height, width] = shape;
  if (count === 0) throw new IdxError(path, 'there are no images in it');
  if (height * width === 0) throw new IdxError(path, `the images have ${height} × ${width} pixels`);
  return shape;
}

/** The type and shape, such as `Float32Array [2, 3]`. */
function describe({ data, shape }: IdxArray): string {
  return `${data.constructor.name} ${formatShape(shape)}`;
}

function transposed(images: Float32Array, height: number, width: number): Float32Array {
  const turned = new Float32Array(images.length);
  for (let start = 0; start < images.length; start += height * width)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) turned[start + x * height + y] = images[start + y * width + x]!;
  return turned;
}

/** The class of each image. */
function classesOf(table: IdxArray, path: string, firstLabel: number): Uint8Array {
  const { data, shape } = table;
  const columns = shape[1] ?? 1;
  const isQmnist = data instanceof Int32Array && columns === 8;
  if (shape.length < 1 || shape.length > 2 || !(columns === 1 || isQmnist))
    throw new IdxError(
      path,
      `expected labels [count], or the int32 table [count, 8] of QMNIST, found ${describe(table)}`,
    );
  return Uint8Array.from({ length: shape[0]! }, (_, i) => {
    const label = data[i * columns]!;
    if (!Number.isInteger(label) || label < firstLabel || label - firstLabel > 255)
      throw new IdxError(
        path,
        `label ${label} at index ${i} — expected whole numbers from ${firstLabel} to ${firstLabel + 255}`,
      );
    return label - firstLabel;
  });
}
