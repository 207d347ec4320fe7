import { ArgumentError, type Tensor, updateInPlace } from '@varigrad/core';
import { checkNumber, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { Optimizer } from './optimizer.js';

/** Options of SGD, the same as PyTorch's. */
export interface SGDOptions {
  /** η, at least 0. Default 1e-3. */
  learningRate?: number;
  /** μ, the decay of the momentum buffer b, at least 0. Default 0. */
  momentum?: number;
  /** Reduces the weight of the gradient in b to 1 − dampening. Default 0. */
  dampening?: number;
  /** Use g + μb in place of b. Needs momentum above 0 and dampening 0. Default false. */
  nesterov?: boolean;
  /** Adds weightDecay·p to the gradient. Default 0. */
  weightDecay?: number;
}

const SGD_OPTIONS: OptionNames<SGDOptions> = {
  learningRate: true,
  momentum: true,
  dampening: true,
  nesterov: true,
  weightDecay: true,
};

/** Stochastic gradient descent: p ← p − η·g. With momentum, b ← μb + (1 − dampening)·g takes the place of g. */
export class SGD extends Optimizer {
  readonly kind = 'sgd';
  readonly #settings: Required<Omit<SGDOptions, 'learningRate'>>;

  /** @throws ArgumentError unless there are parameters, and learningRate and momentum are at least 0 */
  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    checkOptions('SGD', options, SGD_OPTIONS, 'parameters, ');
    const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    super('SGD', parameters, learningRate);
    checkNumber('SGD', 'momentum', momentum, momentum >= 0, 'of at least 0');
    checkNumber('SGD', 'dampening', dampening);
    checkNumber('SGD', 'weightDecay', weightDecay);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ArgumentError('SGD', 'nesterov needs momentum above 0 and dampening 0');
    }
    this.#settings = { momentum, dampening, nesterov, weightDecay };
  }

  protected override update(parameter: Tensor, gradient: Tensor, place: number): void {
    const first = !this.slots.has(`momentum.${place}`);
    const buffer = this.#settings.momentum === 0 ? null : this.slot('momentum', place);
    const spec = { ...this.#settings, learningRate: this.learningRate, first };
    updateInPlace(buffer === null ? [parameter] : [parameter, buffer], (kernels) =>
      kernels.sgdStep(parameter.values, gradient.values, buffer?.values ?? null, spec),
    );
  }
}
