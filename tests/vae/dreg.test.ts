/** The doubly reparameterized gradient, compared with finite differences of its definition. */
import { createReference, Generator, noGrad, rand, type Tensor, tensor, withBackend } from '@varigrad/core';
import { BatchNorm1d, Dropout, Linear, Sequential } from '@varigrad/nn';
import { gaussianLogProb, IWAE, iwaeBound, VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';

const float64 = createReference(Float64Array);
const [BATCH, K, PIXELS, LATENT] = [3, 5, 6, 2];
const sizes = { inputSize: PIXELS, hidden: [5], latent: LATENT, activation: 'tanh' } as const;
const images = (): Tensor => rand([BATCH, PIXELS], { generator: new Generator(2) });

/** Each row K times in a row. */
const repeated = (t: Tensor): Tensor =>
  t
    .unsqueeze(1)
    .expand([BATCH, K, t.shape[1] as number])
    .reshape([BATCH * K, t.shape[1] as number]);

test('encoder: the slope of −1/batch Σᵢ w̃ᵢ² log w(zᵢ), where φ changes zᵢ only, and w̃ and the density of q are constant', () => {
  withBackend(float64, () => {
    const model = new IWAE({ ...sizes, samples: K, gradient: 'dreg', generator: new Generator(1) });
    const x = images();
    const eps = model.noise(BATCH, new Generator(3));
    const noise = eps.reshape([BATCH * K, LATENT]);
    const drawn = (): Tensor => {
      const { mu, logVar } = model.encode(x);
      return repeated(mu).add(repeated(logVar).mul(0.5).exp().mul(noise));
    };
    const still = noGrad(() => model.encode(x));
    const [mu, logVar] = [repeated(still.mu), repeated(still.logVar)];
    const logW = (z: Tensor): Tensor =>
      model.likelihood
        .logProb(model.decode(z), repeated(x))
        .add(gaussianLogProb(z, tensor([0]), tensor([0])))
        .sub(gaussianLogProb(z, mu, logVar))
        .reshape([BATCH, K]);
    const squares = noGrad(() => {
      const weights = [...logW(drawn()).dataSync()].map(Math.exp);
      return weights.map((w, i) => {
        const row = weights.slice(Math.floor(i / K) * K, Math.floor(i / K) * K + K);
        return (w / row.reduce((a, b) => a + b, 0)) ** 2;
      });
    });
    const surrogate = (): number =>
      noGrad(() => [...logW(drawn()).dataSync()]).reduce((sum, l, i) => sum - squares[i]! * l, 0) / BATCH;

    model.zeroGrad();
    model.elbo(x, { eps }).loss.backward();
    for (const [name, parameter] of model.encoder.namedParameters()) {
      const start = [...parameter.dataSync()];
      const gradient = parameter.grad as Tensor;
      [...gradient.dataSync()].forEach((found, i) => {
        const at = (step: number): number => {
          const moved = start.map((w, j) => (j === i ? w + step : w));
          parameter.assign(tensor(moved, { shape: parameter.shape }));
          return surrogate();
        };
        const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        parameter.assign(tensor(start, { shape: parameter.shape }));
        assert.ok(
          Math.abs(found - slope) < 1e-8 + 1e-6 * Math.abs(slope),
          `${name}[${i}]: ${found}, ${slope}`,
        );
      });
      assert.ok([...gradient.dataSync()].some((g) => Math.abs(g) > 1e-4));
    }
  });
});

test('decoder: the gradient of the bound itself', () => {
  withBackend(float64, () => {
    const make = (gradient: 'standard' | 'dreg'): Tensor[] => {
      const model = new IWAE({ ...sizes, samples: K, gradient, generator: new Generator(1) });
      model.elbo(images(), { eps: model.noise(BATCH, new Generator(3)) }).loss.backward();
      return model.decoder.parameters().map((p) => p.grad as Tensor);
    };
    const plain = make('standard');
    make('dreg').forEach((gradient, n) => {
      const wanted = plain[n]!.dataSync();
      gradient.dataSync().forEach((g, i) => {
        assert.ok(Math.abs(g - wanted[i]!) < 1e-10);
      });
    });
  });
});

test('the decoder runs once per step: one set of batch statistics, and one mask of a dropout', () => {
  const run = (gradient: 'standard' | 'dreg') => {
    const generator = new Generator(1);
    const dropout = new Dropout(0.5, { generator });
    const decoder = new Sequential(new Linear(LATENT, 4), new BatchNorm1d(4), dropout, new Linear(4, PIXELS));
    const model = new IWAE({ ...sizes, samples: K, gradient, decoder });
    model.elbo(images()).loss.backward();
    assert.ok(model.parameters().every((p) => p.grad !== null));
    const name = 'decoder.1.num_batches_tracked';
    return { state: generator.state, batches: [...model.stateDict()[name]!.data] };
  };
  assert.equal(run('dreg'), run('standard'));
});

test('iwaeBound of a VAE, k = 5: gradients with respect to every parameter', () => {
  withBackend(float64, () => {
    const model = new VAE({ ...sizes, generator: new Generator(1) });
    const eps = model.noise(BATCH * K, new Generator(4)).reshape([BATCH, K, LATENT]);
    checkParameterGradients(model, () => iwaeBound(model, images(), { eps }).mean());
  });
});

test.run();
