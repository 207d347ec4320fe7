/**
 * The figures of a model, with a model whose pictures can be worked out by hand: it decodes z to the two pixels
 * σ(z₁) and σ(z₂), plus a share of the class. Sheets themselves are tested in sheets.test.ts.
 */
import { ArgumentError, Generator, manualSeed, noGrad, randn, tensor } from '@varigrad/core';
import {
  Bernoulli,
  ConditionalVAE,
  classStyleFigure,
  type Dataset,
  Gaussian,
  gridSheet,
  latentSteps,
  manifoldFigure,
  reconstructionFigure,
  type Sheet,
  samplesFigure,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertSameSheet,
  dataset,
  pair,
  SHAPE,
  sigmoid,
  styles,
  Transparent,
} from '../helpers/transparent-model.js';

// Quartile middles of N(0, 1): Φ⁻¹(1/8), Φ⁻¹(3/8), Φ⁻¹(5/8), Φ⁻¹(7/8), from a table.
const OCTILES = [-1.15034938, -0.31863936, 0.31863936, 1.15034938];

test('the latent plane has z1 to the right and z2 upwards, at quantiles of N(0, 1)', async () => {
  const sheet = await manifoldFigure(new Transparent(), SHAPE, { size: 4, title: 'plane' });
  const images = [3, 2, 1, 0].flatMap((row) => OCTILES.flatMap((z1) => pair([z1, OCTILES[row] as number])));
  const axis = ['−1.15', '−0.32', '0.32', '1.15'];
  const expected = gridSheet(Float32Array.from(images), {
    columns: 4,
    imageShape: SHAPE,
    title: 'plane',
    columnLabels: axis,
    rowLabels: axis.toReversed(),
    caption: 'across: z1, up: z2, at equal steps of probability of N(0, 1)',
    gap: 0,
  });
  assertSameSheet(sheet, expected);
});

test('the plane of a conditional model shows one class; linear steps go from −3 to 3', async () => {
  const sheet = await manifoldFigure(new Transparent(3), SHAPE, { size: 3, label: 2, spacing: 'linear' });
  const steps = [-3, 0, 3];
  const images = steps.toReversed().flatMap((z2) => steps.flatMap((z1) => pair([z1, z2], 2)));
  const expected = gridSheet(Float32Array.from(images), {
    columns: 3,
    imageShape: SHAPE,
    title: 'The latent plane: each image is decoded from one point z',
    columnLabels: ['−3.00', '0.00', '3.00'],
    rowLabels: ['3.00', '0.00', '−3.00'],
    caption: 'across: z1, up: z2, at equal steps',
    gap: 0,
  });
  assertSameSheet(sheet, expected);
});

test('the steps of a plane are symmetric about 0 and rise', () => {
  for (const spacing of ['quantile', 'linear'] as const) {
    assert.equal(latentSteps(1, spacing), [0]);
    for (const size of [2, 5, 20]) {
      const steps = latentSteps(size, spacing);
      assert.is(steps.length, size);
      steps.forEach((z, i) => {
        assert.ok(Math.abs(z + (steps[size - 1 - i] as number)) < 1e-12);
        if (i > 0) assert.ok(z > (steps[i - 1] as number));
      });
    }
  }
});

test('rows share a style, columns the class', async () => {
  const sheet = await classStyleFigure(new Transparent(3), SHAPE, { styles: 2, seed: 5, title: 's' });
  const images = styles(2, 5).flatMap((z) => [0, 1, 2].flatMap((label) => pair(z, label)));
  const expected = gridSheet(Float32Array.from(images), {
    columns: 3,
    imageShape: SHAPE,
    title: 's',
    columnLabels: ['0', '1', '2'],
    rowLabels: ['style 1', 'style 2'],
  });
  assertSameSheet(sheet, expected);
});

test('samples are of the prior, and of each class in turn', async () => {
  const options = { columns: 3, rows: 2, seed: 9, title: 's' };
  const layout = { columns: 3, imageShape: SHAPE, title: 's' };
  const z = styles(6, 9);
  assertSameSheet(
    await samplesFigure(new Transparent(), SHAPE, options),
    gridSheet(Float32Array.from(z.flatMap((each) => pair(each))), layout),
  );
  assertSameSheet(
    await samplesFigure(new Transparent(3), SHAPE, options),
    gridSheet(Float32Array.from(z.flatMap((each, i) => pair(each, i % 3))), {
      ...layout,
      columnLabels: ['0', '1', '2'],
    }),
  );
});

