import type { Generator, Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';

/** p(x|z): the distribution of an image, given the decoder's outputs. */
export interface Likelihood extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Number of decoder outputs per pixel. The outputs are this many consecutive blocks of `pixels` numbers. */
  readonly outputsPerPixel: number;
  /**
   * log p(x|z) of each image; the reconstruction loss is its negative.
   * @param outputs - the decoder's outputs, `[batch, outputsPerPixel · pixels]`
   * @param x - the images, `[batch, pixels]`
   * @returns nats per image, `[batch]`
   * @throws ArgumentError if x lies outside the support
   */
  logProb(outputs: Tensor, x: Tensor): Tensor;
  /** E[x|z], the image that reconstructions show: `[batch, pixels]`. */
  mean(outputs: Tensor): Tensor;
  /** One sample of x from p(x|z), `[batch, pixels]`. */
  sample(outputs: Tensor, generator?: Generator): Tensor;
}
