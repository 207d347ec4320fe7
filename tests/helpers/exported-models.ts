/** Models whose parts are exported, and arguments for these parts. */
import { Generator, oneHot, rand, randn, type Tensor } from '@varigrad/core';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  GaussianEncoder,
  type GenerativeModel,
  SemiSupervisedVAE,
  VAE,
} from '@varigrad/vae';
import type { ModelPart } from '@varigrad/vae/export';
import { partInputs } from '../../packages/vae/src/export/parts.js';
import { family, type Make } from './family.js';

const SIDE = 8;
const CLASSES = 3;
const LATENT = 3;

/** Encoder and decoder for images of an odd size, with classes, whose batch normalisation has statistics other than 0 and 1. */
function convolutional(side: number, generator: Generator) {
  const shape = [side, side] as const;
  const options = { channels: [3, 4], batchNorm: true, generator };
  const body = new ConvolutionalBody(shape, { ...options, classes: CLASSES });
  const encoder = new GaussianEncoder(body, LATENT, { generator });
  const decoder = new ConvolutionalDecoder(LATENT + CLASSES, shape, 1, options);
  for (const part of [encoder, decoder])
    for (const [name, buffer] of part.namedBuffers())
      buffer.assign(rand(buffer.shape, { generator }).add(name.endsWith('Var') ? 0.5 : 0));
  return { encoder, decoder };
}

/** Every kind of model by its name, convolutional conditional ones and the default network for MNIST. */
export const exportedModels: Readonly<Record<string, Make>> = {
  ...family({ side: SIDE, classes: CLASSES }),
  'convolutional, conditional': () => {
    const generator = new Generator(3);
    const networks = convolutional(7, generator);
    return new ConditionalVAE({ inputSize: 49, latent: LATENT, classes: CLASSES, ...networks, generator });
  },
  'convolutional, semi-supervised': () => {
    const generator = new Generator(3);
    const networks = convolutional(7, generator);
    const sizes = { inputSize: 49, latent: LATENT, classes: CLASSES, hidden: [5] };
    return new SemiSupervisedVAE({ ...sizes, ...networks, generator });
  },
  '784-400-20': () => new VAE({ generator: new Generator(4) }),
};

/** Random arguments of a part for `batch` images. */
export function argumentsOf(
  model: GenerativeModel,
  part: ModelPart,
  batch: number,
  generator: Generator,
): Record<string, Tensor> {
  const draw = (name: string, width: number): Tensor => {
    if (name === 'x') return rand([batch, width], { generator });
    if (name !== 'labels') return randn([batch, width], { generator });
    const classes = Array.from({ length: batch }, (_, i) => i % width);
    return oneHot(classes, width);
  };
  const widths = Object.entries(partInputs('test', model, part));
  return Object.fromEntries(widths.map(([name, width]) => [name, draw(name, width)]));
}

/** Largest |a − b| / max(1, |b|). */
export function largestError(found: ArrayLike<number>, right: ArrayLike<number>): number {
  if (found.length !== right.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < right.length; i++) {
    const error = Math.abs(found[i]! - right[i]!) / Math.max(1, Math.abs(right[i]!));
    largest = Math.max(largest, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return largest;
}
