import { Generator, randn, type Tensor, tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { Adam } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import type { Exhibit, Preset } from './preset.js';

/** Four pictures of 4 × 4 pixels: a bar in each column. */
const PIXELS = Array.from({ length: 4 }, (_, column) =>
  Array.from({ length: 16 }, (_, i) => Number(i % 4 === column)),
);

/** The parts of the step, for the page and for tests that run a step without a recorder. */
export interface StepParts {
  readonly model: VAE;
  readonly x: Tensor;
  readonly eps: Tensor;
  readonly optimizer: Adam;
}

/** A 16-6-2 VAE, a batch of four pictures and the noise, with fixed seeds. */
export function stepParts(): StepParts {
  const generator = new Generator(4);
  const model = new VAE({ inputSize: 16, hidden: [6], latent: 2, generator });
  const x = tensor(PIXELS).named('pixels');
  const eps = randn([4, 2], { generator }).named('eps');
  return { model, x, eps, optimizer: new Adam(model.parameters(), { learningRate: 0.01 }) };
}

/** One training step: loss, backward, update. */
export function trainingStep({ model, x, eps, optimizer }: StepParts): Tensor {
  const { loss, recon, kl } = model.elbo(x, { eps });
  loss.named('loss');
  recon.named('recon');
  kl.named('kl');
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
}

function run(): Exhibit {
  const parts = stepParts();
  const { model, x, eps } = parts;
  const watch = { names: model.namedParameters(), modules: model.namedModules() };
  const graph = recordGraph(() => trainingStep(parts), watch);
  const tensors = new Map<string, Tensor>([...model.namedParameters(), ['pixels', x], ['eps', eps]]);
  return {
    graph,
    tensors,
    expected: [
      { node: 'pixels', of: 'value', numbers: PIXELS.flat(), because: 'one bar in each picture' },
      { node: 'recon', of: 'gradient', numbers: [1], because: 'loss = recon + kl' },
      { node: 'kl', of: 'gradient', numbers: [1], because: 'loss = recon + kl' },
      { node: 'pixels', of: 'gradient', numbers: 'none', because: 'data needs no gradient' },
      { node: 'eps', of: 'gradient', numbers: 'none', because: 'noise needs no gradient' },
    ],
    findings: [],
  };
}

/** A complete training step of the library's VAE. */
export const vaeStep: Preset = {
  id: 'vae-step',
  title: 'A training step of a small VAE',
  group: 'Variational autoencoder',
  prose: [
    'The VAE of @varigrad/vae, small: 16 pixels, 6 hidden units, 2 latent dimensions, a batch of 4 pictures with one bar each. The loss is the negative ELBO in nats per image: recon (summed over pixels, averaged over the batch) plus KL.',
    'The step is the one that trains on MNIST: elbo, zeroGrad, backward, an Adam step. The values are those before the update. Close a module (c) to see the encoder and the decoder as one box each.',
    'In the untrained model every pixel has a probability near ½, so recon is near 16 · ln 2 ≈ 11.1. Follow the gradient from the loss: it reaches z, the add of `posterior`, only through the decoder, and mu and logVar on two paths, as in the reparameterization presets.',
  ],
  run,
};
