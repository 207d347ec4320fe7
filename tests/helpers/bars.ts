/** Small images, models and an optimizer for the tests of training. */
import { Generator } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { ConditionalVAE, type Dataset, type LatentModel, VAE } from '@varigrad/vae';

/** Height and width of the images. */
export const SIZE = 8;

/** Images of one bright bar on a dark ground; the class is its direction. */
function bars(count: number, seed: number): Dataset {
  const words = new Generator(seed).words(count);
  const labels = Uint8Array.from(words, (word) => word & 1);
  const images = new Float32Array(count * SIZE * SIZE);
  words.forEach((word, image) => {
    const place = (word >>> 8) % SIZE;
    for (let y = 0; y < SIZE; y++)
      for (let x = 0; x < SIZE; x++)
        images[(image * SIZE + y) * SIZE + x] = (labels[image] === 1 ? x : y) === place ? 0.9 : 0.1;
  });
  return { images, labels, count, imageShape: [SIZE, SIZE], classes: 2 };
}

const sizes = { inputSize: SIZE * SIZE, hidden: [16], latent: 2 };
export const vae = (): LatentModel => new VAE({ ...sizes, generator: new Generator(1) });
export const conditional = (): LatentModel =>
  new ConditionalVAE({ ...sizes, classes: 2, generator: new Generator(1) });

/** 50 images in batches of 8: seven steps an epoch, the last with two images. */
export const data: { train: Dataset; test: Dataset } = { train: bars(50, 2), test: bars(21, 3) };
export const BATCH = 8;
export const STEPS = 7;

/** Adam that calls `after` with the number of steps taken in this run. */
export class WatchedAdam extends Adam {
  after: (step: number) => void = () => {};
  #steps = 0;

  override step(): void {
    super.step();
    this.after(++this.#steps);
  }
}
