/** Models as trees of text. */
import { inspect } from 'node:util';
import {
  Autoencoder,
  Categorical,
  ConditionalNormal,
  ConditionalVAE,
  ContinuousBernoulli,
  ConvolutionalBody,
  ConvolutionalDecoder,
  DenoisingAutoencoder,
  Gaussian,
  GaussianEncoder,
  InverseAutoregressiveFlow,
  IWAE,
  Made,
  MixtureOfGaussians,
  PixelGaussian,
  PlanarFlow,
  RelaxedCategoricalVAE,
  SemiSupervisedVAE,
  SquaredError,
  TotalCorrelationVAE,
  VAE,
  VampPrior,
  VQVAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('the VAE of the MNIST example', () => {
  const tree = `VAE (652,824 parameters)
├─ encoder: GaussianEncoder
│  ├─ hidden: HiddenLayers
│  │  └─ layers.0: Linear(784 → 400, relu)  314,000
│  ├─ mu: Linear(400 → 20)  8,020
│  └─ logVar: Linear(400 → 20)  8,020
├─ posterior: GaussianPosterior
├─ prior: StandardNormal(latent 20)
├─ decoder: Decoder
│  ├─ hidden: HiddenLayers
│  │  └─ layers.0: Linear(20 → 400, relu)  8,400
│  └─ out: Linear(400 → 784)  314,384
└─ likelihood: Bernoulli`;
  assert.is(String(new VAE()), tree);
  assert.is(inspect(new VAE()), tree);
});

test('a convolutional VAE with a flow and a learned likelihood', () => {
  const options = { channels: [2, 3], batchNorm: true };
  const model = new VAE({
    inputSize: 49,
    latent: 2,
    encoder: new GaussianEncoder(new ConvolutionalBody([7, 7], options), 2),
    decoder: new ConvolutionalDecoder(2, [7, 7], 1, options),
    posterior: new InverseAutoregressiveFlow(2, { features: 3, length: 1, hidden: 4 }),
    likelihood: new Gaussian({ learned: true, link: 'sigmoid' }),
  });
  assert.is(
    String(model),
    `VAE (345 parameters)
├─ encoder: GaussianEncoder
│  ├─ hidden: ConvolutionalBody
│  │  └─ layers: Sequential
│  │     ├─ 0: Unflatten([1, 7, 7])
│  │     ├─ 1: Conv2d(1 → 2, kernel 4 × 4, stride 2, padding 1, no bias)  32
│  │     ├─ 2: BatchNorm2d(2, epsilon 0.00001, momentum 0.1)  4
│  │     ├─ 3: ReLU
│  │     ├─ 4: Conv2d(2 → 3, kernel 4 × 4, stride 2, padding 1, no bias)  96
│  │     ├─ 5: BatchNorm2d(3, epsilon 0.00001, momentum 0.1)  6
│  │     ├─ 6: ReLU
│  │     └─ 7: Flatten
│  ├─ mu: Linear(3 → 2)  8
│  └─ logVar: Linear(3 → 2)  8
├─ posterior: InverseAutoregressiveFlow
│  └─ steps.0: AutoregressiveNetwork
│     ├─ hidden: MaskedLinear(2 → 4)  12
│     ├─ context: Linear(3 → 4)  16
│     ├─ m: MaskedLinear(4 → 2)  10
│     └─ s: MaskedLinear(4 → 2)  10
├─ prior: StandardNormal(latent 2)
├─ decoder: ConvolutionalDecoder
│  └─ layers: Sequential
│     ├─ 0: Linear(2 → 3, relu)  9
│     ├─ 1: Unflatten([3, 1, 1])
│     ├─ 2: ConvTranspose2d(3 → 2, kernel 4 × 4, stride 2, padding 1, output padding 1 × 1, no bias)  96
│     ├─ 3: BatchNorm2d(2, epsilon 0.00001, momentum 0.1)  4
│     ├─ 4: ReLU
│     ├─ 5: ConvTranspose2d(2 → 1, kernel 4 × 4, stride 2, padding 1, output padding 1 × 1)  33
│     └─ 6: Flatten
└─ likelihood: Gaussian(learned sigma, sigmoid link)  1`,
  );
});

test('a codebook and its usage have separate lines', () => {
  assert.is(
    String(new VQVAE({ inputSize: 9, hidden: [], vectors: 2, width: 3, codebookSize: 5 })),
    `VQVAE(2 vectors, commitment 0.25) (138 parameters)
├─ codebook: [5, 3]  15
├─ usage: buffer [5]
├─ encoder: PlainEncoder
│  ├─ hidden: HiddenLayers
│  └─ out: Linear(9 → 6)  60
├─ decoder: Decoder
│  ├─ hidden: HiddenLayers
│  └─ out: Linear(6 → 9)  63
└─ likelihood: Bernoulli`,
  );
});

test('masked layers, and the direct connections of a MADE', () => {
  assert.is(
    String(new Made({ inputSize: 9, hidden: [5] })),
    `Made (194 parameters)
├─ decoder: MaskedNetwork
│  ├─ layers.0: MaskedLinear(9 → 5, relu)  50
│  ├─ direct: MaskedLinear(9 → 9)  90
│  └─ out: MaskedLinear(5 → 9)  54
└─ likelihood: Bernoulli`,
  );
});

test('models and their parts print their options', () => {
  const sizes = { inputSize: 9, hidden: [6], latent: 2 };
  const first = (module: unknown): string => String(module).split('\n')[0]!;
  const texts: [unknown, string][] = [
    [new VAE({ ...sizes, samples: 3 }), 'VAE(3 samples) (169 parameters)'],
    [new ConditionalVAE(sizes), 'ConditionalVAE(10 classes) (289 parameters)'],
    [
      new TotalCorrelationVAE({ ...sizes, datasetSize: 500 }),
      'TotalCorrelationVAE(dataset size 500) (169 parameters)',
    ],
    [new IWAE(sizes), 'IWAE(5 samples) (169 parameters)'],
    [new IWAE({ ...sizes, gradient: 'dreg' }), 'IWAE(5 samples, dreg gradient) (169 parameters)'],
    [new Autoencoder(sizes), 'Autoencoder (155 parameters)'],
    [
      new DenoisingAutoencoder({ ...sizes, noiseSamples: 2 }),
      'DenoisingAutoencoder(masking noise, 2 samples) (155 parameters)',
    ],
    [
      new RelaxedCategoricalVAE({ inputSize: 9, hidden: [6], variables: 2, categories: 3, estimator: 'sum' }),
      'RelaxedCategoricalVAE(2 variables, 3 categories, sum) (207 parameters)',
    ],
    [new SemiSupervisedVAE(sizes), 'SemiSupervisedVAE(10 classes, alpha 10) (419 parameters)'],
    [new PlanarFlow(2, { features: 3, length: 4 }), 'PlanarFlow(4 flows) (80 parameters)'],
    [
      new PlanarFlow(2, { length: 4, parameters: 'shared' }),
      'PlanarFlow(4 flows, shared parameters) (20 parameters)',
    ],
    [
      new MixtureOfGaussians(2, { components: 7 }),
      'MixtureOfGaussians(7 components, latent 2) (35 parameters)',
    ],
    [new VampPrior(9, { components: 3 }), 'VampPrior(3 components) (27 parameters)'],
    [new ConditionalNormal(10, 2), 'ConditionalNormal(10 classes, latent 2) (40 parameters)'],
    [new Gaussian(), 'Gaussian(fixed sigma, identity link) (0 parameters)'],
    [new PixelGaussian(), 'PixelGaussian(logVar -4.5 to 0, identity link) (0 parameters)'],
    [new Categorical({ levels: 4 }), 'Categorical(4 levels) (0 parameters)'],
    [new ContinuousBernoulli(), 'ContinuousBernoulli (0 parameters)'],
    [new SquaredError(), 'SquaredError (0 parameters)'],
  ];
  for (const [module, text] of texts) assert.is(first(module), text);
});

test.run();
