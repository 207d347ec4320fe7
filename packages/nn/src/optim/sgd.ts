import { ArgumentError, type Tensor, updateInPlace } from '@varigrad/core';
import { checkAmount, checkBoolean, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { onEachCall } from '@varigrad/core/compile';
import { Optimizer } from './optimizer.js';

/** Options of SGD, the same as PyTorch's. */
export interface SGDOptions {
  /** η, at least 0. Default 1e-3. */
  learningRate?: number;
  /** μ, the decay of the momentum buffer b, at least 0. Default 0. */
  momentum?: number;
  /** Reduces the weight of the gradient in b to 1 − dampening, at least 0. Default 0. */
  dampening?: number;
  /** Use g + μb in place of b. Needs momentum above 0 and dampening 0. Default false. */
  nesterov?: boolean;
  /** Adds weightDecay·p to the gradient, at least 0. Default 0. */
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
  protected override readonly slotNames: readonly string[];
  readonly #settings: Required<Omit<SGDOptions, 'learningRate'>>;

  /** @throws ArgumentError unless there are parameters, the settings are at least 0, and nesterov has momentum and no dampening */
  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    checkOptions('SGD', options, SGD_OPTIONS, 'parameters, ');
    const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    super('SGD', parameters, learningRate);
    checkAmount('SGD', 'momentum', momentum);
    checkAmount('SGD', 'dampening', dampening);
    checkAmount('SGD', 'weightDecay', weightDecay);
    checkBoolean('SGD', 'nesterov', nesterov);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new ArgumentError('SGD', 'nesterov needs momentum above 0 and dampening 0');
    }
    this.slotNames = momentum === 0 ? [] : ['momentum'];
    this.#settings = { momentum, dampening, nesterov, weightDecay };
  }

  protected override update(parameter: Tensor, gradient: Tensor, place: number): void {
    const buffer = this.#settings.momentum === 0 ? null : this.slot('momentum', place);
    const own = { ...this.#settings, learningRate: 0.5, first: false };
    const spec = onEachCall(() => {
      own.learningRate = this.learningRate;
      own.first = this.updates[place] === 1;
      return own;
    });
    updateInPlace(buffer === null ? [parameter] : [parameter, buffer], (kernels) =>
      kernels.sgdStep(parameter.values, gradient.values, buffer?.values ?? null, spec),
    );
  }
}
