/** Codes as features, and probes and neighbours of made-up rows. */
import { noGrad, tensor } from '@varigrad/core';
import { Autoencoder, ConditionalVAE, type Dataset, VAE } from '@varigrad/vae';
import { encodeDataset, linearProbe, nearestNeighbours } from '@varigrad/vae/uses';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clouds, IMAGES, rowsOf } from '../helpers/made-up-rows.js';
import { refusesLater } from '../helpers/refuses.js';

for (const [name, model] of Object.entries({
  VAE: new VAE({ inputSize: 4, hidden: [5], latent: 3 }),
  autoencoder: new Autoencoder({ inputSize: 4, hidden: [5], latent: 2 }),
  'conditional VAE': new ConditionalVAE({ inputSize: 4, hidden: [5], latent: 3, classes: 2 }),
}))
  test(`encodeDataset gives the codes of the model: ${name}`, async () => {
    const coded = await encodeDataset(model, IMAGES, { batchSize: 7 });
    const oneHot = tensor(Array.from(IMAGES.labels, (label) => [Number(label === 0), Number(label === 1)]));
    const x = tensor(IMAGES.images, { shape: [80, 4] });
    const expected = await noGrad(() => model.codes(x, oneHot)).data();
    assert.equal([coded.count, ...coded.imageShape], [80, 1, model.latent]);
    assert.equal(coded.labels, IMAGES.labels);
    for (const [i, value] of coded.images.entries()) assert.ok(Math.abs(value - expected[i]!) < 1e-6);
  });

/** The k nearest rows by the definition, in float64. */
function nearestByDefinition(train: Dataset, test: Dataset, k: number): number[] {
  const width = train.imageShape[1];
  return Array.from({ length: test.count }, (_, t) => {
    const distances = Array.from({ length: train.count }, (_, row) => {
      let sum = 0;
      for (let i = 0; i < width; i++)
        sum += (test.images[t * width + i]! - train.images[row * width + i]!) ** 2;
      return { row, sum };
    });
    return distances
      .sort((a, b) => a.sum - b.sum || a.row - b.row)
      .slice(0, k)
      .map(({ row }) => row);
  }).flat();
}

for (const [name, centres, width] of [
  [
    'clouds',
    [
      [0, 0, 0],
      [3, 0, 1],
      [0, 4, 0],
    ],
    1,
  ],
  [
    'small differences of large numbers',
    [
      [1000, 1000, 1000],
      [1000.01, 1000, 1000],
    ],
    0.01,
  ],
  [
    'two distant groups of close rows',
    [
      [-4000, 0],
      [4000, 0],
    ],
    0.001,
  ],
  [
    'equal rows',
    [
      [1, 2],
      [1, 2],
    ],
    0,
  ],
  [
    'products that overflow float32',
    [
      [1e25, 0],
      [0, 2e25],
    ],
    1e25,
  ],
  [
    'products that underflow float32',
    [
      [1e-30, 0],
      [0, 2e-30],
    ],
    1e-30,
  ],
  [
    'rows near each other and rows far away',
    [
      [1e30, 0],
      [1, 2],
      [2, 1],
    ],
    0.5,
  ],
] as const)
  test(`the nearest neighbours are those of the definition: ${name}`, async () => {
    const train = clouds(centres, 150, 2, width);
    const asked = clouds(centres, 60, 3, width);
    for (const neighbours of [1, 4, train.count]) {
      const { indices } = await nearestNeighbours(train, asked, { neighbours });
      assert.equal(Array.from(indices), nearestByDefinition(train, asked, neighbours), `${neighbours}`);
    }
  });

test('neighbours vote; among equally many, the nearest decides', async () => {
  const train = rowsOf([[0], [1], [2], [3.5], [10]], [1, 0, 0, 1, 1]);
  const asked = rowsOf([[0.1], [0.9], [9]], [0, 0, 1]);
  const three = await nearestNeighbours(train, asked, { neighbours: 3 });
  assert.equal(Array.from(three.classes), [0, 0, 1]);
  assert.is(three.accuracy, 1);
  const two = await nearestNeighbours(train, asked, { neighbours: 2 });
  assert.equal(Array.from(two.classes), [1, 0, 1]);
  assert.is(two.accuracy, 2 / 3);
});

