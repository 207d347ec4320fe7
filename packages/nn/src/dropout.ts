import { type Generator, rand, type Tensor } from '@varigrad/core';
import { checkNumber, checkOptions, checkTensor, type OptionNames } from '@varigrad/core/checks';
import type { InitOptions } from './init.js';
import { type Description, Module } from './module.js';

const DROPOUT_OPTIONS: OptionNames<InitOptions> = { generator: true };

/**
 * In training, sets each element to 0 with probability p and multiplies the others by 1/(1 − p), which keeps the expected
 * value. In evaluation, returns x.
 * @see Srivastava et al. 2014
 */
export class Dropout extends Module {
  readonly p: number;
  readonly generator: Generator | undefined;

  /**
   * @param p - probability of 0 for an element
   * @param random - source of the masks; default: the generator that `manualSeed` seeds
   * @throws ArgumentError unless 0 ≤ p < 1
   */
  constructor(p = 0.5, random: { generator?: Generator | undefined } = {}) {
    super();
    checkNumber('Dropout', 'p', p, p >= 0 && p < 1, 'in [0, 1)');
    checkOptions('Dropout', random, DROPOUT_OPTIONS, 'p, ');
    this.p = p;
    this.generator = random.generator;
  }

  override describe(): Description {
    return [`p ${this.p}`];
  }

  /** Any shape → the same shape. */
  forward(x: Tensor): Tensor {
    checkTensor('Dropout', x, 'x');
    if (!this.training || this.p === 0) return x;
    return rand(x.shape, { generator: this.generator })
      .ge(this.p)
      .where(x, 0)
      .mul(1 / (1 - this.p));
  }
}
