/** Columns of a table in units of their spread. */

/** How the columns of a table were standardised: z = (x − mean) / deviation. */
export interface Standardization {
  readonly columns: readonly string[];
  readonly means: readonly number[];
  /** Standard deviations (divisor count); 1 for a constant column. */
  readonly deviations: readonly number[];
}

/** Rows in the units of the table: x = mean + deviation · z. */
export function restored(rows: ArrayLike<number>, { means, deviations }: Standardization): Float64Array {
  return Float64Array.from(rows, (z, i) => means[i % means.length]! + deviations[i % means.length]! * z);
}
