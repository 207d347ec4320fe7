/** Training steps (forward, backward, Adam) through the public API, as functions for measurements. */
import { type Backend, Generator, oneHot, rand, scope, setBackend, type Tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  GaussianEncoder,
  type LatentModel,
  VAE,
} from '@varigrad/vae';

/** A network and a batch size. */
export interface Case {
  name: string;
  batch: number;
  pixels: number;
  build: () => LatentModel;
  /** Takes seconds on reference, where it is skipped. */
  heavy?: boolean;
}

const vae =
  (hidden: number[], latent: number, inputSize = 784) =>
  () =>
    new VAE({ hidden, latent, inputSize, generator: new Generator(1) });

function convolutionalVae(): LatentModel {
  const generator = new Generator(1);
  const shape = [28, 28] as const;
  return new VAE({
    encoder: new GaussianEncoder(new ConvolutionalBody(shape, { generator }), 20, { generator }),
    decoder: new ConvolutionalDecoder(20, shape, 1, { generator }),
    generator,
  });
}

/** The cases that are measured. */
export const CASES: readonly Case[] = [
  ...[32, 64, 128, 256, 512, 1024].map((batch) => ({
    name: 'VAE 784-400-20',
    batch,
    pixels: 784,
    build: vae([400], 20),
  })),
  {
    name: 'CVAE 784-400-20',
    batch: 128,
    pixels: 784,
    build: () => new ConditionalVAE({ generator: new Generator(1) }),
  },
  { name: 'VAE 784-2000-20', batch: 128, pixels: 784, build: vae([2000], 20) },
  { name: 'VAE 16-8-2 (tiny)', batch: 128, pixels: 16, build: vae([8], 2, 16) },
  { name: 'convolutional VAE, 32-64-20', batch: 128, pixels: 784, build: convolutionalVae, heavy: true },
];

/** A training step of one case on one backend, as a function for repeated calls. */
export function trainingStep(on: Backend, { batch, pixels, build }: Case, scoped: boolean): () => void {
  setBackend(on);
  const model = build();
  const optimizer = new Adam(model.parameters());
  const generator = new Generator(2);
  const x = rand([batch, pixels], { generator });
  const labels = model.classes === 0 ? {} : { labels: oneHot(new Uint8Array(batch), model.classes) };
  const step = (): Tensor => {
    const { loss } = model.elbo(x, { generator, ...labels });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  return () => {
    setBackend(on);
    const loss = scoped ? scope(step) : step();
    if (!Number.isFinite(loss.itemSync())) throw new Error('the loss is not finite');
  };
}
