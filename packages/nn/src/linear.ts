import { type Activation, type Generator, linear, parameter, type Tensor, zeros } from '@varigrad/core';
import { kaimingUniform, uniform } from './init.js';
import { type Description, Module } from './module.js';

/** Options of `Linear`. */
export interface LinearOptions {
  /** Add a learned bias. Default true. */
  bias?: boolean;
  /** Applied to the result by the same kernel. Default 'none'. */
  activation?: Activation | undefined;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

/**
 * y = activation(x Wᵀ + b), x `[…, in]` → y `[…, out]`.
 * W `[out, in]` and b `[out]` start from U(−1/√in, 1/√in), PyTorch's default (Kaiming with slope √5).
 */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly activation: Activation;

  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, activation = 'none', generator }: LinearOptions = {},
  ) {
    super();
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
