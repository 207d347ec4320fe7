/** A small model of every kind: each class, likelihood, prior, posterior and network. */
import { Generator, type Tensor } from '@varigrad/core';
import { BatchNorm1d, Dropout, Linear, Module } from '@varigrad/nn';
import {
  Autoencoder,
  type Body,
  Categorical,
  ConditionalNormal,
  ConditionalVAE,
  ContinuousBernoulli,
  ConvolutionalBody,
  ConvolutionalDecoder,
  type Corruption,
  DenoisingAutoencoder,
  Gaussian,
  GaussianEncoder,
  type GenerativeModel,
  gaussianNoise,
  InverseAutoregressiveFlow,
  IWAE,
  Laplace,
  Made,
  MixtureOfGaussians,
  masking,
  PixelGaussian,
  PlanarFlow,
  RelaxedCategoricalVAE,
  SemiSupervisedVAE,
  SquaredError,
  saltAndPepper,
  TotalCorrelationVAE,
  VAE,
  type VAEOptions,
  VampPrior,
  VQVAE,
} from '@varigrad/vae';

/** Features with dropout, normalised over the batch in training, and with running statistics in evaluation. */
class Normalised extends Module implements Body {
  readonly outFeatures = 6;
  readonly linear: Linear;
  readonly norm: BatchNorm1d = new BatchNorm1d(6);
  readonly dropout: Dropout;

  constructor(pixels: number, generator: Generator) {
    super();
    this.linear = new Linear(pixels, 6, { generator });
    this.dropout = new Dropout(0.2);
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.norm.forward(this.linear.forward(x)).relu());
  }
}

/** Makes the same model at each call. */
export type Make = () => GenerativeModel;

/** The images of a family. */
export interface Images {
  side: number;
  classes: number;
}

const LATENT = 3;

/** Makes a part of a model, from the source of its weights. */
type Part = (generator: Generator) => VAEOptions;

/** Models of type VAE, which differ in one part. */
function vaes(inputSize: number, shape: readonly [number, number]): Record<string, Part> {
  const convolutional = { channels: [4], batchNorm: true };
  return {
    VAE: () => ({}),
    'VAE of three samples': () => ({ samples: 3 }),
    'VAE with a sampled KL': () => ({ kl: 'sampled' }),
    Gaussian: () => ({ likelihood: new Gaussian({ learned: true }) }),
    'σ of each pixel': () => ({ likelihood: new PixelGaussian() }),
    Laplace: () => ({ likelihood: new Laplace({ link: 'sigmoid' }) }),
    'continuous Bernoulli': () => ({ likelihood: new ContinuousBernoulli() }),
    'grey levels': () => ({ likelihood: new Categorical({ levels: 3 }) }),
    'planar flow': (generator) => ({ posterior: new PlanarFlow(LATENT, { features: 6, generator }) }),
    'planar flow, shared parameters': (generator) => ({
      posterior: new PlanarFlow(LATENT, { parameters: 'shared', generator }),
    }),
    IAF: (generator) => ({ posterior: new InverseAutoregressiveFlow(LATENT, { features: 6, generator }) }),
    mixture: (generator) => ({ prior: new MixtureOfGaussians(LATENT, { components: 4, generator }) }),
    VampPrior: (generator) => ({ prior: new VampPrior(inputSize, { components: 4, generator }) }),
    'batch normalisation and dropout': (generator) => ({
      encoder: new GaussianEncoder(new Normalised(inputSize, generator), LATENT, { generator }),
    }),
    convolutional: (generator) => ({
      encoder: new GaussianEncoder(new ConvolutionalBody(shape, { ...convolutional, generator }), LATENT, {
        generator,
      }),
      decoder: new ConvolutionalDecoder(LATENT, shape, 1, { ...convolutional, generator }),
    }),
  };
}

const CORRUPTIONS: Record<string, Corruption> = {
  masking: masking(0.5),
  'salt and pepper': saltAndPepper(0.3),
  'Gaussian noise': gaussianNoise(0.2),
};

/** Every kind of model for images of one size, by its name. */
export function family({ side, classes }: Images): Readonly<Record<string, Make>> {
  const inputSize = side * side;
  const sizes = { inputSize, hidden: [6], latent: LATENT };
  const own =
    (part: (generator: Generator) => GenerativeModel): Make =>
    () =>
      part(new Generator(2));
  const all = Object.entries(vaes(inputSize, [side, side])).map(
    ([name, part]) =>
      [name, own((generator) => new VAE({ ...sizes, generator, ...part(generator) }))] as const,
  );
  const denoising = Object.entries(CORRUPTIONS).map(
    ([name, corruption]) =>
      [
        `denoising, ${name}`,
        own((generator) => new DenoisingAutoencoder({ ...sizes, corruption, noiseSamples: 2, generator })),
      ] as const,
  );
  const categorical = (['relaxed', 'straight-through', 'sum'] as const).map(
    (estimator) =>
      [
        `categorical, ${estimator}`,
        own(
          (generator) =>
            new RelaxedCategoricalVAE({
              inputSize,
              hidden: [6],
              variables: 2,
              categories: 4,
              estimator,
              generator,
            }),
        ),
      ] as const,
  );
  return Object.fromEntries([
    ...all,
    ...denoising,
    ...categorical,
    [
      'autoencoder',
      own((generator) => new Autoencoder({ ...sizes, likelihood: new SquaredError(), generator })),
    ],
    ['TC-VAE', own((generator) => new TotalCorrelationVAE({ ...sizes, samples: 2, generator }))],
    ['IWAE', own((generator) => new IWAE({ ...sizes, samples: 5, generator }))],
    ['IWAE, dreg', own((generator) => new IWAE({ ...sizes, samples: 5, gradient: 'dreg', generator }))],
    [
      'conditional',
      own(
        (generator) =>
          new ConditionalVAE({ ...sizes, classes, prior: new ConditionalNormal(classes, LATENT), generator }),
      ),
    ],
    ['semi-supervised', own((generator) => new SemiSupervisedVAE({ ...sizes, classes, generator }))],
    ['MADE', own((generator) => new Made({ inputSize, hidden: [6], generator }))],
    [
      'VQ-VAE',
      own(
        (generator) =>
          new VQVAE({ inputSize, hidden: [6], vectors: 2, width: 3, codebookSize: 8, generator }),
      ),
    ],
  ]);
}
