import type { Generator, Tensor } from '@varigrad/core';
import type { Module } from '@varigrad/nn';

/** p(x|z): how an image is distributed, given what the decoder's last layer says of each pixel. */
export interface Likelihood extends Module {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** Numbers that the decoder gives for each pixel; its outputs are as many blocks of `pixels`, one after the other. */
  readonly outputsPerPixel: number;
  /**
   * log p(x|z) of each image; the reconstruction loss is its negative.
   * @param outputs - the decoder's outputs, `[batch, outputsPerPixel · pixels]`
   * @param x - the images, `[batch, pixels]`
   * @returns nats per image, `[batch]`
   * @throws ArgumentError if x lies outside of the support
   */
  logProb(outputs: Tensor, x: Tensor): Tensor;
  /** E[x|z], what a picture of a reconstruction shows; `[batch, pixels]`. */
  mean(outputs: Tensor): Tensor;
  /** One draw of x from p(x|z), `[batch, pixels]`. */
  sample(outputs: Tensor, generator?: Generator): Tensor;
}
