/**
 * The experiments of `npm run reproduce`: each model on MNIST, with the results of an independent implementation (PyTorch 1.13.1,
 * for planar-encoder 2.13) with the same network, optimizer and number of epochs. Nats per image on the whole test set.
 */
import { type Generator, tensor } from '@varigrad/core';
import {
  Autoencoder,
  type Binarization,
  ConditionalVAE,
  ContinuousBernoulli,
  type Corruption,
  type Dataset,
  DenoisingAutoencoder,
  type FlowParameters,
  firstOf,
  Gaussian,
  type GenerativeModel,
  IWAE,
  MixtureOfGaussians,
  masking,
  PixelGaussian,
  PlanarFlow,
  VAE,
  VampPrior,
} from '@varigrad/vae';

/** One experiment. */
export interface Row {
  /** Name on the command line and in file names. */
  id: string;
  title: string;
  targets: Binarization;
  /** The model with its initial weights; `train` is its training set. */
  build(generator: Generator, train: Dataset): GenerativeModel;
  /** Batch size. Default 128. All rows use Adam 1e-3 and 10 epochs. */
  batchSize?: number;
  beta?: number;
  /** Noise on the encoder's input during the evaluation. */
  corruption?: Corruption;
  /** Id of the row whose trained model is used. Default: this row. */
  trainedAs?: string;
  /** The compared number: −ELBO (recon + KL with one sample). */
  reference: { loss: number; recon?: number; kl?: number; active?: number; nll?: number };
  /** Allowed deviation of the loss; seeds and generators differ. */
  tolerance: number;
  /** Whether the importance-sampled NLL is estimated, too. */
  nll: boolean;
}

const dae = (generator: Generator): GenerativeModel =>
  new DenoisingAutoencoder({ corruption: masking(0.5), generator });
const planar = (parameters: FlowParameters, generator: Generator): GenerativeModel =>
  new VAE({ posterior: new PlanarFlow(20, { parameters, length: 10, generator }), generator });
const DEEP = { hidden: [300, 300], latent: 40, kl: 'sampled' } as const;
const TANH = { hidden: [200, 200], latent: 50, activation: 'tanh' } as const;

