/**
 * Lesson 9: the conditional VAE.
 *
 * Question: if encoder and decoder receive the label of an image, what does the latent code still contain?
 *
 * npm run lesson -- 9
 */
import {
  createReference,
  Generator,
  noGrad,
  oneHot,
  randn,
  stack,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { Adam, crossEntropy } from '@varigrad/nn';
import {
  binarizeDataset,
  ConditionalVAE,
  classAccuracy,
  classifierAccuracy,
  type Dataset,
  evaluate,
  firstOf,
  fit,
  Gaussian,
  iwaeBound,
  type Losses,
  pixelsOf,
  trainClassifier,
  VAE,
} from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import { DIRECTIONS, eightImages, klByDimension, negativeElbo, train } from './linear-gaussian.js';
import { type Numbers, type Print, prose, runLesson, table } from './run.js';

/** Prints the text and returns the numbers that the tests check. */
export async function lesson(print: Print): Promise<Numbers> {
  print('LESSON 9 — THE CONDITIONAL VAE\n');
  const exact = withBackend(createReference(Float64Array), () => twoClasses(print));
  const digits = await smallDigits();
  const models = await trainBoth(digits);
  return {
    ...exact,
    ...(await whatTheLatentSays(print, digits, models)),
    ...(await writesWhatIsAsked(print, digits, models)),
    ...comparingBounds(print, digits, models),
    ...mistakes(print, models),
  };
}

/** Variances within a class along four directions. */
const WITHIN = [0.5, 2, 0.6, 0.4] as const;
/** Each class shifts its images by plus or minus this along the first direction. */
const SHIFT = Math.sqrt(4.5);

/** Sixteen images of four pixels, first the eight of class 0. */
const sixteenImages = (): Tensor =>
  tensor(
    [-SHIFT, SHIFT].flatMap((shift) =>
      eightImages(WITHIN).map((image) => image.map((pixel, i) => pixel + shift * DIRECTIONS[0][i as 0])),
    ),
  );

/** The share of a code's variance that lies between the two classes, for the dimension with the largest share. */
function labelShare(codes: Tensor): number {
  const [zeros, ones] = codes.split(8) as [Tensor, Tensor];
  const between = zeros
    .mean({ axis: 0 })
    .sub(ones.mean({ axis: 0 }))
    .square()
    .div(4);
  const total = codes.std({ axis: 0, correction: 0 }).square();
  const shares = between.div(total.maximum(tensor(1e-6))); // a dimension that is off has no variance
  return shares.amax().itemSync();
}

/** The linear models of lesson 8, with classes. */
function twoClasses(print: Print): Numbers {
  const x = sixteenImages();
  const labels = oneHot(
    [0, 1].flatMap((y) => Array<number>(8).fill(y)),
    2,
  );
  const options = { inputSize: 4, hidden: [], latent: 2, samples: 4, likelihood: new Gaussian({ sigma: 1 }) };
  const plain = new VAE({ ...options, generator: new Generator(3) });
  const conditional = new ConditionalVAE({ ...options, classes: 2, generator: new Generator(3) });
  train(plain, plain.parameters(), x, 1000);
  train(conditional, conditional.parameters(), x, 1500, { labels });
  const rows = [
    {
      name: 'VAE',
      kl: klByDimension(plain, x),
      loss: negativeElbo(plain, x),
      share: labelShare(plain.codes(x)),
    },
    {
      name: 'CVAE',
      kl: klByDimension(conditional, x, labels),
      loss: negativeElbo(conditional, x, labels),
      share: labelShare(conditional.codes(x, labels)),
    },
  ];
  const saved = (rows[0]?.loss ?? 0) - (rows[1]?.loss ?? 0);
  print(prose`
    1. An exact example

    A conditional VAE is a VAE of p(x|y): the label y, as a one-hot row, is concatenated to the encoder's input and to z. Its bound is

      log p(x|y) ≥ E_q[log p(x|z, y)] − KL(q(z|x, y) ‖ p(z))

    Sixteen images of four pixels have the variances of lesson 8, 5, 2, 0.6 and 0.4, along four directions. But now nine tenths of the 5
    come from two classes: eight images are shifted by +√4.5 along the first direction, eight by −√4.5, and within a class only 0.5
    remains. σ is 1, so (lesson 8, section 6) a direction costs ½ log λ nats if λ > 1, and nothing otherwise. Predict the KLs of both models.
  `);
  print(
    table([
      ['', 'KL of both dimensions', 'sum', '−ELBO', 'share of the class in a code'],
      ...rows.map(({ name, kl, loss, share }) => [
        name,
        kl.map((value) => value.toFixed(4)).join('   '),
        kl.reduce((a, b) => a + b).toFixed(4),
        loss.toFixed(4),
        share.toFixed(4),
      ]),
    ]),
  );
  print(prose`

    The last column is the variance between the classes divided by the total variance of a code, where it is largest. The VAE uses ½ log 5 nats for the
    first direction, and nine tenths of that code's variance is the class. For the CVAE the remaining variance in that direction is below the noise:
    the dimension is off, and nothing in z depends on the label. The second direction, the style, costs both models ½ log 2.

    Both bounds are tight, so the label saved log p(x|y) − log p(x) = ${saved.toFixed(4)} nats: ½ log 5, and ½·(1 − 0.5) because the images are closer to their mean.
    But the label of two equal classes contains only log 2 = ${Math.LN2.toFixed(4)} nats, and under one distribution of x and y the mean of log p(x|y)/p(x) cannot be
    larger. The rest comes from a better model: two Gaussians at ±√4.5 are not one Gaussian of variance 5.
  `);
  return {
    saved,
    ...Object.fromEntries(
      rows.flatMap(({ name, kl, loss, share }) => [
        [`${name}Kl0`, kl[0]!],
        [`${name}Kl1`, kl[1]!],
        [`${name}Loss`, loss],
        [`${name}Share`, share],
      ]),
    ),
  };
}

interface Digits {
  readonly train: Dataset;
  readonly test: Dataset;
}

interface Models {
  readonly plain: VAE;
  readonly conditional: ConditionalVAE;
}

/** 5,000 digits for training and 2,000 for testing, 14 × 14 binary pixels: fast to train on, and still legible. */
async function smallDigits(): Promise<Digits> {
  const { train, test } = await mnist();
  const small = (data: Dataset): Dataset => binarizeDataset(halved(data), 'threshold', new Generator(0));
  return { train: small(firstOf(train, 5000)), test: small(firstOf(test, 2000)) };
}

/** Halves the resolution: each pixel is the mean of 2 × 2 pixels. */
function halved(data: Dataset): Dataset {
  const [height, width] = data.imageShape;
  const images = withBackend(createReference(), () =>
    tensor(data.images, { shape: [data.count, height / 2, 2, width / 2, 2] })
      .mean({ axis: [2, 4] })
      .dataSync(),
  );
  return { ...data, images: Float32Array.from(images), imageShape: [height / 2, width / 2] };
}

/** Both models, with the same network, data, noise and number of steps; z has two dimensions. */
async function trainBoth(digits: Digits): Promise<Models> {
  const options = { inputSize: pixelsOf(digits.train), hidden: [128], latent: 2 };
  const plain = new VAE({ ...options, generator: new Generator(1) });
  const conditional = new ConditionalVAE({ ...options, generator: new Generator(1) });
  for (const model of [plain, conditional]) {
    const optimizer = new Adam(model.parameters(), { learningRate: 3e-3 });
    await fit(model, digits, { optimizer, epochs: 10, batchSize: 64, seed: 1 });
  }
  return { plain, conditional };
}

/** Images and one-hot labels of a data set. */
function batchOf(data: Dataset): { x: Tensor; labels: Tensor } {
  return {
    x: tensor(data.images, { shape: [data.count, pixelsOf(data)] }),
    labels: oneHot(data.labels, data.classes),
  };
}

/** One sample of q(z|x) per image, as a data set whose "pixels" are the dimensions of z. */
function drawnCodes(model: VAE, data: Dataset, seed: number): Dataset {
  const { x, labels } = batchOf(data);
  const z = noGrad(() => model.reparameterize(model.encode(x, labels), { generator: new Generator(seed) }));
  return { ...data, images: Float32Array.from(z.dataSync()), imageShape: [1, model.latent] };
}

/** How well a small classifier predicts the label from z. */
async function readLabels(model: VAE, digits: Digits): Promise<{ accuracy: number; information: number }> {
  const [seen, unseen] = [drawnCodes(model, digits.train, 1), drawnCodes(model, digits.test, 2)];
  const probe = await trainClassifier(seen, { hidden: [64], epochs: 10, learningRate: 0.01, seed: 1 });
  const { x, labels } = batchOf(unseen);
  const surprise = noGrad(() => crossEntropy(probe.network.forward(x), labels)).itemSync();
  const shares = Array.from(
    { length: 10 },
    (_, y) => unseen.labels.filter((l) => l === y).length / unseen.count,
  );
  const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0);
  return { accuracy: await classifierAccuracy(probe, unseen), information: entropy - surprise };
}

