/** Tables as data sets of standardised rows. */
import { VarigradError } from '@varigrad/core';
import type { Table } from './csv.js';
import type { Dataset } from './dataset.js';
import type { Standardization } from './standardization.js';

/** The means and standard deviations of the first `count` rows. @throws VarigradError if a deviation overflows */
export function standardizationOf({ columns, values }: Table, count: number): Standardization {
  const width = columns.length;
  const mean = (f: (row: number) => number): number => {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += f(row);
    return sum / count;
  };
  const means = columns.map((_, c) => mean((row) => values[row * width + c]!));
  const deviations = columns.map((_, c) => {
    const deviation = Math.sqrt(mean((row) => (values[row * width + c]! - means[c]!) ** 2));
    if (!Number.isFinite(deviation))
      throw new VarigradError(
        'standardizationOf',
        `the numbers of column ${columns[c]} are too large: their squares overflow — divide them by a constant`,
      );
    return deviation > 1e-12 * Math.abs(means[c]!) ? deviation : 1;
  });
  return { columns, means, deviations };
}

/** A table as a data set of standardised rows, `[1, columns]` each. @throws VarigradError if a number is too large for float32 */
export function standardized(table: Table, standardization: Standardization): Dataset {
  const { columns, means, deviations } = standardization;
  const width = means.length;
  const { values, count, labels, classes } = table;
  const images = Float32Array.from(values, (x, i) => (x - means[i % width]!) / deviations[i % width]!);
  const at = images.findIndex((z) => !Number.isFinite(z));
  if (at >= 0)
    throw new VarigradError(
      'standardized',
      `row ${Math.floor(at / width) + 1}, ${columns[at % width]}: ${values[at]} is too far from the mean ${means[at % width]} for float32 — remove the row`,
    );
  return { images, labels, count, imageShape: [1, width], classes, standardization };
}
