import { ArgumentError } from '@varigrad/core';
import { DESCENT, GLYPH_HEIGHT, GLYPH_WIDTH } from './font.js';
import { type Color, Raster, textWidth } from './raster.js';

/** How a sheet of images is laid out and labelled. */
export interface SheetOptions {
  columns: number;
  imageShape: readonly [height: number, width: number];
  /** 1 for grey (default), 3 for RGB. */
  channels?: 1 | 3;
  title?: string;
  /** One label a column, above it; columns are never closer than their labels. */
  columnLabels?: readonly string[];
  /** One label a row, left of it. */
  rowLabels?: readonly string[];
  /** A line below the images. */
  caption?: string;
  /** Pixels of the sheet for one of the image, a whole number; default: so that an image is about 56 pixels high. */
  scale?: number;
  /** Pixels between images, at least. Default 4. */
  gap?: number;
}

const INK: Color = [33, 37, 41];
const FAINT: Color = [108, 117, 125];
const PAPER: Color = [255, 255, 255];
const MARGIN = 16;
const TITLE_SCALE = 2;

/**
 * Images in a grid with title and labels. All sizes follow from the images and the options.
 * @param images - `[count · height · width · channels]`, grey or RGB, values in [0, 1]
 * @throws ArgumentError if the values are no whole number of images, or the labels or sizes do not fit
 */
export function gridSheet(images: Float32Array, options: SheetOptions): Raster {
  const { columns, imageShape, title = '', columnLabels = [], rowLabels = [], caption = '' } = options;
  const { count, size } = countImages(images, imageShape, options.channels ?? 1);
  const { scale, cell, inset, grid, left, top, width, height } = layOut(count, options);
  const sheet = new Raster(width, height, PAPER);
  sheet.text(MARGIN, MARGIN, title, INK, TITLE_SCALE);
  for (let i = 0; i < count; i++) {
    const x = left + (i % columns) * cell.width + inset.x;
    const y = top + Math.floor(i / columns) * cell.height + inset.y;
    sheet.image(x, y, images.subarray(i * size, (i + 1) * size), imageShape, scale);
  }
  const [halfWidth, halfHeight] = [
    inset.x + (imageShape[1] * scale) / 2,
    inset.y + (imageShape[0] * scale) / 2,
  ];
  columnLabels.forEach((label, c) => {
    const x = Math.floor(left + c * cell.width + halfWidth - textWidth(label) / 2);
    sheet.text(x, top - GLYPH_HEIGHT - 4, label, FAINT);
  });
  rowLabels.forEach((label, r) => {
    const y = Math.floor(top + r * cell.height + halfHeight - GLYPH_HEIGHT / 2);
    sheet.text(left - 8 - textWidth(label), y, label, FAINT);
  });
  sheet.text(left, top + grid.height + 8, caption, FAINT);
  return sheet;
}

/** Sizes and places in pixels of the sheet. */
interface Layout {
  scale: number;
  /** From one image to the next. */
  cell: { width: number; height: number };
  /** Where in its cell an image begins; above 0 where labels are larger than images. */
  inset: { x: number; y: number };
  grid: { width: number; height: number };
  left: number;
  top: number;
  width: number;
  height: number;
}

function layOut(count: number, options: SheetOptions): Layout {
  const {
    columns,
    imageShape,
    title = '',
    columnLabels = [],
    rowLabels = [],
    caption = '',
    gap = 4,
  } = options;
  const scale = options.scale ?? Math.max(1, Math.round(56 / imageShape[0]));
  checkWhole('columns', columns, 1);
  checkWhole('scale', scale, 1);
  checkWhole('gap', gap, 0);
  const rows = Math.ceil(count / columns);
  checkLabels('column', columnLabels, columns);
  checkLabels('row', rowLabels, rows);
  const image = { width: imageShape[1] * scale, height: imageShape[0] * scale };
  const room = {
    width: Math.max(image.width, columnLabels.length === 0 ? 0 : widest(columnLabels) + GLYPH_WIDTH),
    height: Math.max(image.height, rowLabels.length === 0 ? 0 : GLYPH_HEIGHT + DESCENT),
  };
  const cell = { width: room.width + gap, height: room.height + gap };
  const grid = { width: columns * cell.width - gap, height: rows * cell.height - gap };
  const titleHeight = title === '' ? 0 : GLYPH_HEIGHT * TITLE_SCALE + 10;
  const left = MARGIN + (rowLabels.length === 0 ? 0 : widest(rowLabels) + 8);
  const top = MARGIN + titleHeight + (columnLabels.length === 0 ? 0 : GLYPH_HEIGHT + 6);
  const right = Math.max(
    left + grid.width,
    MARGIN + textWidth(title, TITLE_SCALE),
    left + textWidth(caption),
  );
  return {
    scale,
    cell,
    inset: {
      x: Math.floor((room.width - image.width) / 2),
      y: Math.floor((room.height - image.height) / 2),
    },
    grid,
    left,
    top,
    width: right + MARGIN,
    height: top + grid.height + (caption === '' ? 0 : GLYPH_HEIGHT + 10) + MARGIN,
  };
}

function widest(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, textWidth(label)), 0);
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new ArgumentError('gridSheet', `${name} is a whole number from ${least}, not ${value}`);
}

function checkLabels(kind: 'row' | 'column', labels: readonly string[], places: number): void {
  if (labels.length === 0 || labels.length === places) return;
  const found = `${labels.length} ${kind} labels for ${places} ${kind}s`;
  throw new ArgumentError('gridSheet', `${found} — one for each, or none`);
}

function countImages(
  images: Float32Array,
  [height, width]: readonly [number, number],
  channels: number,
): { count: number; size: number } {
  const size = height * width * channels;
  if (images.length === 0 || images.length % size !== 0) {
    throw new ArgumentError(
      'gridSheet',
      `${images.length} values are no whole number of ${height} × ${width} images with ${channels} channel(s)`,
    );
  }
  return { count: images.length / size, size };
}
