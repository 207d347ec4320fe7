/** Dropout in the shards of a batch, behind layers with several rows per image: the masks are those of the whole batch. */
import { Generator } from '@varigrad/core';
import { Dropout, type Layer, Linear, Sequential, SGD } from '@varigrad/nn';
import {
  type Dataset,
  DenoisingAutoencoder,
  fit,
  GaussianEncoder,
  type GenerativeModel,
  IWAE,
  RelaxedCategoricalVAE,
  SemiSupervisedVAE,
  VAE,
  VampPrior,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const PIXELS = 8;
const train: Dataset = {
  images: new Generator(1).uniform(24 * PIXELS),
  labels: Uint8Array.from({ length: 24 }, (_, i) => i % 3),
  count: 24,
  imageShape: [2, 4],
  classes: 3,
};
const none: Dataset = { ...train, images: new Float32Array(), labels: new Uint8Array(), count: 0 };

const options = (generator: Generator) => ({ inputSize: PIXELS, hidden: [6], latent: 2, generator });
const dropping = (inFeatures: number, generator: Generator): Layer =>
  new Sequential(
    new Linear(inFeatures, 8, { generator }),
    new Dropout(0.5),
    new Linear(8, PIXELS, { generator }),
  );

class DroppingBody extends Sequential {
  readonly outFeatures = 6;
}

const MODELS: Readonly<Record<string, (generator: Generator) => GenerativeModel>> = {
  'a VAE with two samples': (g) => new VAE({ ...options(g), samples: 2, decoder: dropping(2, g) }),
  'a VAE with as many pseudo-images as a shard has images': (g) => {
    const prior = new VampPrior(PIXELS, { components: 4, generator: g });
    const encoder = new GaussianEncoder(
      new DroppingBody(new Linear(PIXELS, 6, { generator: g }), new Dropout(0.5)),
      2,
      { generator: g },
    );
    return new VAE({ ...options(g), prior, encoder });
  },
  'an IWAE': (g) => new IWAE({ ...options(g), samples: 3, decoder: dropping(2, g) }),
  M2: (g) => new SemiSupervisedVAE({ ...options(g), classes: 3, decoder: dropping(5, g) }),
  'a denoising autoencoder with two noise samples': (g) =>
    new DenoisingAutoencoder({ ...options(g), noiseSamples: 2, decoder: dropping(2, g) }),
  'exact sums over as many values as a shard has images': (g) => {
    const { latent: _, ...shared } = options(g);
    const code = { variables: 2, categories: 2, estimator: 'sum' } as const;
    return new RelaxedCategoricalVAE({ ...shared, ...code, decoder: dropping(4, g) });
  },
};

async function lossesOf(make: (generator: Generator) => GenerativeModel, shards: number): Promise<number[]> {
  const model = make(new Generator(7));
  const losses: number[] = [];
  await fit(
    model,
    { train, test: none },
    {
      optimizer: new SGD(model.parameters(), { learningRate: 0.01 }),
      epochs: 3,
      batchSize: 12,
      deterministic: true,
      shards,
      onStep: (result) => {
        losses.push(result.losses.loss.itemSync());
      },
    },
  );
  return losses;
}

for (const [name, make] of Object.entries(MODELS))
  test(`three shards train as one: ${name}`, async () => {
    const [one, three] = [await lossesOf(make, 1), await lossesOf(make, 3)];
    one.forEach((loss, step) => {
      assert.ok(Math.abs(loss - three[step]!) < 1e-5 * loss, `step ${step}: ${three[step]}, not ${loss}`);
    });
  });

test.run();
