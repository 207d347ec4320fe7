/** Running log (1/k Σ exp lᵢ) of a sequence of numbers, with its standard error, without overflow. */
export class LogMeanExp {
  #count = 0;
  #largest: number = Number.NEGATIVE_INFINITY;
  /** Σ exp(lᵢ − largest) and Σ exp 2(lᵢ − largest). */
  #sum = 0;
  #squares = 0;

  add(l: number): void {
    this.#count++;
    if (l > this.#largest) {
      const factor = Math.exp(this.#largest - l);
      this.#sum *= factor;
      this.#squares *= factor * factor;
      this.#largest = l;
    }
    // For infinite values, the difference would be NaN.
    const weight = l === this.#largest ? 1 : Math.exp(l - this.#largest);
    this.#sum += weight;
    this.#squares += weight * weight;
  }

  /** log (1/k Σ exp lᵢ) */
  get value(): number {
    return this.#largest + Math.log(this.#sum / this.#count);
  }

  /** (Σ w)² / Σ w², w = exp l: the number of equal weights with the same relative variance. From 1 to k. */
  get effectiveCount(): number {
    return this.#sum ** 2 / this.#squares;
  }

  /** Standard error of the mean weight divided by the mean weight. To first order it is the standard error of `value`. NaN for one number. */
  get standardError(): number {
    const k = this.#count;
    if (k < 2) return Number.NaN;
    return Math.sqrt(Math.max(0, k / this.effectiveCount - 1) / (k - 1));
  }
}