async function whatTheLatentSays(print: Print, digits: Digits, models: Models): Promise<Numbers> {
  const rows: { name: string; losses: Losses; accuracy: number; information: number }[] = [];
  for (const [name, model] of [
    ['VAE', models.plain],
    ['CVAE', models.conditional],
  ] as const) {
    const losses = await evaluate(model, digits.test, { seed: 1 });
    rows.push({ name, losses, ...(await readLabels(model, digits)) });
  }
  print(prose`

    2. Digits: what can be read from z

    Now 5,000 digits of 14 × 14 black or white pixels, a hidden layer of 128, and only two dimensions of z, so that its capacity is small.
    VAE and CVAE have the same network, except for the ten label inputs. Then a classifier with 64 hidden units is trained to predict the label from one sample of
    z, and tested on 2,000 other digits. By chance it is right for one in ten. Predict both accuracies.
  `);
  print(
    table([
      ['', 'recon', 'KL', '−ELBO', 'label read from z', 'nats about the label, at least'],
      ...rows.map(({ name, losses: { recon, kl, loss }, accuracy, information }) => [
        name,
        recon.toFixed(1),
        kl.toFixed(2),
        loss.toFixed(1),
        `${(100 * accuracy).toFixed(0)}%`,
        information.toFixed(2),
      ]),
    ]),
  );
  print(prose`

    (Nats per image; the label has log 10 = 2.30. The last column is the label's entropy minus the classifier's cross-entropy, a lower bound of the
    mutual information of z and y. The KL is an upper bound of all information in z.) The CVAE's z contains much less information about the class.
    No term of the loss forbids it. But every nat in z costs a nat of KL, and information that the decoder already has brings no gain.
    What remains is information that training has not removed yet, and styles that differ between classes.
  `);
  return Object.fromEntries(
    rows.flatMap(({ name, losses, accuracy, information }) => [
      [`${name}Kl`, losses.kl],
      [`${name}DigitLoss`, losses.loss],
      [`${name}Accuracy`, accuracy],
      [`${name}Information`, information],
    ]),
  );
}

