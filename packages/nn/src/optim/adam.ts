import { type Tensor, updateInPlace } from '@varigrad/core';
import { checkAmount, checkNumber, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { onEachCall } from '@varigrad/core/compile';
import { Optimizer } from './optimizer.js';

/** Options of Adam and AdamW, with PyTorch's defaults. */
export interface AdamOptions {
  /** η, at least 0. Default 1e-3. */
  learningRate?: number;
  /** Decay per step of m, the running mean of the gradient, in [0, 1). Default 0.9. */
  beta1?: number;
  /** Decay per step of v, the running mean of the squared gradient, in [0, 1). Default 0.999. */
  beta2?: number;
  /** ε, added to √v̂ so that the step is not divided by zero. Default 1e-8. */
  epsilon?: number;
  /** Adam: adds weightDecay·p to the gradient (default 0). AdamW: shrinks p by learningRate·weightDecay (default 0.01). */
  weightDecay?: number;
}

const ADAM_OPTIONS: OptionNames<AdamOptions> = {
  learningRate: true,
  beta1: true,
  beta2: true,
  epsilon: true,
  weightDecay: true,
};

/** What Adam and AdamW share. They differ in how they apply the weight decay. */
abstract class AdamFamily extends Optimizer {
  protected abstract readonly decoupled: boolean;
  protected override readonly slotNames = ['m', 'v'] as const;
  readonly #settings: Required<Omit<AdamOptions, 'learningRate'>>;

  /** @param op - the class, for messages; @param decay - the default of `weightDecay` */
  constructor(op: string, parameters: Iterable<Tensor>, options: AdamOptions, decay: number) {
    checkOptions(op, options, ADAM_OPTIONS, 'parameters, ');
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = decay } = options;
    super(op, parameters, learningRate);
    checkNumber(op, 'beta1', beta1, beta1 >= 0 && beta1 < 1, 'in [0, 1)');
    checkNumber(op, 'beta2', beta2, beta2 >= 0 && beta2 < 1, 'in [0, 1)');
    checkAmount(op, 'epsilon', epsilon);
    checkAmount(op, 'weightDecay', weightDecay);
    this.#settings = { beta1, beta2, epsilon, weightDecay };
  }

  protected override update(parameter: Tensor, gradient: Tensor, place: number): void {
    const [m, v] = [this.slot('m', place), this.slot('v', place)];
    const { decoupled } = this;
    const own = { ...this.#settings, decoupled, learningRate: 0.5, step: 1 };
    const spec = onEachCall(() => {
      own.learningRate = this.learningRate;
      own.step = this.updates[place]!;
      return own;
    });
    updateInPlace([parameter, m, v], (kernels) =>
      kernels.adamStep(parameter.values, gradient.values, m.values, v.values, spec),
    );
  }
}

/**
 * Adam with bias correction: p ← p − η·m̂/(√v̂ + ε). The correction counts the updates of each parameter separately, as in PyTorch.
 * @see Kingma & Ba 2015, Algorithm 1, arXiv:1412.6980
 */
export class Adam extends AdamFamily {
  readonly kind: string = 'adam';
  protected readonly decoupled = false;

  /** @throws ArgumentError unless there are parameters, beta1 and beta2 lie in [0, 1), and the other settings are at least 0 */
  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super('Adam', parameters, options, 0);
  }
}

/**
 * Adam with decoupled weight decay: p ← (1 − η·weightDecay)·p before Adam's step.
 * @see Loshchilov & Hutter 2019, arXiv:1711.05101
 */
export class AdamW extends AdamFamily {
  readonly kind: string = 'adamw';
  protected readonly decoupled = true;

  /** @throws ArgumentError unless there are parameters, beta1 and beta2 lie in [0, 1), and the other settings are at least 0 */
  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    super('AdamW', parameters, options, 0.01);
  }
}