test('the linear probe reaches the least cross-entropy, and its accuracy', async () => {
  const [train, asked] = [
    clouds(
      [
        [0, 0],
        [1.5, 0.5],
      ],
      300,
      4,
    ),
    clouds(
      [
        [0, 0],
        [1.5, 0.5],
      ],
      2000,
      5,
    ),
  ];
  // The optimum of the logistic regression by Newton's method on plain numbers.
  const rows = Array.from({ length: train.count }, (_, n) => [
    1,
    train.images[2 * n]!,
    train.images[2 * n + 1]!,
  ]);
  let w = [0, 0, 0];
  const probability = (row: readonly number[]): number =>
    1 / (1 + Math.exp(-row.reduce((sum, value, i) => sum + value * w[i]!, 0)));
  for (let iteration = 0; iteration < 20; iteration++) {
    const gradient = [0, 0, 0];
    const hessian = [0, 1, 2].map(() => [0, 0, 0]);
    rows.forEach((row, n) => {
      const p = probability(row);
      for (let i = 0; i < 3; i++) {
        gradient[i]! += (p - train.labels[n]!) * row[i]!;
        for (let j = 0; j < 3; j++) hessian[i]![j]! += p * (1 - p) * row[i]! * row[j]!;
      }
    });
    const step = solved(hessian, gradient);
    w = w.map((value, i) => value - step[i]!);
  }
  const least =
    rows.reduce(
      (sum, row, n) => sum - Math.log(train.labels[n] === 1 ? probability(row) : 1 - probability(row)),
      0,
    ) / rows.length;
  const right = Array.from({ length: asked.count }, (_, n) =>
    Number(probability([1, asked.images[2 * n]!, asked.images[2 * n + 1]!]) > 0.5) === asked.labels[n]
      ? 1
      : 0,
  ).reduce<number>((sum, value) => sum + value, 0);
  const probe = await linearProbe(train, asked);
  assert.ok(Math.abs(probe.trainLoss - least) < 0.002, `${probe.trainLoss}, least ${least}`);
  assert.ok(
    Math.abs(probe.accuracy - right / asked.count) < 0.005,
    `${probe.accuracy}, ${right / asked.count}`,
  );
});

/** The solution of a 3 × 3 system by Cramer's rule. */
function solved(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const determinant = (m: readonly (readonly number[])[]): number =>
    m[0]![0]! * (m[1]![1]! * m[2]![2]! - m[1]![2]! * m[2]![1]!) -
    m[0]![1]! * (m[1]![0]! * m[2]![2]! - m[1]![2]! * m[2]![0]!) +
    m[0]![2]! * (m[1]![0]! * m[2]![1]! - m[1]![1]! * m[2]![0]!);
  return b.map(
    (_, column) =>
      determinant(a.map((row, i) => row.map((value, j) => (j === column ? b[i]! : value)))) / determinant(a),
  );
}

test('the scale and the origin of the rows do not change what the probe finds', async () => {
  const shift = (data: Dataset): Dataset => ({
    ...data,
    images: data.images.map((value) => 500 + 20 * value),
  });
  const [train, asked] = [
    clouds(
      [
        [0, 0],
        [3, 1],
      ],
      200,
      6,
    ),
    clouds(
      [
        [0, 0],
        [3, 1],
      ],
      200,
      7,
    ),
  ];
  const [plain, shifted] = [await linearProbe(train, asked), await linearProbe(shift(train), shift(asked))];
  assert.ok(Math.abs(plain.accuracy - shifted.accuracy) <= 0.005);
});

test('wrong arguments get a sentence', async () => {
  const two = rowsOf([[1, 2]], [0]);
  for (const [call, message] of [
    [
      () => nearestNeighbours(IMAGES, two),
      'nearestNeighbours: train has rows of 4 numbers, and test of 2 — use one model',
    ],
    [
      () => nearestNeighbours(two, two),
      'nearestNeighbours: neighbours must be at most the number of training rows, 1, found 5',
    ],
    [
      () =>
        nearestNeighbours(
          rowsOf(
            [
              [1, 2],
              [3, Number.NaN],
            ],
            [0, 0],
          ),
          two,
          { neighbours: 1 },
        ),
      'nearestNeighbours: train has NaN in row 1 — all numbers must be finite, leave the row out',
    ],
    [
      () => linearProbe(two, rowsOf([[Infinity, 2]], [0])),
      'linearProbe: test has Infinity in row 0 — all numbers must be finite, leave the row out',
    ],
    [
      () => linearProbe({ ...two, classes: 0 }, two),
      'linearProbe: train has no classes — give the rows their labels',
    ],
    [() => linearProbe(two, { ...two, count: 0 }), 'linearProbe: test has no rows'],
    [
      () => linearProbe(two, two, { epoch: 1 } as object),
      "linearProbe: unknown option 'epoch' — did you mean 'epochs'? (options: epochs, batchSize, learningRate, seed)",
    ],
  ] as const)
    await refusesLater(call(), message);
});

test.run();
