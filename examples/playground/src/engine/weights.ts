/** The weights of a training as a file that `loadRun` opens. */
import { encodeSafetensors } from '@varigrad/nn';
import type { Settings } from './settings.js';
import { widthsOf } from './settings.js';
import type { Trainer } from './trainer.js';

/** The options of `varigrad train` that describe the same model and training. */
function configOf(settings: Settings): Record<string, unknown> {
  const { model, latent, likelihood, binarization, batchSize, learningRate, seed, optimizer } = settings;
  const { beta, freeBits, samples } = settings;
  return {
    model,
    latent,
    hidden: widthsOf(settings),
    likelihood,
    binarization,
    batch: batchSize,
    learningRate,
    seed,
    optimizer,
    ...(model !== 'ae' && { beta, freeBits, samples }),
  };
}

/** A safetensors file of the weights, with the configuration and the size of the images as metadata. */
export async function encodeTraining({ model, settings, images: { train } }: Trainer): Promise<Uint8Array> {
  const { count, imageShape, classes } = train;
  return encodeSafetensors(await model.stateDictAsync(), {
    config: JSON.stringify(configOf(settings)),
    images: JSON.stringify({ train: count, shape: imageShape, classes }),
  });
}
