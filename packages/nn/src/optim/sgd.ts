import { ArgumentError, type Tensor, updateInPlace } from '@varigrad/core';
import { Optimizer } from './optimizer.js';

/** Options of SGD, as PyTorch's. */
export interface SGDOptions {
  /** Default 1e-3. */
  learningRate?: number;
  /** Share of the last step's direction that is kept. Default 0. */
  momentum?: number;
  /** Weakens the gradient's part in the momentum buffer. Default 0. */
  dampening?: number;
  /** Look ahead along the momentum. Needs momentum > 0 and no dampening. */
  nesterov?: boolean;
  /** Adds weightDecay·p to the gradient. Default 0. */
  weightDecay?: number;
}

/** Stochastic gradient descent: p ← p − η·g, with momentum b ← μb + (1 − dampening)·g in g's place. */
export class SGD extends Optimizer {
  readonly kind = 'sgd';
  readonly #settings: Required<Omit<SGDOptions, 'learningRate'>>;

  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    const { learningRate = 1e-3, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
    super('SGD', parameters, learningRate);
    if (!(momentum >= 0)) throw new ArgumentError('SGD', `momentum ${momentum} is not a number ≥ 0`);
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
