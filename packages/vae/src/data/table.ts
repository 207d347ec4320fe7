/** Tables as data sets of standardised rows. */
import type { Table } from './csv.js';
import type { Dataset } from './dataset.js';
import type { Standardization } from './standardization.js';

/** The means and standard deviations of the first `count` rows. */
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
    return deviation > 1e-12 * Math.abs(means[c]!) ? deviation : 1;
  });
  return { columns, means, deviations };
}

/** A table as a data set of standardised rows, `[1, columns]` each. */
export function standardized(table: Table, standardization: Standardization): Dataset {
  const { means, deviations } = standardization;
  const width = means.length;
  const { values, count, labels, classes } = table;
  const images = Float32Array.from(values, (x, i) => (x - means[i % width]!) / deviations[i % width]!);
  return { images, labels, count, imageShape: [1, width], classes, standardization };
}
