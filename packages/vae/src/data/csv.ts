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

/** What stands for a missing value. A first line of these and of numbers is a row, not a line of names. */
const MISSING = /^(|-|\.|\?|na|n\/a|nan|null|none|[+-]?inf(inity)?)$/i;

/** Names of a column of classes, in lower case. */
const LABEL_COLUMNS = ['label', 'class'];

/**
 * Parses a table of decimal numbers. Fields are separated by commas, semicolons or tabs, whichever the first line has. Fields may stand in
 * quotation marks. The first line may hold names. A column called label or class holds whole numbers from 0 to 255, and is not a value.
 * @param source - the file's name, for messages
 * @throws VarigradError with the line if a field is missing or is not a number, or there are no rows
 */
export function parseCsv(text: string, source = 'CSV'): Table {
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n|\r/);
  const bare = lines[0]!.replace(/"[^"]*"/g, '');
  const separator = [',', ';', '\t'].find((candidate) => bare.includes(candidate)) ?? ',';
  const rows = lines.map((line) => fieldsOf(line, separator));
  const hasNames = rows[0]!.some((field) => !NUMBER.test(field) && !MISSING.test(field));
  const names = hasNames ? rows[0]! : rows[0]!.map((_, i) => `column ${i + 1}`);
  const body = hasNames ? rows.slice(1) : rows;
  if (body.length === 0 || lines.at(-1) === '')
    throw new VarigradError(source, 'there are no rows of numbers');
  const empty = lines.findIndex((line) => line.trim() === '');
  if (empty >= 0) throw new VarigradError(source, `line ${empty + 1} is empty — remove it`);
  const twice = names.find((name, i) => names.indexOf(name) !== i || name === '');
  if (twice !== undefined)
    throw new VarigradError(
      source,
      twice === ''
        ? `column ${names.indexOf('') + 1} has no name — name it, or remove it`
        : `the column name "${twice}" is there twice`,
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
      const isLabel = column === labelAt;
      if (isLabel && !(Number.isInteger(value) && value >= 0 && value <= 255))
        throw new VarigradError(
          source,
          `line ${line}, ${names[column]}: expected a class from 0 to 255, found "${field.slice(0, 40)}" — number the classes from 0`,
        );
      if (!Number.isFinite(value))
        throw new VarigradError(
          source,
          `line ${line}, ${names[column]}: expected a number, found "${field.slice(0, 40)}" — remove the row, or fill the field`,
        );
      if (isLabel) labels[i] = value;
      else values[at++] = value;
    }
  }
  const classes = labelAt < 0 ? 0 : labels.reduce((most, label) => Math.max(most, label + 1), 0);
  return { columns, values, count: body.length, labels, classes };
}

/** The fields of a line. A separator between quotation marks is a part of its field, and "" there is a quotation mark. */
function fieldsOf(line: string, separator: string): string[] {
  const fields: string[] = [];
  let isOpen = false;
  for (const piece of line.split(separator)) {
    if (isOpen) fields.push(`${fields.pop()}${separator}${piece}`);
    else fields.push(piece);
    const marks = piece.split('"').length - 1;
    if (marks % 2 === 1) isOpen = !isOpen;
  }
  return fields.map(unquoted);
}

function unquoted(field: string): string {
  const [, quoted] = /^"(.*)"$/.exec(field.trim()) ?? [];
  return quoted?.replaceAll('""', '"') ?? field.trim();
}
