import { ArgumentError, type Tensor, updateInPlace } from '@varigrad/core';
import { Optimizer } from './optimizer.js';

/** Options of Adam and AdamW, with PyTorch's defaults. */
export interface AdamOptions {
  /** Default 1e-3. */
  learningRate?: number;
  /** Decay of the gradient's running mean. Default 0.9. */
  beta1?: number;
  /** Decay of its running square. Default 0.999. */
  beta2?: number;
  /** Added to the root of the square, against division by zero. Default 1e-8. */
  epsilon?: number;
  /** Adam: adds weightDecay·p to the gradient (default 0). AdamW: shrinks p by learningRate·weightDecay (default 0.01). */
  weightDecay?: number;
}

/**
 * Adam with bias correction: p ← p − η·m̂/(√v̂ + ε).
 * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980
 */
export class Adam extends Optimizer {
  readonly kind: string = 'adam';
  protected readonly decoupled: boolean = false;
  readonly #settings: Required<Omit<AdamOptions, 'learningRate'>>;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
    super('Adam', parameters, learningRate);
    for (const [name, beta] of Object.entries({ beta1, beta2 })) {
      if (!(beta >= 0 && beta < 1)) throw new ArgumentError('Adam', `${name} ${beta} is not in [0, 1)`);
    }
    this.#settings = { beta1, beta2, epsilon, weightDecay };
  }

  protected override update(parameter: Tensor, gradient: Tensor, place: number): void {
    const [m, v] = [this.slot('m', place), this.slot('v', place)];
    const { learningRate, decoupled, stepCount: step } = this;
    const spec = { ...this.#settings, learningRate, decoupled, step };
    updateInPlace([parameter, m, v], (kernels) =>
      kernels.adamStep(parameter.values, gradient.values, m.values, v.values, spec),
    );
  }
}

/**
 * Adam with decoupled weight decay: p ← (1 − η·weightDecay)·p before Adam's step.
 * @see Loshchilov & Hutter 2019, arXiv:1711.05101
 */
export class AdamW extends Adam {
  override readonly kind: string = 'adamw';
  protected override readonly decoupled: boolean = true;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super(parameters, { weightDecay: 0.01, ...options });
  }
}