async function writesWhatIsAsked(print: Print, digits: Digits, { conditional }: Models): Promise<Numbers> {
  const reader = await trainClassifier(digits.train, {
    hidden: [100],
    epochs: 6,
    learningRate: 5e-3,
    seed: 1,
  });
  const readable = await classifierAccuracy(reader, digits.test);
  const prior = await classAccuracy(conditional, reader, { perClass: 100 });
  const transfer = await classAccuracy(conditional, reader, { from: firstOf(digits.test, 200) });
  print(prose`

    3. Style and class separated

    If z does not contain the class, one z can be decoded with every class. A classifier of images (${percentOf(readable)} correct on real test digits) judges the
    images of the CVAE:

      z from the prior N(0, I), with a requested class             classified as requested: ${percentOf(prior.accuracy)}
      z of a test digit, decoded as each of the nine others        classified as requested: ${percentOf(transfer.accuracy)}

    With 20 dimensions, z has room for the class, too, and the decoder can receive two different classes: far fewer images are as requested.
  `);
  return { readerAccuracy: readable, priorAccuracy: prior.accuracy, transferAccuracy: transfer.accuracy };
}

/** log p(x|y) for every y, `[images, classes]`, as importance-weighted bounds with the same noise. */
function boundsByClass(model: ConditionalVAE, x: Tensor, eps: Tensor): Tensor {
  const columns = Array.from({ length: 10 }, (_, y) => {
    const labels = oneHot(Array<number>(x.shape[0]!).fill(y), 10);
    return iwaeBound(model, x, { samples: eps.shape[1]!, eps, labels });
  });
  return stack(columns, { axis: 1 });
}

