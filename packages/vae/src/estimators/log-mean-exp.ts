/** log (1/k Σ exp lᵢ) of numbers that come one after the other, with the standard error that k draws leave; nothing overflows. */
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
    // −∞ stands for a weight of 0, also while nothing else was seen.
    const weight = l === Number.NEGATIVE_INFINITY ? 0 : Math.exp(l - this.#largest);
    this.#sum += weight;
    this.#squares += weight * weight;
  }

  /** log (1/k Σ exp lᵢ) */
  get value(): number {
    return this.#largest + Math.log(this.#sum / this.#count);
  }

  /** (Σ w)² / Σ w², w = exp l: how many equal weights would vary as little. From 1 to k. */
  get effectiveCount(): number {
    return this.#sum ** 2 / this.#squares;
  }

  /** The standard deviation of the mean weight over the mean weight, which is that of `value` to first order; NaN for one number. */
  get standardError(): number {
    const k = this.#count;
    if (k < 2) return Number.NaN;
    return Math.sqrt(Math.max(0, k / this.effectiveCount - 1) / (k - 1));
  }
}
