/** Gradients of every bound of the VAE family with respect to every parameter, compared with finite differences in float64 with fixed noise. */
import { createReference, Generator, oneHot, rand, type Tensor, withBackend } from '@varigrad/core';
import {
  ConditionalNormal,
  ConditionalVAE,
  type ElboOptions,
  Gaussian,
  InverseAutoregressiveFlow,
  IWAE,
  MixtureOfGaussians,
  PixelGaussian,
  PlanarFlow,
  VAE,
  VampPrior,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';

const float64 = createReference(Float64Array);
const BATCH = 4;
const sizes = { inputSize: 6, hidden: [5], latent: 2, activation: 'tanh' } as const;
const images = (): Tensor => rand([BATCH, 6], { generator: new Generator(2) });
const labels = (): Tensor => oneHot([2, 0, 1, 2], 3);

type Case = readonly [name: string, make: (generator: Generator) => VAE, options?: ElboOptions];

const CASES: readonly Case[] = [
  ['ELBO, closed-form KL', (generator) => new VAE({ ...sizes, generator })],
  ['ELBO, three samples', (generator) => new VAE({ ...sizes, samples: 3, generator })],
  ['ELBO, sampled KL', (generator) => new VAE({ ...sizes, kl: 'sampled', samples: 2, generator })],
  ['β and free bits', (generator) => new VAE({ ...sizes, generator }), { beta: 3, freeBits: 0.001 }],
  [
    'one learned σ',
    (generator) => new VAE({ ...sizes, likelihood: new Gaussian({ learned: true }), generator }),
  ],
  [
    'σ of each pixel',
    (generator) => new VAE({ ...sizes, likelihood: new PixelGaussian({ maxLogVar: 9 }), generator }),
  ],
  [
    'mixture prior',
    (generator) =>
      new VAE({ ...sizes, prior: new MixtureOfGaussians(2, { components: 3, generator }), generator }),
  ],
  [
    'VampPrior',
    (generator) => new VAE({ ...sizes, prior: new VampPrior(6, { components: 3, generator }), generator }),
  ],
  [
    'planar flow',
    (generator) =>
      new VAE({ ...sizes, posterior: new PlanarFlow(2, { features: 5, length: 2, generator }), generator }),
  ],
  [
    'planar flow with shared parameters',
    (generator) => {
      const flow = new PlanarFlow(2, { length: 2, parameters: 'shared', generator });
      return new VAE({ ...sizes, posterior: flow, samples: 2, generator });
    },
  ],
  [
    'inverse autoregressive flow',
    (generator) => {
      const flow = new InverseAutoregressiveFlow(2, { features: 5, length: 2, hidden: 7, generator });
      return new VAE({ ...sizes, posterior: flow, generator });
    },
  ],
  [
    'conditional VAE with p(z|y)',
    (generator) =>
      new ConditionalVAE({ ...sizes, classes: 3, prior: new ConditionalNormal(3, 2), generator }),
  ],
  ['IWAE, k = 4', (generator) => new IWAE({ ...sizes, samples: 4, generator })],
];

for (const [name, make, options] of CASES) {
  test(name, () => {
    withBackend(float64, () => {
      const model = make(new Generator(1));
      const x = images();
      const eps = model.noise(BATCH, new Generator(3));
      const told = model.classes > 0 ? { labels: labels() } : {};
      checkParameterGradients(model, () => model.elbo(x, { eps, ...told, ...options }).loss);
    });
  });
}

/** The encoder's gradient of an IWAE, with all parameters concatenated. */
function encoderGradient(model: IWAE, x: Tensor, eps: Tensor): number[] {
  model.zeroGrad();
  model.elbo(x, { eps }).loss.backward();
  return model.encoder.parameters().flatMap((p) => [...(p.grad as Tensor).dataSync()]);
}

test('DReG has the same mean as the standard gradient of the bound, and a smaller variance', () => {
  withBackend(float64, () => {
    const build = (gradient: 'standard' | 'dreg'): IWAE =>
      new IWAE({ ...sizes, samples: 8, gradient, generator: new Generator(1) });
    const models = [build('standard'), build('dreg')] as const;
    const generator = new Generator(5);
    const x = images();
    const rounds = 1500;
    // A projection onto a fixed direction reduces each gradient to one number.
    const draws = Array.from({ length: rounds }, () => {
      const eps = models[0].noise(BATCH, generator);
      return models.map((model) =>
        encoderGradient(model, x, eps).reduce((sum, g, i) => sum + g * Math.cos(i), 0),
      ) as [number, number];
    });
    const mean = (f: (draw: [number, number]) => number): number =>
      draws.reduce((sum, draw) => sum + f(draw), 0) / rounds;
    const difference = mean(([a, b]) => b - a);
    const spread = Math.sqrt(mean(([a, b]) => (b - a - difference) ** 2) / rounds);
    assert.ok(Math.abs(difference) < 4 * spread, `${difference} ± ${spread}`);
    const variance = ([0, 1] as const).map((i) => {
      const center = mean((draw) => draw[i]);
      return mean((draw) => (draw[i] - center) ** 2);
    }) as [number, number];
    assert.ok(variance[1] < variance[0], `variances ${variance}`);
    assert.ok(Math.abs(mean(([a]) => a)) > 5 * spread, 'the mean is far from 0');
  });
});

test.run();
