/** The loss of a data set does not depend on the batch size, for any model. */

import type { Tensor } from '@varigrad/core';
import { Generator } from '@varigrad/core';
import { BatchNorm1d, Linear, Module } from '@varigrad/nn';
import {
  Autoencoder,
  type Body,
  ConditionalNormal,
  ConditionalVAE,
  type Dataset,
  DenoisingAutoencoder,
  evaluate,
  Gaussian,
  GaussianEncoder,
  type GenerativeModel,
  InverseAutoregressiveFlow,
  IWAE,
  MixtureOfGaussians,
  masking,
  PixelGaussian,
  PlanarFlow,
  RelaxedCategoricalVAE,
  SemiSupervisedVAE,
  TotalCorrelationVAE,
  VAE,
  VampPrior,
  VQVAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const COUNT = 150;
const data: Dataset = {
  images: Float32Array.from(new Generator(1).words(COUNT * 9), (word) => word / 2 ** 32),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 3),
  count: COUNT,
  imageShape: [3, 3],
  classes: 3,
};

/** Features normalised over the batch in training, and with running statistics in evaluation. */
class Normalised extends Module implements Body {
  readonly outFeatures = 6;
  readonly linear: Linear;
  readonly norm: BatchNorm1d = new BatchNorm1d(6);

  constructor(generator: Generator) {
    super();
    this.linear = new Linear(9, 6, { generator });
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.linear.forward(x)).relu();
  }
}

const MODELS: readonly (readonly [string, (generator: Generator) => GenerativeModel])[] = (() => {
  const sizes = { inputSize: 9, hidden: [6], latent: 3 };
  const vae =
    (parts: (generator: Generator) => object) =>
    (generator: Generator): GenerativeModel =>
      new VAE({ ...sizes, generator, ...parts(generator) });
  return [
    ['autoencoder', (generator) => new Autoencoder({ ...sizes, generator })],
    ['denoising autoencoder', (generator) => new DenoisingAutoencoder({ ...sizes, generator })],
    ['VAE', vae(() => ({}))],
    ['three samples', vae(() => ({ samples: 3 }))],
    ['Gaussian', vae(() => ({ likelihood: new Gaussian({ learned: true }) }))],
    ['σ of each pixel', vae(() => ({ likelihood: new PixelGaussian() }))],
    ['planar flow', vae((generator) => ({ posterior: new PlanarFlow(3, { features: 6, generator }) }))],
    [
      'planar flow, shared parameters',
      vae((generator) => ({ posterior: new PlanarFlow(3, { parameters: 'shared', generator }) })),
    ],
    [
      'IAF',
      vae((generator) => ({ posterior: new InverseAutoregressiveFlow(3, { features: 6, generator }) })),
    ],
    ['mixture', vae((generator) => ({ prior: new MixtureOfGaussians(3, { components: 4, generator }) }))],
    ['VampPrior', vae((generator) => ({ prior: new VampPrior(9, { components: 4, generator }) }))],
    [
      'batch normalisation',
      vae((generator) => ({ encoder: new GaussianEncoder(new Normalised(generator), 3, { generator }) })),
    ],
    ['TC-VAE', (generator) => new TotalCorrelationVAE({ ...sizes, samples: 2, generator })],
    ['IWAE', (generator) => new IWAE({ ...sizes, samples: 5, gradient: 'dreg', generator })],
    [
      'conditional',
      (generator) => {
        const prior = new ConditionalNormal(3, 3);
        return new ConditionalVAE({ ...sizes, classes: 3, prior, generator });
      },
    ],
    ['semi-supervised', (generator) => new SemiSupervisedVAE({ ...sizes, classes: 3, generator })],
    [
      'categorical',
      (generator) =>
        new RelaxedCategoricalVAE({ inputSize: 9, hidden: [6], variables: 2, categories: 4, generator }),
    ],
    [
      'VQ-VAE',
      (generator) =>
        new VQVAE({ inputSize: 9, hidden: [6], vectors: 2, width: 3, codebookSize: 8, generator }),
    ],
  ];
})();

for (const [name, make] of MODELS) {
  test(`batches of 1, 7 and 128: ${name}`, async () => {
    const model = make(new Generator(2));
    for (const corruption of [undefined, masking(0.3)]) {
      const options = { binarization: 'dynamic', ...(corruption && { corruption }) } as const;
      const whole = await evaluate(model, data, { ...options, batchSize: COUNT });
      for (const batchSize of [1, 7, 128]) {
        const parts = await evaluate(model, data, { ...options, batchSize });
        for (const part of ['loss', 'recon', 'kl'] as const) {
          const apart = Math.abs(parts[part] - whole[part]);
          assert.ok(apart <= 1e-5 * Math.max(1, Math.abs(whole[part])), `${part}, ${batchSize}: ${apart}`);
        }
      }
    }
  });
}

test.run();
