import { ArgumentError, type Generator, rand, type Tensor } from '@varigrad/core';
import { type Description, Module } from './module.js';

/**
 * In training, sets each element to 0 with probability p and multiplies the others by 1/(1 − p), so that the expected
 * value stays. In evaluation it does nothing.
 * @see Srivastava et al. 2014
 */
export class Dropout extends Module {
  readonly p: number;
  readonly #random: { generator?: Generator | undefined };

  /** @throws ArgumentError unless 0 ≤ p < 1 */
  constructor(p = 0.5, random: { generator?: Generator | undefined } = {}) {
    super();
    if (!(p >= 0 && p < 1)) throw new ArgumentError('Dropout', `p ${p} is not in [0, 1)`);
    this.p = p;
    this.#random = random;
  }

  override describe(): Description {
    return [`p ${this.p}`];
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    return x.mul(rand(x.shape, this.#random).ge(this.p)).mul(1 / (1 - this.p));
  }
}
