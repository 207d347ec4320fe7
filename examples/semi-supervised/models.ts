import { Generator, noGrad, oneHot, randn, scope, tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import {
  Bernoulli,
  batches,
  classifierAccuracy,
  type Dataset,
  fit,
  Gaussian,
  gridSheet,
  pixelsOf,
  SemiSupervisedVAE,
  type Sheet,
  VAE,
} from '@varigrad/vae';
import { createReporter } from '@varigrad/vae/cli';

/** Settings of the command line. */
export interface Settings {
  labels: number;
  m1Epochs: number;
  epochs: number;
  repeat: number;
  alpha: number;
  seed: number;
}

/** Training and test images. */
export interface Split {
  train: Dataset;
  test: Dataset;
}

const BATCH = 200;

/** M1: a VAE of all images, with 50 dimensions and no labels. */
export async function trainM1(data: Split, { m1Epochs, seed }: Settings): Promise<VAE> {
  console.log('M1: VAE 784-400-50 of all images, dynamic targets');
  const model = new VAE({ latent: 50, generator: new Generator(seed) });
  const reporter = createReporter(process.stdout);
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }),
    epochs: m1Epochs,
    batchSize: BATCH,
    binarization: 'dynamic',
    seed,
    onProgress: reporter.step,
    onEpoch: (result) => reporter.epoch(result, m1Epochs),
  });
  return model;
}

/**
 * The input of M2 for each image: its code by M1, as an "image" of one row. With a generator the code is a sample of q(z|x), a
 * separate one for each copy of an image; otherwise it is the mean.
 */
export async function codesAsImages(m1: VAE, data: Dataset, generator?: Generator): Promise<Dataset> {
  const codes = new Float32Array(data.count * m1.latent);
  let start = 0;
  for (const { images, size } of batches(data, { batchSize: 500 })) {
    const z = noGrad(() =>
      scope(() => {
        const q = m1.encode(tensor(images, { shape: [size, pixelsOf(data)] }));
        return generator === undefined ? q.mu : m1.reparameterize(q, { generator });
      }),
    );
    codes.set(await z.data(), start * m1.latent);
    z.dispose();
    start += size;
  }
  return { ...data, images: codes, imageShape: [1, m1.latent] };
}

/** Trains M2 on images of which some have labels. @param pixels - whether the inputs are pixels, and not codes */
export async function trainM2(
  data: Split,
  { epochs, alpha, seed }: Settings,
  pixels: boolean,
): Promise<SemiSupervisedVAE> {
  const inputSize = pixelsOf(data.train);
  const hidden = pixels ? [400] : [200];
  console.log(`\nM2: ${inputSize}-${hidden}-20 of ${pixels ? 'the pixels, dynamic targets' : "M1's codes"}`);
  const model = new SemiSupervisedVAE({
    inputSize,
    hidden,
    latent: 20,
    alpha,
    likelihood: pixels ? new Bernoulli() : new Gaussian({ learned: true }),
    generator: new Generator(seed),
  });
  const reporter = createReporter(process.stdout);
  await fit(model, data, {
    optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }),
    epochs,
    batchSize: BATCH,
    binarization: pixels ? 'dynamic' : 'none',
    seed,
    onProgress: reporter.step,
    onEpoch: async (result) => {
      reporter.epoch(result, epochs);
      const right = await classifierAccuracy(model, data.test);
      console.log(`      test accuracy ${(100 * right).toFixed(2)}%`);
    },
  });
  return model;
}

/** Draws ten styles z in every class; each column is a class. */
export async function digitsOfClasses(
  m1: VAE | undefined,
  m2: SemiSupervisedVAE,
  seed: number,
): Promise<Sheet> {
  const { classes } = m2;
  const place = Array.from({ length: 10 * classes }, (_, i) => i);
  const images = noGrad(() =>
    scope(() => {
      const styles = randn([10, m2.latent], { generator: new Generator(seed) });
      const z = styles.indexSelect(place.map((i) => Math.floor(i / classes)));
      const labels = oneHot(
        place.map((i) => i % classes),
        classes,
      );
      const seen = m2.likelihood.mean(m2.decode(z, labels));
      return m1 === undefined ? seen : m1.likelihood.mean(m1.decode(seen));
    }),
  );
  return gridSheet(Float32Array.from(await images.data()), {
    columns: classes,
    imageShape: [28, 28],
    title: `${m1 === undefined ? 'M2' : 'M1+M2'}: rows share a style z, columns the class`,
    columnLabels: Array.from({ length: classes }, (_, c) => String(c)),
    rowLabels: Array.from({ length: 10 }, (_, s) => `style ${s + 1}`),
  });
}
