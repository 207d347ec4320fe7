/** What the parts of a model are built from. */
import type { Generator } from '@varigrad/core';
import type { ImageShape } from '../../data/image-shape.js';

/** The arguments for building a part. `Config` has the options that it may use. */
export interface Context<Config> {
  config: Config;
  /** Number of values of an image: its pixels, times its channels. */
  inputSize: number;
  imageShape: ImageShape;
  /** Number of classes of the images. */
  classes: number;
  /** Number of training images, if it is known. */
  count?: number | undefined;
  /** Source of the initial weights. */
  generator: Generator;
}
