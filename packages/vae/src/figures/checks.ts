/** Checks of arguments that several figures take. */
import { ArgumentError } from '@varigrad/core';
import { checkNumber, checkWhole, describeValue } from '@varigrad/core/checks';

/** @throws ArgumentError unless all values are whole numbers above 0; the keys name them in the message */
export function checkCounts(op: string, counts: Readonly<Record<string, unknown>>): void {
  for (const [name, count] of Object.entries(counts)) checkWhole(op, name, count);
}

/** @throws ArgumentError unless all values are finite numbers above 0; the keys name them in the message */
export function checkLengths(op: string, lengths: Readonly<Record<string, number>>): void {
  for (const [name, length] of Object.entries(lengths))
    checkNumber(op, name, length, length > 0 && Number.isFinite(length), 'above 0');
}

/** @throws ArgumentError unless `value` is a picture with width, height and pixels */
export function checkPicture(op: string, value: unknown): void {
  if (isPicture(value)) return;
  const found = describeValue(value);
  throw new ArgumentError(op, `the picture must be a Raster, such as sheet.pixels, found ${found}`);
}

/** @throws ArgumentError unless `value` is a sheet */
export function checkSheet(op: string, value: unknown): void {
  const { pixels, columnLabels, rowLabels } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (isPicture(pixels) && Array.isArray(columnLabels) && Array.isArray(rowLabels)) return;
  const fix = value instanceof Promise ? ' — await it first' : '';
  const found = describeValue(value);
  throw new ArgumentError(op, `the sheet must be a sheet, as gridSheet returns, found ${found}${fix}`);
}

function isPicture(value: unknown): boolean {
  const { width, height, pixels } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [width, height].every(Number.isInteger) && ArrayBuffer.isView(pixels);
}
