/** The training steps that benchmarks time, through the public API. */
import {
  type Backend,
  compile,
  Generator,
  oneHot,
  rand,
  scope,
  setBackend,
  type Tensor,
} from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  ConditionalVAE,
  ConvolutionalBody,
  ConvolutionalDecoder,
  GaussianEncoder,
  type LatentModel,
  VAE,
} from '@varigrad/vae';

/** A network and its batches. */
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

export function convolutionalVae(): VAE {
  const generator = new Generator(1);
  const shape = [28, 28] as const;
  return new VAE({
    encoder: new GaussianEncoder(new ConvolutionalBody(shape, { generator }), 20, { generator }),
    decoder: new ConvolutionalDecoder(20, shape, 1, { generator }),
    generator,
  });
}

export const CASES: readonly Case[] = [
  { name: 'VAE 16-8-2 (tiny)', batch: 8, pixels: 16, build: vae([8], 2, 16) },
  { name: 'VAE 16-8-2 (tiny)', batch: 128, pixels: 16, build: vae([8], 2, 16) },
  { name: 'VAE 784-64-8', batch: 64, pixels: 784, build: vae([64], 8) },
  ...[32, 128, 512, 1024].map((batch) => ({
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
  { name: 'convolutional VAE, 32-64-20', batch: 128, pixels: 784, build: convolutionalVae, heavy: true },
];

/** A training step of one case on one backend, as a function for repeated calls. The loss is read after each. */
export function trainingStep(
  on: Backend,
  { batch, pixels, build }: Case,
  form: 'eager' | 'compiled',
): () => void {
  setBackend(on);
  const model = build();
  const optimizer = new Adam(model.parameters());
  const generator = new Generator(2);
  const x = rand([batch, pixels], { generator });
  const labels = model.classes === 0 ? {} : { labels: oneHot(new Uint8Array(batch), model.classes) };
  const step = (images: Tensor): Tensor => {
    const { loss } = model.elbo(images, { generator, ...labels });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.detach();
  };
  const run = form === 'compiled' ? compile(step) : step;
  return () => {
    setBackend(on);
    const loss = scope(() => run(x));
    if (!Number.isFinite(loss.itemSync())) throw new Error('the loss is not finite');
  };
}
