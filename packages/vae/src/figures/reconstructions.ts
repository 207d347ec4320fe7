/** Sheets of images and their reconstructions. */
import { Generator } from '@varigrad/core';
import { checkOptions, type OptionNames } from '@varigrad/core/checks';
import { checkCorruption, checkDataset, checkModel } from '../checks.js';
import { type Corruption, corrupt } from '../corruptions.js';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { checkCounts } from './checks.js';
import {
  decodeImages,
  encodeImages,
  FIGURE_OPTIONS,
  type FigureOptions,
  imagesOf,
  valuesOf,
} from './decode.js';
import { gridSheet, type Sheet } from './sheets.js';

/** Number of images on a sheet. */
interface SheetSize {
  columns?: number;
  rows?: number;
}

const SIZE_OPTIONS: OptionNames<SheetSize> = { columns: true, rows: true };

/** The first images of a data set, each above its reconstruction from the posterior's mean. */
export function reconstructionFigure(
  model: GenerativeModel,
  data: Dataset,
  options: { title?: string | undefined } & SheetSize = {},
): Promise<Sheet> {
  return onOneBackend(async () => {
    checkModel('reconstructionFigure', model);
    checkDataset('reconstructionFigure', data);
    checkOptions('reconstructionFigure', options, { ...SIZE_OPTIONS, title: true }, 'model, data, ');
    const { title = 'Test images and their reconstructions', columns = 10, rows = 4 } = options;
    checkCounts('reconstructionFigure', { columns, rows });
    const shown = firstOf(data, columns * rows);
    const lines = [
      { label: 'input', images: shown.images },
      { label: 'output', images: await reconstruct(model, shown) },
    ];
    return stackedSheet(lines, data, columns, title);
  });
}

/** Each image, the mean of p(x|z) and one sample of p(x|z), where z is the posterior's mean. */
export function sampledReconstructionFigure(
  model: GenerativeModel,
  data: Dataset,
  options: FigureOptions & SheetSize = {},
): Promise<Sheet> {
  return onOneBackend(async (on) => {
    const op = 'sampledReconstructionFigure';
    checkModel(op, model);
    checkDataset(op, data);
    checkOptions(op, options, { ...SIZE_OPTIONS, ...FIGURE_OPTIONS }, 'model, data, ');
    const { title = 'The mean of p(x|z), and a sample of it', columns = 10, rows = 3, seed = 0 } = options;
    checkCounts(op, { columns, rows });
    const shown = firstOf(data, columns * rows);
    const lines = [
      { label: 'input', images: shown.images },
      { label: 'mean', images: await reconstruct(model, shown) },
      { label: 'sample', images: await on(() => reconstruct(model, shown, new Generator(seed))) },
    ];
    return stackedSheet(lines, data, columns, title);
  });
}

/** Options of `denoisingFigure`. */
export interface DenoisingFigureOptions extends FigureOptions, SheetSize {
  /** The noise added to the images. */
  corruption: Corruption;
}

const DENOISING_OPTIONS: OptionNames<DenoisingFigureOptions> = {
  corruption: true,
  ...SIZE_OPTIONS,
  ...FIGURE_OPTIONS,
};

/** Each image, the image with noise, and the reconstruction of the noisy image. */
export function denoisingFigure(
  model: GenerativeModel,
  data: Dataset,
  options: DenoisingFigureOptions,
): Promise<Sheet> {
  return onOneBackend(async (on) => {
    checkModel('denoisingFigure', model);
    checkDataset('denoisingFigure', data);
    checkOptions('denoisingFigure', options, DENOISING_OPTIONS, 'model, data, ');
    const { corruption, title = 'Noise removed', columns = 10, rows = 3, seed = 0 } = options;
    checkCorruption('denoisingFigure', corruption);
    checkCounts('denoisingFigure', { columns, rows });
    const shown = firstOf(data, columns * rows);
    const noisy = {
      ...shown,
      images: await valuesOf(model, () =>
        corrupt(imagesOf(shown), corruption, { generator: new Generator(seed) }),
      ),
    };
    const lines = [
      { label: 'clean', images: shown.images },
      { label: 'noisy', images: noisy.images },
      { label: 'output', images: await on(() => reconstruct(model, noisy)) },
    ];
    return stackedSheet(lines, data, columns, title);
  });
}

function reconstruct(model: GenerativeModel, data: Dataset, generator?: Generator): Promise<Float32Array> {
  return decodeImages(model, data.labels, () => encodeImages(model, data), generator);
}

/** Rows of images, each row once per kind: the first kind, below it the same images of the second kind, and so on. */
export function stackedSheet(
  kinds: readonly { label: string; images: Float32Array }[],
  data: Dataset,
  columns: number,
  title: string,
): Sheet {
  const perRow = columns * pixelsOf(data);
  const rows = Math.ceil((kinds[0]?.images.length ?? 0) / perRow);
  const values = new Float32Array(kinds.length * rows * perRow).fill(1); // white where the last row is not full
  kinds.forEach(({ images }, k) => {
    for (let row = 0; row < rows; row++)
      values.set(images.subarray(row * perRow, (row + 1) * perRow), (row * kinds.length + k) * perRow);
  });
  return gridSheet(values, {
    columns,
    imageShape: data.imageShape,
    title,
    rowLabels: Array.from({ length: rows }, () => kinds.map(({ label }) => label)).flat(),
  });
}