function comparingBounds(print: Print, digits: Digits, { plain, conditional }: Models): Numbers {
  const data = firstOf(digits.test, 500);
  const { x, labels } = batchOf(data);
  const eps = randn([data.count, 20, 2], { generator: new Generator(4) });
  const [own, byClass] = noGrad(
    () => [iwaeBound(plain, x, { samples: 20, eps }), boundsByClass(conditional, x, eps)] as const,
  );
  const given = byClass.mul(labels).sum({ axis: 1 });
  const joint = given.sub(Math.log(10));
  const marginal = byClass.logSumExp({ axis: 1 }).sub(Math.log(10));
  const guessed = byClass.argmax({ axis: 1 }).dataSync();
  const right = data.labels.filter((label, i) => label === guessed[i]).length / data.count;
  const nll = (bound: Tensor): number => -bound.mean().itemSync();
  print(prose`

    4. Mistake: comparing the two ELBOs

    The CVAE's −ELBO is lower, but it bounds −log p(x|y), and the VAE's bounds −log p(x). These are different quantities. p(x) = Σ p(x|y)·p(y), so evaluate the CVAE on
    each image ten times, once per label, with p(y) = 1/10 (500 test digits, bounds with 20 samples, nats per image):

      VAE     −log p(x)                    ${nll(own).toFixed(2)}
      CVAE    −log p(x|y), right label     ${nll(given).toFixed(2)}
      CVAE    −log p(x, y)                 ${nll(joint).toFixed(2)}      log 10 more
      CVAE    −log p(x), over all labels   ${nll(marginal).toFixed(2)}      to be compared with the first line

    As a model of images the CVAE is better, too. As in section 1, the reason is not the information in the label: its prior of z and y together has ten
    components, and both dimensions of z are free for style. The label with the largest bound is a prediction of the class (Bayes, with equal p(y)), and
    ${percentOf(right)} of these are correct, although no classifier was trained.
  `);
  return {
    plainNll: nll(own),
    givenNll: nll(given),
    jointNll: nll(joint),
    marginalNll: nll(marginal),
    bayesAccuracy: right,
  };
}

const percentOf = (share: number): string => `${(100 * share).toFixed(1)}%`;

/** The error message of a refused call. */
function refusal(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it was not refused';
}

function mistakes(print: Print, { conditional }: Models): Numbers {
  const z = randn([3, 2], { generator: new Generator(5) });
  const forgotten = refusal(() => conditional.decode(z));
  const asNumbers = refusal(() => conditional.decode(z, tensor([3, 1, 4], { shape: [3, 1] })));
  print(prose`

    5. Mistake: the label as a number

    A single input y = 0 … 9 would make a 9 nine times as large as a 1, and an 8 almost a 9. Classes have no order, so there are ten inputs, one of which is 1. The library refuses:

      ${asNumbers}
      ${forgotten}

    In this repository: packages/vae/src/models/conditional-vae.ts is the whole model, two concatenations added to vae.ts;
    packages/vae/src/priors/conditional-normal.ts gives each class its own prior; packages/vae/src/diagnostics/class-accuracy.ts is
    section 3. npm start -- --model cvae trains the full-size model. This was the last lesson: examples/lessons/README.md lists them all.

    Exercises

      a) In section 1 let the class shift images by ±3. What are the VAE's KLs, and the share of the class? (½ log 9.5, ½ log 2; 9/9.5.)
      b) And if it shifts them by ±√4.5 along the second direction instead? (VAE: one KL, ½ log 6.5. CVAE: ½ log 2. Saved: ½ log 3.25.)
      c) Section 2 with latent: 10. Why does more of the label remain in z? (Ten dimensions have room for everything, so nothing is crowded out.)
  `);
  return {
    numbersRefused: Number(asNumbers.includes('one-hot')),
    forgottenRefused: Number(forgotten.includes('needs labels')),
  };
}

await runLesson(import.meta.url, lesson);