export const ROWS: readonly Row[] = [
  {
    id: 'vae-grey',
    title: 'VAE z=20',
    targets: 'none',
    build: (generator) => new VAE({ generator }),
    reference: { loss: 105.5, recon: 80.4, kl: 25.0, active: 20, nll: 100.6 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'vae-dynamic',
    title: 'VAE z=20',
    targets: 'dynamic',
    build: (generator) => new VAE({ generator }),
    reference: { loss: 102.0, recon: 75.6, kl: 26.5, active: 20, nll: 97.1 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'vae-threshold',
    title: 'VAE z=20',
    targets: 'threshold',
    build: (generator) => new VAE({ generator }),
    reference: { loss: 87.5, recon: 57.9, kl: 29.6, active: 20, nll: 82.5 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'vae-z2-grey',
    title: 'VAE z=2',
    targets: 'none',
    build: (generator) => new VAE({ latent: 2, generator }),
    reference: { loss: 154.6, recon: 148.7, kl: 5.9, active: 2 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'vae-z2-threshold',
    title: 'VAE z=2',
    targets: 'threshold',
    build: (generator) => new VAE({ latent: 2, generator }),
    reference: { loss: 151.7, recon: 145.7, kl: 6.1, active: 2, nll: 147.6 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'cvae-threshold',
    title: 'CVAE z=20',
    targets: 'threshold',
    build: (generator) => new ConditionalVAE({ generator }),
    reference: { loss: 84.2, recon: 57.4, kl: 26.8, active: 20, nll: 79.3 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'cvae-dynamic',
    title: 'CVAE z=20',
    targets: 'dynamic',
    build: (generator) => new ConditionalVAE({ generator }),
    reference: { loss: 98.8, recon: 75.4, kl: 23.4, active: 20, nll: 94.1 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'cvae-z2-threshold',
    title: 'CVAE z=2',
    targets: 'threshold',
    build: (generator) => new ConditionalVAE({ latent: 2, generator }),
    reference: { loss: 128.0, recon: 123.4, kl: 4.6, active: 2, nll: 128.6 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'ae-threshold',
    title: 'AE z=20, cross-entropy',
    targets: 'threshold',
    build: (generator) => new Autoencoder({ generator }),
    reference: { loss: 45.4 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'ae-z2-threshold',
    title: 'AE z=2, cross-entropy',
    targets: 'threshold',
    build: (generator) => new Autoencoder({ latent: 2, generator }),
    reference: { loss: 141.2 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'dae-masked',
    title: 'DAE z=20, mask 0.5, scored on masked inputs',
    targets: 'threshold',
    build: dae,
    corruption: masking(0.5),
    trainedAs: 'dae',
    reference: { loss: 66.1 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'dae-clean',
    title: 'the same, scored on clean inputs',
    targets: 'threshold',
    build: dae,
    trainedAs: 'dae',
    reference: { loss: 99.2 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'beta-vae-4',
    title: 'β-VAE, β = 4 (the true ELBO)',
    targets: 'dynamic',
    build: (generator) => new VAE({ generator }),
    beta: 4,
    reference: { loss: 119.8, recon: 110.0, kl: 9.7, active: 15, nll: 107.9 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'gaussian-fixed',
    title: 'Gaussian decoder, σ = 1 fixed',
    targets: 'none',
    build: (generator) => new VAE({ likelihood: new Gaussian({ link: 'sigmoid' }), generator }),
    reference: { loss: 739.9, kl: 6.6, active: 10 },
    tolerance: 1.5,
    nll: false,
  },
  {
    id: 'gaussian-learned',
    title: 'Gaussian decoder, one learned σ',
    targets: 'none',
    build: (generator) =>
      new VAE({ likelihood: new Gaussian({ learned: true, link: 'sigmoid' }), generator }),
    reference: { loss: -714.9, kl: 60.1, active: 20 },
    tolerance: 1.5,
    nll: false,
  },
  {
    id: 'gaussian-per-pixel',
    title: 'Gaussian decoder, log σ² per pixel in [−4.5, 0]',
    targets: 'none',
    build: (generator) => new VAE({ likelihood: new PixelGaussian({ link: 'sigmoid' }), generator }),
    reference: { loss: -800.1, kl: 48.0, active: 20 },
    tolerance: 1.5,
    nll: false,
  },
  {
    id: 'continuous-bernoulli',
    title: 'continuous Bernoulli decoder',
    targets: 'none',
    build: (generator) => new VAE({ likelihood: new ContinuousBernoulli(), generator }),
    reference: { loss: -1734.7, kl: 42.5, active: 20 },
    tolerance: 1.5,
    nll: false,
  },
  {
    id: 'tanh-k1',
    title: '784-200-200-50 tanh, k = 1',
    targets: 'dynamic',
    build: (generator) => new VAE({ ...TANH, generator }),
    batchSize: 100,
    reference: { loss: 109.7, recon: 92.0, kl: 17.7, active: 29, nll: 105.5 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'iwae-k5',
    title: 'the same, IWAE k = 5 (as a bound with k = 1)',
    targets: 'dynamic',
    build: (generator) => new IWAE({ ...TANH, samples: 5, generator }),
    batchSize: 100,
    reference: { loss: 108.2, active: 49, nll: 99.9 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'deep-normal',
    title: '784-300-300-40, N(0, I) prior, Monte-Carlo KL',
    targets: 'dynamic',
    build: (generator) => new VAE({ ...DEEP, generator }),
    reference: { loss: 103.7, recon: 84.9, kl: 18.8, active: 11, nll: 99.2 },
    tolerance: 0.6,
    nll: true,
  },
  {
    id: 'deep-mixture',
    title: 'the same, mixture-of-Gaussians prior, K = 100',
    targets: 'dynamic',
    build: (generator) =>
      new VAE({
        ...DEEP,
        prior: new MixtureOfGaussians(DEEP.latent, { components: 100, generator }),
        generator,
      }),
    reference: { loss: 101.3, recon: 81.9, kl: 19.4, active: 40, nll: 96.1 },
    tolerance: 2,
    nll: true,
  },
  {
    id: 'deep-vamp',
    title: 'the same, VampPrior, K = 500, from training images',
    targets: 'dynamic',
    build: (generator, train) => {
      const initial = tensor(firstOf(train, 500).images, { shape: [500, 784] });
      return new VAE({ ...DEEP, prior: new VampPrior(784, { initial }), generator });
    },
    reference: { loss: 98.8, recon: 79.1, kl: 19.7, active: 40, nll: 93.9 },
    tolerance: 2,
    nll: true,
  },
  {
    id: 'planar-shared',
    title: 'VAE z=20, 10 planar flows, parameters shared by all images',
    targets: 'dynamic',
    build: (generator) => planar('shared', generator),
    reference: { loss: 101.7, recon: 75.7, kl: 26.0 },
    tolerance: 0.6,
    nll: false,
  },
  {
    id: 'planar-encoder',
    title: 'the same, parameters from the encoder',
    targets: 'dynamic',
    build: (generator) => planar('encoder', generator),
    reference: { loss: 101.5, recon: 75.4, kl: 26.1 },
    tolerance: 0.6,
    nll: false,
  },
];
