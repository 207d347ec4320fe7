import { type Generator, linear, type Tensor, tensor } from '@varigrad/core';
import { Linear, type LinearOptions } from '@varigrad/nn';

/** A linear layer with some connections removed: y = activation(x·W̃ᵀ + b), where W̃ is W with 0 in place of the removed weights. */
export class MaskedLinear extends Linear {
  /** `[outFeatures, inFeatures]` of 0 and 1. The degrees determine it, so it is not part of the state dict. */
  readonly #mask: Tensor;

  /**
   * Output i is connected to input j if `sees(outDegrees[i], inDegrees[j])`.
   * @see Germain et al. 2015 (MADE), eq. 8 and 9, arXiv:1502.03509
   */
  constructor(
    inDegrees: readonly number[],
    outDegrees: readonly number[],
    sees: (output: number, input: number) => boolean,
    options: Pick<LinearOptions, 'activation'> & { generator?: Generator | undefined } = {},
  ) {
    const shape = [outDegrees.length, inDegrees.length] as const;
    super(shape[1], shape[0], options);
    const connected = new Float32Array(shape[0] * shape[1]);
    for (const [i, output] of outDegrees.entries())
      for (const [j, input] of inDegrees.entries()) if (sees(output, input)) connected[i * shape[1] + j] = 1;
    this.#mask = tensor(connected, { shape });
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.#mask.where(this.weight, 0), this.bias, { activation: this.activation });
  }
}
