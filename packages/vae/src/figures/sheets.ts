/** Sheets: images in a grid, with a title and labels around them. */
import { ArgumentError } from '@varigrad/core';
import { checkArray, checkOptions, checkText, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { escapeXML } from '@varigrad/core/trace';
import { checkImageShape, checkValues } from '../checks.js';
import { drawnShape, type ImageShape, sizeOf } from '../data/image-shape.js';
import { checkCounts, checkSheet } from './checks.js';
import { Raster } from './raster.js';

/** The layout and labels of a sheet of images. */
export interface SheetOptions {
  columns: number;
  /** Three channels are drawn in colour. Any other number of channels is drawn in grey, one below the other. */
  imageShape: ImageShape;
  title?: string;
  /** One label per column, above it. Columns move apart where labels are wider than images. */
  columnLabels?: readonly string[];
  /** One label per row, left of it. */
  rowLabels?: readonly string[];
  /** A line below the images. */
  caption?: string;
  /** Size of one image pixel on the drawn sheet, a whole number. Default: an image is about 56 pixels high, and at most 224 wide. */
  scale?: number;
  /** Pixels between images, before they are enlarged. Default: about 4 pixels of the drawn sheet. */
  gap?: number;
}

const SHEET_OPTIONS: OptionNames<SheetOptions> = {
  columns: true,
  imageShape: true,
  title: true,
  columnLabels: true,
  rowLabels: true,
  caption: true,
  scale: true,
  gap: true,
};

/** A label, and the middle of its row or column in `pixels`. */
export interface SheetLabel {
  readonly text: string;
  readonly at: number;
}

/** A sheet as data: all images in one raster without text, and the texts around it. */
export interface Sheet {
  /** The images with white gaps between them, one pixel for each pixel of an image. */
  readonly pixels: Raster;
  /** Size of one of `pixels` on the drawn sheet. */
  readonly scale: number;
  readonly title: string;
  readonly caption: string;
  readonly columnLabels: readonly SheetLabel[];
  readonly rowLabels: readonly SheetLabel[];
}

const MARGIN = 16;
/** Small images are enlarged to about this height, and at most to this width. */
const CELL = { height: 56, width: 224 };
/** The most pixels of a sheet. In colour, its PNG file as text must fit into a string of 2²⁹ characters. */
const MOST_PIXELS = 1e8;
const TITLE = { size: 18, room: 32 };
const LABEL = { size: 12, room: 20 };

/** An upper estimate of the width of a line in a system font: most are narrower. */
const widthOf = (text: string, size: number): number => Math.ceil(0.62 * size * [...text].length);

/**
 * Lays images out in a grid, row by row.
 * @param images - `[count · channels · height · width]`, values in [0, 1]
 * @throws ArgumentError if the values are not a whole number of images, the labels or sizes do not fit, or there are too many pixels
 */
export function gridSheet(images: Float32Array, options: SheetOptions): Sheet {
  checkSheetArguments(images, options);
  const { columns, imageShape, title = '', columnLabels = [], rowLabels = [], caption = '' } = options;
  const [, height, width] = drawnShape(imageShape);
  const { count, size } = countImages(images, imageShape);
  const { scale = Math.max(1, Math.min(Math.round(CELL.height / height), Math.floor(CELL.width / width))) } =
    options;
  const { gap = Math.max(1, Math.round(4 / scale)) } = options;
  const rows = Math.ceil(count / columns);
  checkLabels('column', columnLabels, columns);
  checkLabels('row', rowLabels, rows);
  const labelWidth = columnLabels.length === 0 ? 0 : widest(columnLabels) + LABEL.size / 2;
  const labelHeight = rowLabels.length === 0 ? 0 : LABEL.size + 2;
  const across = Math.max(width + gap, Math.ceil(labelWidth / scale));
  const down = Math.max(height + gap, Math.ceil(labelHeight / scale));
  const [fullWidth, fullHeight] = [(columns - 1) * across + width, (rows - 1) * down + height];
  if (fullWidth * fullHeight > MOST_PIXELS)
    throw new ArgumentError(
      'gridSheet',
      `a sheet has at most ${MOST_PIXELS} pixels, and ${count} images make ${fullWidth} × ${fullHeight} — choose fewer rows or columns`,
    );
  const pixels = new Raster(fullWidth, fullHeight);
  for (let i = 0; i < count; i++) {
    const [x, y] = [(i % columns) * across, Math.floor(i / columns) * down];
    pixels.image(x, y, images.subarray(i * size, (i + 1) * size), imageShape);
  }
  return {
    pixels,
    scale,
    title,
    caption,
    columnLabels: columnLabels.map((text, i) => ({ text, at: i * across + width / 2 })),
    rowLabels: rowLabels.map((text, i) => ({ text, at: i * down + height / 2 })),
  };
}

/**
 * The sheet as SVG text.
 * @param href - address of `sheet.pixels` as an image, for example a data URI
 */
export function sheetSVG(sheet: Sheet, href: string): string {
  checkSheet('sheetSVG', sheet);
  checkText('sheetSVG', 'href', href);
  const { pixels, scale, title, caption, columnLabels, rowLabels } = sheet;
  const { left, top, width, height } = layOut(sheet);
  const [imageWidth, imageHeight] = [pixels.width * scale, pixels.height * scale];
  const faint = (x: number, y: number, text: string, anchor = 'start'): string =>
    `<text class="label" x="${x}" y="${y}" font-size="${LABEL.size}" fill="#5c636a" text-anchor="${anchor}">${escapeXML(text)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" fill="#212529">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...(title === ''
      ? []
      : [
          `<text x="${MARGIN}" y="${MARGIN + TITLE.size - 2}" font-size="${TITLE.size}" font-weight="600">${escapeXML(title)}</text>`,
        ]),
    `<image x="${left}" y="${top}" width="${imageWidth}" height="${imageHeight}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${escapeXML(href)}"/>`,
    ...columnLabels.map(({ text, at }) => faint(left + at * scale, top - 7, text, 'middle')),
    ...rowLabels.map(({ text, at }) => faint(left - 8, top + at * scale + 4, text, 'end')),
    ...(caption === '' ? [] : [faint(left, top + imageHeight + LABEL.room, caption)]),
    '</svg>\n',
  ].join('\n');
}

/** Where the images begin on the drawn sheet, and its size. A label wider than the first or last image sticks out into the margin. */
function layOut({ pixels, scale, title, caption, columnLabels, rowLabels }: Sheet): {
  left: number;
  top: number;
  width: number;
  height: number;
} {
  const overhang = [columnLabels[0], columnLabels.at(-1)].map((label, end) => {
    if (label === undefined) return 0;
    const room = (end === 0 ? label.at : pixels.width - label.at) * scale;
    return Math.max(0, Math.ceil(widthOf(label.text, LABEL.size) / 2 - room));
  });
  const rowsWidth = rowLabels.length === 0 ? 0 : widest(rowLabels.map(({ text }) => text)) + 8;
  const left = MARGIN + Math.max(rowsWidth, overhang[0]!);
  const top = MARGIN + (title === '' ? 0 : TITLE.room) + (columnLabels.length === 0 ? 0 : LABEL.room);
  const right = Math.max(
    left + pixels.width * scale + overhang[1]!,
    MARGIN + widthOf(title, TITLE.size),
    left + widthOf(caption, LABEL.size),
  );
  const bottom = top + pixels.height * scale + (caption === '' ? 0 : LABEL.room + 4);
  return { left, top, width: right + MARGIN, height: bottom + MARGIN };
}

function widest(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, widthOf(label, LABEL.size)), 0);
}

function checkSheetArguments(images: Float32Array, options: SheetOptions): void {
  const op = 'gridSheet';
  checkValues(op, 'images', images, 'a Float32Array');
  checkOptions(op, options, SHEET_OPTIONS, 'images, ');
  const { columns, imageShape, title = '', caption = '', scale = 1, gap = 0 } = options;
  checkCounts(op, { columns, scale });
  checkWhole(op, 'gap', gap, 0);
  checkImageShape(op, imageShape);
  checkText(op, 'title', title);
  checkText(op, 'caption', caption);
  const { columnLabels = [], rowLabels = [] } = options;
  for (const [name, labels] of Object.entries({ columnLabels, rowLabels })) {
    checkArray(op, name, labels, `images, { ${name}: `, ' }');
    for (const label of labels) checkText(op, `a label in ${name}`, label);
  }
}

function checkLabels(kind: 'row' | 'column', labels: readonly string[], places: number): void {
  if (labels.length === 0 || labels.length === places) return;
  const found = `${labels.length} ${kind} labels for ${places} ${kind}s`;
  throw new ArgumentError('gridSheet', `${found} — give one for each, or none`);
}

function countImages(images: Float32Array, imageShape: ImageShape): { count: number; size: number } {
  const size = sizeOf(imageShape);
  if (images.length === 0 || images.length % size !== 0) {
    throw new ArgumentError(
      'gridSheet',
      `${images.length} values are not a whole number of ${imageShape.join(' × ')} images`,
    );
  }
  return { count: images.length / size, size };
}
