/** Images in a CSV file: one image per row, one pixel per column, and a class if there is a column for it. */
import type { OwnImages } from '../messages.js';
import { splitImages } from './split.js';

const LABEL = /^(label|class|y|target)$/i;
const MOST_ROWS = 70_000;
const MOST_PIXELS = 64 * 64;

/**
 * Reads a CSV file, separated by tabs, semicolons or commas. With the first two, a number may have a decimal comma. The first line
 * may have names; a column called label, class, target or y has the classes. Without names, the first column has the classes if
 * the others form a square image and all of them together do not. Rows whose length is no square are images of one line.
 * @throws Error that names the line
 */
export function readCsv(text: string): OwnImages {
  const lines = [...text.split(/\r\n?|\n/).entries()].filter(([, line]) => line.trim() !== '');
  const [, firstLine] = lines[0] ?? [0, ''];
  const separator = separatorOf(firstLine);
  const numberOf = (cell: string): number =>
    cell === '' ? Number.NaN : Number(separator === ',' ? cell : cell.replace(',', '.'));
  const first = cellsOf(firstLine, separator);
  const hasNames = first.some((cell) => cell !== '' && Number.isNaN(numberOf(cell)));
  const rows = hasNames ? lines.slice(1) : lines;
  const width = first.length;
  if (rows.length < 2)
    throw new Error(`The CSV file must have at least 2 rows of numbers, found ${rows.length}.`);
  if (rows.length > MOST_ROWS)
    throw new Error(`The CSV file has ${rows.length} rows, at most ${MOST_ROWS} are read.`);
  const labelColumn = hasNames
    ? first.findIndex((name) => LABEL.test(name))
    : isSquare(width - 1) && !isSquare(width)
      ? 0
      : -1;
  const count = width - (labelColumn < 0 ? 0 : 1);
  if (count < 1 || count > MOST_PIXELS)
    throw new Error(`A row must have 1 to ${MOST_PIXELS} pixels, found ${count}.`);
  const classes = new Map<string, number>();
  const numbers = new Float32Array(rows.length * count);
  const labels = rows.map(([before, row], i) => {
    const cells = cellsOf(row, separator);
    const line = before + 1;
    if (cells.length !== width)
      throw new Error(`Line ${line} has ${cells.length} columns, expected ${width}.`);
    let at = i * count;
    cells.forEach((cell, column) => {
      if (column === labelColumn) return;
      const value = Math.fround(numberOf(cell));
      if (!Number.isFinite(value)) {
        const fault = Number.isNaN(value) ? 'is not a number' : 'is too large';
        throw new Error(`Line ${line}, column ${column + 1}: “${cell}” ${fault}.`);
      }
      numbers[at++] = value;
    });
    return labelColumn < 0 ? 0 : classOf(cells[labelColumn]!, classes);
  });
  scaleToUnit(numbers);
  const side = Math.sqrt(count);
  const imageShape = isSquare(count) ? ([side, side] as const) : ([1, count] as const);
  const images = labels.map((label, i) => ({ pixels: numbers.subarray(i * count, (i + 1) * count), label }));
  return splitImages(images, imageShape, [...classes.keys()]);
}

function isSquare(count: number): boolean {
  return count > 1 && Number.isInteger(Math.sqrt(count));
}

/** The separator of a line: the first of tab, semicolon and comma that it has outside of quotes. */
function separatorOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  return ['\t', ';'].find((separator) => bare.includes(separator)) ?? ',';
}

/** The cells of a line, without spaces around them and without quotes. A quoted cell may have separators in it. */
function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cell = new RegExp(`${separator} *(?:"((?:[^"]|"")*)" *(?=${separator}|$)|([^${separator}]*))`, 'g');
  return Array.from(
    `${separator}${line}`.matchAll(cell), // now each cell follows a separator
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  );
}

/** The number of a class; a new name gets the next one. */
function classOf(name: string, classes: Map<string, number>): number {
  const known = classes.get(name) ?? classes.size;
  classes.set(name, known);
  return known;
}

/** Grey values from 0 to 255 are divided by 255; other numbers outside [0, 1] are scaled to [0, 1]. */
function scaleToUnit(values: Float32Array): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least >= 0 && most <= 1) return;
  const [from, range] = least >= 0 && most <= 255 ? [0, 255] : [least, most - least || 1];
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - from) / range;
}
