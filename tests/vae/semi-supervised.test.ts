/** M2: the marginalised label, the two bounds, and data sets with few labels. */
import {
  createReference,
  Generator,
  oneHot,
  rand,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { Adam, crossEntropy } from '@varigrad/nn';
import {
  classStyleFigure,
  type Dataset,
  evaluate,
  fit,
  HiddenLayers,
  labelledSubset,
  PlainEncoder,
  partlyLabelled,
  SemiSupervisedVAE,
  type SemiSupervisedVAEOptions,
  UNKNOWN_LABEL,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, SIZE } from '../helpers/bars.js';
import { checkParameterGradients } from '../helpers/parameter-gradients.js';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const make = (options: SemiSupervisedVAEOptions = {}): SemiSupervisedVAE =>
  new SemiSupervisedVAE({
    inputSize: 6,
    hidden: [5],
    latent: 1,
    classes: 3,
    activation: 'tanh',
    generator: new Generator(1),
    ...options,
  });
const images = (count: number): Tensor =>
  rand([count, 6], { generator: new Generator(2) })
    .gt(0.5)
    .detach();
/** Classes 2, unknown, 0, unknown. */
const LABELS = [
  [0, 0, 1],
  [0, 0, 0],
  [1, 0, 0],
  [0, 0, 0],
];

test('each bound by hand: a known label is used, and unknown labels are summed over', () => {
  withBackend(float64, () => {
    const model = make({ alpha: 7 });
    for (const p of model.classifier.parameters()) p.assign(p.detach().mul(3)); // q(y|x) far from uniform
    const x = images(4);
    const eps = tensor([[0.3], [-1], [2], [0.5]]);
    const q = numbers(model.classify(x).exp());
    /** E[−log p(x|y, z)] + KL(q(z|x, y) ‖ p(z)) − log p(y) of one image. */
    const bound = (image: number, y: number): number => {
      const row = x.slice(image, image + 1);
      const label = oneHot([y], 3);
      const { mu, logVar } = model.encode(row, label);
      const [m, s] = [mu.itemSync(), Math.exp(0.5 * logVar.itemSync())];
      const z = tensor([[m + s * eps.slice(image, image + 1).itemSync()]]);
      const logits = numbers(model.decode(z, label));
      const targets = numbers(row);
      const recon = sum(logits.map((l, i) => Math.log1p(Math.exp(l)) - l * (targets[i] as number)));
      return recon + 0.5 * (m * m + s * s - 1 - 2 * Math.log(s)) + Math.log(3);
    };
    const unknown = (image: number): number =>
      sum(
        [0, 1, 2].map((y) => {
          const p = q[3 * image + y] as number;
          return p * (bound(image, y) + Math.log(p));
        }),
      );
    const wanted = [bound(0, 2), unknown(1), bound(2, 0), unknown(3)];
    const classification = -7 * (Math.log(q[2] as number) + Math.log(q[6] as number));
    const labels = tensor(LABELS);
    const close = (found: Tensor, value: number): void =>
      assert.ok(Math.abs(found.itemSync() - value) < 1e-9, `${found.itemSync()}, not ${value}`);
    const { loss, recon, kl } = model.elbo(x, { labels, eps });
    close(recon.add(kl), sum(wanted) / 4);
    close(loss, (sum(wanted) + classification) / 4);
    close(model.elbo(x, { eps }).loss, sum([0, 1, 2, 3].map(unknown)) / 4);
    close(model.elbo(x, { eps, labels: zeros([4, 3]) }).loss, sum([0, 1, 2, 3].map(unknown)) / 4);
    close(model.eval().elbo(x, { labels, eps }).loss, sum(wanted) / 4);
  });
});

test('an infinite KL of a class that the image cannot have does not change the loss, and no gradient is NaN', () => {
  const model = new SemiSupervisedVAE({ inputSize: 2, hidden: [], latent: 1, classes: 2 });
  const of = (name: string): Tensor => [...model.namedParameters()].find(([key]) => key === name)![1];
  of('classifier.out.weight').assign(zeros([2, 2]));
  of('classifier.out.bias').assign(tensor([300, 0])); // q(y = 1|x) underflows to 0
  const x = tensor([
    [0, 1],
    [1, 0],
  ]);
  const eps = tensor([[0.3], [-1]]);
  for (const labels of [oneHot([0, 0], 2), undefined]) {
    const lossFor = (logVarOfClass1: number): number => {
      of('encoder.logVar.weight').assign(tensor([[0, 0, 0, logVarOfClass1]]));
      model.zeroGrad();
      const { loss } = model.elbo(x, { labels, eps });
      loss.backward();
      return loss.itemSync();
    };
    const wanted = lossFor(0);
    assert.is(lossFor(100), wanted);
    for (const [name, parameter] of model.namedParameters())
      assert.not.ok(numbers(parameter.grad as Tensor).some(Number.isNaN), name);
  }
});

test('without a label −ELBO exceeds −log p(x), with one −log p(x, y), by integration over z', () => {
  withBackend(float64, () => {
    const model = make().eval();
    const x = images(1);
    const step = 0.05;
    const places = Array.from({ length: 401 }, (_, i) => (i - 200) * step);
    const normal = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    const many = (t: Tensor): Tensor => t.expand([places.length, t.shape[1] as number]);
    const joint = [0, 1, 2].map((y) => {
      const outputs = model.decode(tensor(places.map((z) => [z])), many(oneHot([y], 3)));
      const logP = numbers(model.likelihood.logProb(outputs, many(x)));
      return sum(logP.map((l, i) => Math.exp(l) * normal(places[i] as number) * step)) / 3;
    });
    const expected = (labels?: Tensor): number =>
      sum(
        places.map((e) => {
          const { loss } = model.elbo(x, { eps: tensor([[e]]), ...(labels && { labels }) });
          return loss.itemSync() * normal(e) * step;
        }),
      );
    assert.ok(expected() > -Math.log(sum(joint)), `${expected()} and ${-Math.log(sum(joint))}`);
    for (const y of [0, 1, 2])
      assert.ok(expected(oneHot([y], 3)) > -Math.log(joint[y] as number), `class ${y}`);
  });
});

test('gradients of the bound with known and unknown labels, with fixed noise', () => {
  withBackend(float64, () => {
    const model = make({ alpha: 3, latent: 2 });
    const x = images(4);
    const eps = model.noise(4, new Generator(3));
    checkParameterGradients(model, () => model.elbo(x, { eps, labels: tensor(LABELS), beta: 0.7 }).loss);
  });
});

test('codes: of the given class, or of the most likely class if it is unknown', () => {
  const model = make();
  const x = images(4);
  const likeliest = numbers(model.classify(x).argmax({ axis: 1 }));
  const complete = oneHot([2, likeliest[1] as number, 0, likeliest[3] as number], 3);
  assert.equal(numbers(model.codes(x, tensor(LABELS))), numbers(model.encode(x, complete).mu));
  assert.equal(numbers(model.codes(x)), numbers(model.encode(x, oneHot(likeliest, 3)).mu));
});

test('a labelled subset has perClass images of every class, and the other images have no labels', () => {
  const subset = labelledSubset(data.train, { perClass: 3, seed: 1 });
  assert.is(subset.count, 6);
  assert.equal([...subset.labels].sort(), [0, 0, 0, 1, 1, 1]);
  const pixels = SIZE * SIZE;
  const image = (d: Dataset, i: number): string => d.images.subarray(i * pixels, (i + 1) * pixels).join();
  const all = Array.from({ length: 50 }, (_, i) => `${data.train.labels[i]} ${image(data.train, i)}`);
  for (let i = 0; i < 6; i++) assert.ok(all.includes(`${subset.labels[i]} ${image(subset, i)}`));
  assert.not.equal(labelledSubset(data.train, { perClass: 3, seed: 2 }).images, subset.images);
  const whole = partlyLabelled(data.train, subset, 4);
  assert.is(partlyLabelled({ ...data.train, classes: 0 }, subset).classes, subset.classes);
  assert.is(whole.count, 50 + 4 * 6);
  assert.equal([...whole.labels.subarray(0, 50)], new Array(50).fill(UNKNOWN_LABEL));
  assert.equal([...whole.labels.subarray(50)], Array.from({ length: 4 }, () => [...subset.labels]).flat());
  assert.is(image(whole, 7), image(data.train, 7));
  assert.is(image(whole, 50 + 6 + 2), image(subset, 2));
  refuses(
    () => labelledSubset(data.train, { perClass: 60 }),
    `labelledSubset: class 0 has ${data.train.labels.filter((l) => l === 0).length} images, not 60 — ask for fewer`,
  );
  refuses(
    () => partlyLabelled(data.train, { ...subset, imageShape: [1, 3], images: new Float32Array(18) }),
    'partlyLabelled: images of 64 pixels and of 3 pixels — use images of one size',
  );
});

/** Noisy copies of two patterns: each pixel is flipped with probability 0.3. */
function noisyPatterns(count: number, seed: number): Dataset {
  const pixels = SIDE * SIDE;
  const patterns = new Generator(5).words(2 * pixels);
  const words = new Generator(seed).words(count * (pixels + 1));
  const labels = Uint8Array.from({ length: count }, (_, i) => (words[i] as number) & 1);
  const images = Float32Array.from({ length: count * pixels }, (_, i) => {
    const flip = (words[count + i] as number) < 0.3 * 2 ** 32 ? 1 : 0;
    const pattern = (labels[Math.floor(i / pixels)] as number) * pixels + (i % pixels);
    return ((patterns[pattern] as number) & 1) ^ flip;
  });
  return { images, labels, count, imageShape: [SIDE, SIDE], classes: 2 };
}
const SIDE = 6;

/** Percentage of correct classes. */
function accuracy(logits: (x: Tensor) => Tensor, { images: pixels, labels, count }: Dataset): number {
  const found = numbers(logits(tensor(pixels, { shape: [count, SIDE * SIDE] })).argmax({ axis: 1 }));
  return (100 * found.filter((label, i) => label === labels[i]).length) / count;
}

test('two labels per class and 300 unlabelled images give far better accuracy than a classifier of the four labelled images', async () => {
  const [all, unseen] = [noisyPatterns(300, 1), noisyPatterns(200, 2)];
  const labelled = labelledSubset(all, { perClass: 2 });
  const init = { generator: new Generator(6) };
  const supervised = new PlainEncoder(new HiddenLayers(SIDE * SIDE, [16], init), 2, init);
  const optimizer = new Adam(supervised.parameters(), { learningRate: 0.01 });
  for (let step = 0; step < 200; step++) {
    optimizer.zeroGrad();
    crossEntropy(
      supervised.forward(tensor(labelled.images, { shape: [labelled.count, SIDE * SIDE] })),
      tensor([...labelled.labels]),
    ).backward();
    optimizer.step();
  }
  const model = new SemiSupervisedVAE({
    inputSize: SIDE * SIDE,
    hidden: [16],
    latent: 1,
    alpha: 3,
    classes: 2,
    generator: new Generator(1),
  });
  await fit(
    model,
    { train: partlyLabelled(all, labelled, 10), test: unseen },
    { optimizer: new Adam(model.parameters(), { learningRate: 0.01 }), epochs: 15, batchSize: 16 },
  );
  const [few, many] = [(x: Tensor) => supervised.forward(x), (x: Tensor) => model.classify(x)].map((f) =>
    accuracy(f, unseen),
  ) as [number, number];
  assert.ok(many > few + 8, `${many}%, compared with ${few}% for the labels alone`);
  const after = await evaluate(model, unseen);
  for (const batchSize of [1, 7]) {
    const { loss } = await evaluate(model, unseen, { batchSize });
    assert.ok(Math.abs(loss - after.loss) < 1e-5 * after.loss);
  }
  assert.ok((await classStyleFigure(model, [SIDE, SIDE])).pixels.width > 0);
});

test('invalid options are refused', async () => {
  refuses(
    () => make().elbo(images(1), { freeBits: 1 }),
    'elbo: M2 does not support free bits — leave out freeBits',
  );
  const model = new SemiSupervisedVAE({ inputSize: SIZE * SIZE, hidden: [4], latent: 2, classes: 2 });
  const wrong = { ...data.test, labels: data.test.labels.map(() => 7) };
  const error = await evaluate(model, wrong).catch((e: Error) => e.message);
  assert.is(error, 'oneHotOrZero: label 7 at index 0 is neither a class (0 to 1) nor unknown (255)');
});

test.run();
