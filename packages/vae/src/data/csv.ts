/** Tables of numbers as text: CSV. */
import { VarigradError } from '@varigrad/core';

/** A table of numbers, and the class of each row if it has a column for it. */
export interface Table {
  /** Names of the columns; `column 1`, … if the file has none. */
  readonly columns: readonly string[];
  /** `[count · columns]` */
  readonly values: Float64Array;
  readonly count: number;
  readonly labels: Uint8Array;
  /** 0 without labels. */
  readonly classes: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Names of a column of classes, in lower case. */
const LABEL_COLUMNS = ['label', 'class'];

/**
 * Parses a table of decimal numbers. Fields are separated by commas, semicolons or tabs, whichever the first line has. The first line may
 * hold names, with or without quotation marks. A column called label or class holds whole numbers from 0 to 255, and is not a value.
 * @param source - the file's name, for messages
 * @throws VarigradError with the line if a field is missing or is not a number, or there are no rows
 */
export function parseCsv(text: string, source = 'CSV'): Table {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n|\r/);
  const separator = [',', ';', '\t'].find((candidate) => lines[0]!.includes(candidate)) ?? ',';
  const rows = lines.map((line) => line.split(separator).map(unquoted));
  const hasNames = rows[0]!.some((field) => !NUMBER.test(field));
  const names = hasNames ? rows[0]! : rows[0]!.map((_, i) => `column ${i + 1}`);
  const body = hasNames ? rows.slice(1) : rows;
  if (body.length === 0 || lines[0] === '') throw new VarigradError(source, 'there are no rows of numbers');
  const twice = names.find((name, i) => names.indexOf(name) !== i || name === '');
  if (twice !== undefined)
    throw new VarigradError(
      source,
      `the column name "${twice}" is ${twice === '' ? 'empty' : 'there twice'}`,
    );
  const labelAt = names.findIndex((name) => LABEL_COLUMNS.includes(name.toLowerCase()));
  const columns = names.filter((_, i) => i !== labelAt);
  if (columns.length === 0) throw new VarigradError(source, 'there is no column besides the classes');
  const values = new Float64Array(body.length * columns.length);
  const labels = new Uint8Array(body.length);
  let at = 0;
  for (const [i, fields] of body.entries()) {
    const line = i + (hasNames ? 2 : 1);
    if (fields.length !== names.length)
      throw new VarigradError(source, `line ${line} has ${fields.length} fields, expected ${names.length}`);
    for (const [column, field] of fields.entries()) {
      const value = NUMBER.test(field) ? Number(field) : Number.NaN;
      if (!Number.isFinite(value))
        throw new VarigradError(
          source,
          `line ${line}, ${names[column]}: expected a number, found "${field.slice(0, 40)}" — remove the row, or fill the field`,
        );
      if (column !== labelAt) values[at++] = value;
      else if (Number.isInteger(value) && value >= 0 && value <= 255) labels[i] = value;
      else throw new VarigradError(source, `line ${line}: expected a class from 0 to 255, found ${field}`);
    }
  }
  const classes = labelAt < 0 ? 0 : labels.reduce((most, label) => Math.max(most, label + 1), 0);
  return { columns, values, count: body.length, labels, classes };
}

function unquoted(field: string): string {
  return field.trim().replace(/^"(.*)"$/, '$1');
}
