/** What the parts of a model are built from. */
import type { Generator } from '@varigrad/core';

/** The arguments for building a part. `Config` has the options that it may use. */
export interface Context<Config> {
  config: Config;
  /** Number of pixels of an image. */
  inputSize: number;
  imageShape: readonly [height: number, width: number];
  /** Number of classes of the images. */
  classes: number;
  /** Number of training images, if it is known. */
  count?: number | undefined;
  /** Source of the initial weights. */
  generator: Generator;
}