test('each row of inputs has its reconstructions below it, also when the last row is not full', async () => {
  const white = [1, 1];
  for (const classes of [0, 2]) {
    for (const [count, rows] of [
      [
        6,
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ],
      [4, [[0, 1, 2], [3]]],
      [2, [[0, 1]]],
    ] as [number, number[][]][]) {
      const data = dataset(count);
      const image = (i: number): number[] => [...data.images.subarray(2 * i, 2 * i + 2)];
      const filled = (shown: number[][]): number[] => [...shown, white, white, white].slice(0, 3).flat();
      const images = rows.flatMap((row) => [
        ...filled(row.map(image)),
        ...filled(row.map((i) => image(i).map((x) => sigmoid(2 * (x - 0.5))))),
      ]);
      const sheet = await reconstructionFigure(new Transparent(classes), data, {
        columns: 3,
        rows: 2,
        title: 'r',
      });
      const expected = gridSheet(Float32Array.from(images), {
        columns: 3,
        imageShape: SHAPE,
        title: 'r',
        rowLabels: rows.flatMap(() => ['input', 'output']),
      });
      assertSameSheet(sheet, expected);
    }
  }
});

test('a sheet shows the first images only, as many as fit', async () => {
  const four = await reconstructionFigure(new Transparent(), dataset(4), { columns: 2, rows: 2 });
  const many = await reconstructionFigure(new Transparent(), dataset(50), { columns: 2, rows: 2 });
  assert.equal(many.pixels, four.pixels);
});

test('pictures are made in evaluation mode, and training goes on as before', async () => {
  for (const training of [true, false]) {
    const model = new Transparent(2).train(training);
    await reconstructionFigure(model, dataset(3), { columns: 3, rows: 1 });
    await samplesFigure(model, SHAPE, { columns: 2, rows: 1 });
    await manifoldFigure(model, SHAPE, { size: 2 });
    await classStyleFigure(model, SHAPE, { styles: 1 });
    assert.ok(model.modes.length >= 5 && model.modes.every((mode) => mode === false));
    assert.is(model.training, training);
  }
});

test('pictures leave the default generator alone and are the same for the same seed', async () => {
  const model = new VAE({ inputSize: 6, hidden: [4], latent: 2, generator: new Generator(1) });
  manualSeed(77);
  const draw = [...randn([3]).dataSync()];
  manualSeed(77);
  const first = await samplesFigure(model, [2, 3], { columns: 2, rows: 2, seed: 3 });
  const second = await samplesFigure(model, [2, 3], { columns: 2, rows: 2, seed: 3 });
  const other = await samplesFigure(model, [2, 3], { columns: 2, rows: 2, seed: 4 });
  assert.equal([...randn([3]).dataSync()], draw);
  assert.equal(first.pixels, second.pixels);
  assert.not.equal(first.pixels, other.pixels);
});

test('the library’s own models draw every figure, with either likelihood', async () => {
  const generator = new Generator(2);
  const size = { inputSize: 6, hidden: [4], latent: 2, generator };
  const data: Dataset = { ...dataset(6), images: new Float32Array(36).fill(0.5), imageShape: [2, 3] };
  for (const likelihood of [new Bernoulli(), new Gaussian({ learned: true })]) {
    const conditional = new ConditionalVAE({ ...size, classes: 2, likelihood });
    const sheets = [
      await reconstructionFigure(conditional, data, { columns: 3, rows: 2 }),
      await samplesFigure(conditional, [2, 3], { columns: 2, rows: 2 }),
      await manifoldFigure(new VAE({ ...size, likelihood }), [2, 3], { size: 3 }),
      await classStyleFigure(conditional, [2, 3], { styles: 3 }),
    ];
    const mean = noGrad(() => likelihood.mean(conditional.decode(randn([1, 2]), tensor([[1, 0]]))));
    assert.equal(mean.shape, [1, 6]);
    for (const { pixels } of sheets) assert.is(pixels.pixels.length, 3 * pixels.width * pixels.height);
  }
});

test('refuses a plane of another dimension, classes that are not there, and an empty axis', async () => {
  const message = (figure: Promise<Sheet>): Promise<string> =>
    figure.then(
      () => 'drawn',
      (error) => {
        assert.instance(error, ArgumentError);
        return error.message;
      },
    );
  const model = new VAE({ inputSize: 4, hidden: [3], latent: 5 });
  assert.is(
    await message(manifoldFigure(model, [2, 2])),
    'manifoldFigure: z has 5 dimensions — a plane needs 2',
  );
  assert.is(
    await message(classStyleFigure(model, [2, 2])),
    'classStyleFigure: the model is not conditional — use a model with classes, such as ConditionalVAE',
  );
  for (const size of [0, 2.5]) {
    assert.is(
      await message(manifoldFigure(new Transparent(), SHAPE, { size })),
      `manifoldFigure: size must be a whole number above 0, found ${size}`,
    );
  }
});

test.run();
