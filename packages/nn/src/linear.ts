import { type Activation, type Generator, linear, parameter, type Tensor, zeros } from '@varigrad/core';
import { checkBoolean, checkChoice, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { kaimingUniform, uniform } from './init.js';
import { type Description, Module } from './module.js';

/** Options of `Linear`. */
export interface LinearOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Activation function of the result, computed by the same kernel. Default 'none'. */
  activation?: Activation | undefined;
  /** Source of the initial weights; default: the generator that `manualSeed` seeds. */
  generator?: Generator | undefined;
}

const LINEAR_OPTIONS: OptionNames<LinearOptions> = { bias: true, activation: true, generator: true };
const ACTIVATIONS: Readonly<Record<Activation, true>> = { none: true, relu: true, sigmoid: true, tanh: true };

/**
 * y = activation(x Wᵀ + b), x `[…, in]` → y `[…, out]`.
 * W `[out, in]` and b `[out]` start from U(−1/√in, 1/√in), PyTorch's default (Kaiming with slope √5).
 */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly activation: Activation;

  /** @throws ArgumentError unless both sizes are whole numbers above 0 and the activation exists */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkWhole('Linear', 'inFeatures', inFeatures);
    checkWhole('Linear', 'outFeatures', outFeatures);
    checkOptions('Linear', options, LINEAR_OPTIONS, 'inFeatures, outFeatures, ');
    const { bias = true, activation = 'none', generator } = options;
    checkBoolean('Linear', 'bias', bias);
    checkChoice('Linear', 'activation', activation, ACTIVATIONS);
    this.weight = parameter(
      kaimingUniform(zeros([outFeatures, inFeatures]), { slope: Math.sqrt(5), generator }),
    );
    const bound = 1 / Math.sqrt(inFeatures);
    this.bias = bias ? parameter(uniform(zeros([outFeatures]), -bound, bound, { generator })) : null;
    this.activation = activation;
  }

  override describe(): Description {
    return [
      this.weight.shape.toReversed().join(' → '),
      this.activation !== 'none' && this.activation,
      this.bias === null && 'no bias',
    ];
  }

  /** @throws ShapeError unless x is `[…, in]` */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias, { activation: this.activation });
  }
}
