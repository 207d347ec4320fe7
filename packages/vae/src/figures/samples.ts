/** Sheets of generated images: z from the prior, decoded. */
import { ArgumentError, Generator, randn } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { checkDataset, checkImageShape, checkModel } from '../checks.js';
import { type Dataset, firstOf, pixelsOf } from '../data/dataset.js';
import type { ImageShape } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import { onOneBackend } from '../one-backend.js';
import { checkCounts } from './checks.js';
import { decodeImages, encodeImages, FIGURE_OPTIONS, type FigureOptions } from './decode.js';
import { gridSheet, type Sheet } from './sheets.js';

/** Options of `samplesFigure`. */
export interface SamplesOptions extends FigureOptions {
  columns?: number;
  rows?: number;
  /** Class of all images, for a conditional model. Default: each in turn. */
  label?: number;
}

const SAMPLES_OPTIONS: OptionNames<SamplesOptions> = {
  columns: true,
  rows: true,
  label: true,
  ...FIGURE_OPTIONS,
};

/** Mean images of z drawn from the prior. */
export function samplesFigure(
  model: GenerativeModel,
  imageShape: ImageShape,
  options: SamplesOptions = {},
): Promise<Sheet> {
  return onOneBackend(async () => {
    checkModel('samplesFigure', model);
    checkImageShape('samplesFigure', imageShape);
    checkOptions('samplesFigure', options, SAMPLES_OPTIONS, 'model, imageShape, ');
    const { title = 'Samples: decoded z from the prior', columns = 10, rows = 10, seed = 0, label } = options;
    checkCounts('samplesFigure', { columns, rows });
    if (label !== undefined) checkWhole('samplesFigure', 'label', label, 0);
    const labels = Uint8Array.from(
      { length: columns * rows },
      (_, i) => label ?? i % Math.max(1, model.classes),
    );
    const columnLabels =
      model.classes === 0 ? {} : { columnLabels: Array.from(labels.subarray(0, columns), String) };
    const images = await decodeImages(model, labels, (oneHot) =>
      model.samplePrior(columns * rows, {
        generator: new Generator(seed),
        labels: oneHot,
      }),
    );
    return gridSheet(images, { columns, imageShape, title, ...columnLabels });
  });
}

/** Options of `classStyleFigure`. */
export interface ClassStyleOptions extends FigureOptions {
  /** Rows. Default 10. */
  styles?: number;
  /** Images whose codes are the styles; they are shown on the left. Default: styles from N(0, I). */
  from?: Dataset;
}

const CLASS_STYLE_OPTIONS: OptionNames<ClassStyleOptions> = { styles: true, from: true, ...FIGURE_OPTIONS };

/** One style z per row and one class per column. @throws ArgumentError if the model is not conditional */
export function classStyleFigure(
  model: GenerativeModel,
  imageShape: ImageShape,
  options: ClassStyleOptions = {},
): Promise<Sheet> {
  return onOneBackend(async () => {
    checkModel('classStyleFigure', model);
    checkImageShape('classStyleFigure', imageShape);
    checkOptions('classStyleFigure', options, CLASS_STYLE_OPTIONS, 'model, imageShape, ');
    const { title = 'Rows share a style z, columns the class', styles = 10, seed = 0, from } = options;
    checkCounts('classStyleFigure', { styles });
    if (from !== undefined) checkDataset('classStyleFigure', from, 'from');
    const { classes } = model;
    if (classes === 0)
      throw new ArgumentError(
        'classStyleFigure',
        'the model is not conditional — use a model with classes, such as ConditionalVAE',
      );
    const given = from === undefined ? undefined : firstOf(from, styles);
    const rows = given?.count ?? styles;
    const style = Array.from({ length: rows * classes }, (_, i) => Math.floor(i / classes));
    const labels = Uint8Array.from(style, (_, i) => i % classes);
    const images = await decodeImages(model, labels, () => {
      if (given === undefined)
        return randn([rows, model.latent], { generator: new Generator(seed) }).indexSelect(style);
      return encodeImages(model, given).indexSelect(style);
    });
    const names = Array.from({ length: classes }, (_, c) => String(c));
    return gridSheet(given === undefined ? images : withFirstColumn(given, images, classes), {
      columns: given === undefined ? classes : classes + 1,
      imageShape,
      title,
      columnLabels: given === undefined ? names : ['input', ...names],
      rowLabels: Array.from({ length: rows }, (_, s) => `style ${s + 1}`),
    });
  });
}

/** Rows of `columns` images, each row after one image of `first`. */
function withFirstColumn(first: Dataset, images: Float32Array, columns: number): Float32Array {
  const size = pixelsOf(first);
  const values = new Float32Array(first.images.length + images.length);
  for (let row = 0; row < first.count; row++) {
    const at = row * (columns + 1) * size;
    values.set(first.images.subarray(row * size, (row + 1) * size), at);
    values.set(images.subarray(row * columns * size, (row + 1) * columns * size), at + size);
  }
  return values;
}
