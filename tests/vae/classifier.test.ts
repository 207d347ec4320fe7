/** The classifier, and the class accuracy of a conditional model with known images. */
import { ArgumentError, Generator, oneHot, type Tensor, tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import {
  Bernoulli,
  classAccuracy,
  classifierAccuracy,
  type Dataset,
  type Elbo,
  type GenerativeModel,
  type ImageClassifier,
  predictClasses,
  trainClassifier,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Noisy images of four pixels, one of which is bright: its position is the class. */
function dots(count: number, seed: number): Dataset {
  const noise = new Generator(seed).words(count * 4);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  const images = Float32Array.from(noise, (word, i) => {
    const isOn = i % 4 === labels[Math.floor(i / 4)];
    return (isOn ? 0.4 : 0) + (0.6 * word) / 2 ** 32;
  });
  return { images, labels, count, imageShape: [2, 2], classes: 4 };
}

test('it learns to separate the classes, reproducibly with a seed', async () => {
  const [train, unseen] = [dots(800, 1), dots(400, 2)];
  const losses: number[] = [];
  const options = { hidden: [16], epochs: 30, batchSize: 50, learningRate: 0.01, seed: 3 };
  const classifier = await trainClassifier(train, { ...options, onEpoch: ({ loss }) => losses.push(loss) });
  assert.is(losses.length, 30);
  assert.ok(losses.at(-1)! < 0.5 * losses[0]!, `${losses}`);
  // The best rule, the brightest pixel, is not perfect: 0.4 + 0.6u is compared with three values of 0.6u.
  const brightest = await classifierAccuracy({ classify: (x) => x }, unseen);
  const found = await classifierAccuracy(classifier, unseen, { batchSize: 33 });
  assert.ok(found > brightest - 0.05, `${found}, by the brightest pixel ${brightest}`);
  const again = await trainClassifier(train, options);
  assert.equal(again.stateDict(), classifier.stateDict());
  const other = await trainClassifier(train, { ...options, epochs: 1, seed: 4, binarization: 'dynamic' });
  assert.not.equal(other.stateDict(), classifier.stateDict());
  const x = tensor(unseen.images, { shape: [400, 4] });
  const sums = [...classifier.classify(x).exp().sum({ axis: 1 }).dataSync()];
  assert.ok(
    sums.every((sum) => Math.abs(sum - 1) < 1e-5),
    'classify gives log-probabilities',
  );
});

test('predicted classes are the most likely ones', async () => {
  const scores: ImageClassifier = { classify: (x) => x };
  const classes = await predictClasses(
    scores,
    tensor([
      [0, 3, 1],
      [5, 1, 2],
      [0, 0, 0.1],
    ]),
  );
  assert.equal([...classes], [1, 0, 2]);
});

/** Decodes class y to a bright pixel at y. If z is above 1, the image shows class 0 instead. The code of an image is its first pixel. */
class Painter extends Module implements GenerativeModel {
  readonly kind = 'painter';
  readonly inputSize = 4;
  readonly latent = 1;
  readonly classes: number;
  readonly likelihood: Bernoulli = new Bernoulli();
  /** Number of rows of each call of decode. */
  readonly sizes: number[] = [];
  /** z of every row of a prior sample. */
  readonly drawn: number[] = [];

  constructor(classes: number) {
    super();
    this.classes = classes;
  }

  codes(x: Tensor): Tensor {
    return x.slice(0, 1, { axis: 1 });
  }

  samplePrior(count: number, { labels }: { labels?: Tensor } = {}): Tensor {
    assert.equal(labels?.shape, [count, this.classes], 'a conditional prior needs labels');
    // Every style is decoded with every class; the tenth style of each class fails.
    const z = Array.from({ length: count }, (_, i) => (Math.floor(i / this.classes) % 10 === 9 ? 2 : 0));
    this.drawn.push(...z);
    return tensor(z.map((value) => [value]));
  }

  decode(z: Tensor, labels?: Tensor): Tensor {
    this.sizes.push(z.shape[0] as number);
    assert.not.ok(this.training);
    const fails = z.gt(1);
    const zero = oneHot([0], 4);
    return (labels as Tensor).mul(fails.neg().add(1)).add(zero.mul(fails)).mul(20).sub(10);
  }

  noise(): null {
    return null;
  }

  elbo(): Elbo {
    throw new Error('no loss is needed');
  }
}

const brightest: ImageClassifier = { classify: (x) => x };

test('prior samples: each class is requested equally often', async () => {
  const model = new Painter(4);
  const { accuracy, perClass, count } = await classAccuracy(model, brightest, {
    perClass: 50,
    batchSize: 20,
  });
  assert.is(count, 200);
  assert.equal(model.sizes, [80, 80, 40]);
  // Each full batch of twenty styles contains two failing ones, the last batch of ten contains one.
  assert.equal(perClass, [1, 0.9, 0.9, 0.9]);
  assert.ok(Math.abs(accuracy - 0.925) < 1e-12);
  assert.ok(model.training, 'the mode is restored');
});

test('style transfer: every class but the image’s own', async () => {
  const from: Dataset = {
    images: Float32Array.of(2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1),
    labels: Uint8Array.of(0, 1, 3),
    count: 3,
    imageShape: [2, 2],
    classes: 4,
  };
  const { accuracy, perClass, count } = await classAccuracy(new Painter(4), brightest, {
    from,
    batchSize: 2,
  });
  assert.is(count, 9);
  // The first style fails in all three requested classes.
  assert.ok(Math.abs(accuracy - 6 / 9) < 1e-12);
  assert.equal(perClass, [1, 1 / 2, 2 / 3, 1 / 2]);
});

test('a model without classes is refused', async () => {
  let refusal: unknown;
  await classAccuracy(new Painter(0), brightest).catch((error: unknown) => {
    refusal = error;
  });
  assert.instance(refusal, ArgumentError);
  assert.is(
    (refusal as Error).message,
    'classAccuracy: the model is not conditional — use a model with classes, such as ConditionalVAE',
  );
});

test.run();
