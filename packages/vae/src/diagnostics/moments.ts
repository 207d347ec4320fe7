/** Running mean and covariance of rows, in float64. Welford's update avoids cancellation. */
export class Moments {
  readonly size: number;
  readonly mean: Float64Array;
  /** Σ (x − mean)(x − mean)ᵀ, `[size · size]`; only the lower triangle is stored. */
  readonly #scatter: Float64Array;
  readonly #before: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.mean = new Float64Array(size);
    this.#before = new Float64Array(size);
    this.#scatter = new Float64Array(size * size);
  }

  /** Adds rows. @param rows - row after row, `[… · size]` */
  add(rows: ArrayLike<number>): void {
    const { size, mean } = this;
    const before = this.#before;
    for (let at = 0; at < rows.length; at += size) {
      this.#count++;
      for (let i = 0; i < size; i++) {
        before[i] = rows[at + i]! - mean[i]!;
        mean[i]! += before[i]! / this.#count;
      }
      for (let i = 0; i < size; i++) {
        const after = rows[at + i]! - mean[i]!;
        for (let j = 0; j <= i; j++) {
          const place = i * size + j;
          this.#scatter[place]! += after * before[j]!;
        }
      }
    }
  }

  /** Σ (x − mean)(x − mean)ᵀ / count, row by row, `[size · size]`. */
  covariance(): Float64Array {
    const { size } = this;
    return Float64Array.from(this.#scatter, (_, place) => {
      const [i, j] = [Math.floor(place / size), place % size];
      return this.#scatter[Math.max(i, j) * size + Math.min(i, j)]! / this.#count;
    });
  }
}
