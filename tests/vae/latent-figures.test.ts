/** Sheets of reconstructions, paths and planes of z, with a model whose pictures can be computed by hand. */
import { Generator, rand, tensor } from '@varigrad/core';
import {
  classManifoldsFigure,
  classStyleFigure,
  denoisingFigure,
  gridSheet,
  interpolationFigure,
  latentSteps,
  sampledReconstructionFigure,
  slerp,
  traversalFigure,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusesLater } from '../helpers/refuses.js';
import { assertSameSheet, dataset, pair, SHAPE, sigmoid, Transparent } from '../helpers/transparent-model.js';

const { images } = dataset(6);
const image = (i: number): number[] => [...images.subarray(2 * i, 2 * i + 2)];
/** The transparent model's code of an image, and what it decodes from a code. */
const code = (i: number): [number, number] => image(i).map((x) => 2 * (x - 0.5)) as [number, number];
const rebuilt = (i: number): number[] => image(i).map((x) => sigmoid(2 * (x - 0.5)));

test('the noisy image and its reconstruction stand below each image', async () => {
  const sheet = await denoisingFigure(new Transparent(), dataset(3), {
    corruption: { kind: 'black', noise: rand, apply: (x) => x.mul(0) },
    columns: 3,
    rows: 1,
    title: 'd',
  });
  const black = [0, 0, 0, 0, 0, 0];
  const expected = gridSheet(
    Float32Array.from([...[0, 1, 2].flatMap(image), ...black, ...black.map(() => sigmoid(-1))]),
    { columns: 3, imageShape: SHAPE, title: 'd', rowLabels: ['clean', 'noisy', 'output'] },
  );
  assertSameSheet(sheet, expected);
});

test('a sampled reconstruction is black and white where the mean is grey', async () => {
  const model = new Transparent();
  const sheet = await sampledReconstructionFigure(model, dataset(2), { columns: 2, rows: 1, seed: 4 });
  const draw = model.likelihood.sample(tensor([code(0), code(1)]), new Generator(4)).dataSync();
  assert.ok(draw.every((x) => x === 0 || x === 1));
  const expected = gridSheet(
    Float32Array.from([...image(0), ...image(1), ...rebuilt(0), ...rebuilt(1), ...draw]),
    {
      columns: 2,
      imageShape: SHAPE,
      title: 'The mean of p(x|z), and a sample of it',
      rowLabels: ['input', 'mean', 'sample'],
    },
  );
  assertSameSheet(sheet, expected);
});

test('a linear walk goes through the middle, with both images at its ends', async () => {
  const sheet = await interpolationFigure(new Transparent(), dataset(4), { pairs: 2, steps: 3, title: 'w' });
  const row = (a: number, b: number): number[] => {
    const middle = code(a).map((z, i) => (z + (code(b)[i] as number)) / 2) as [number, number];
    return [...image(a), ...rebuilt(a), ...pair(middle), ...rebuilt(b), ...image(b)];
  };
  const expected = gridSheet(Float32Array.from([...row(0, 1), ...row(2, 3)]), {
    columns: 5,
    imageShape: SHAPE,
    title: 'w',
    columnLabels: ['input', 't=0.00', 't=0.50', 't=1.00', 'input'],
  });
  assertSameSheet(sheet, expected);
  await refusesLater(
    interpolationFigure(new Transparent(), dataset(4), { steps: 1 }),
    'interpolationFigure: steps must be a whole number of at least 2, found 1',
  );
});

test('a spherical walk stays on the circle at equal angles; parallel and zero vectors are joined straight', () => {
  const [east, north] = [Float32Array.of(2, 0), Float32Array.of(0, 2)];
  for (const t of [0, 0.25, 1 / 3, 1]) {
    const [x, y] = slerp(east, north, t) as unknown as [number, number];
    assert.ok(Math.abs(Math.hypot(x, y) - 2) < 1e-6);
    assert.ok(Math.abs(Math.atan2(y, x) - (t * Math.PI) / 2) < 1e-6);
  }
  assert.equal([...slerp(east, Float32Array.of(4, 0), 0.5)], [3, 0]);
  assert.equal([...slerp(Float32Array.of(0, 0), north, 0.5)], [0, 1]);
});

test('a traversal changes one coordinate of z and leaves the others', async () => {
  const around = [0.5, -1];
  const sheet = await traversalFigure(new Transparent(3), SHAPE, {
    around,
    steps: 3,
    dimensions: [1, 0],
    label: 2,
    title: 't',
  });
  const images = [
    ...[-3, 0, 3].flatMap((z) => pair([0.5, z], 2)),
    ...[-3, 0, 3].flatMap((z) => pair([z, -1], 2)),
  ];
  const expected = gridSheet(Float32Array.from(images), {
    columns: 3,
    imageShape: SHAPE,
    title: 't',
    columnLabels: ['−3.0', '0.0', '3.0'],
    rowLabels: ['z2', 'z1'],
  });
  assertSameSheet(sheet, expected);
  const first = await traversalFigure(new VAE({ inputSize: 2, hidden: [3], latent: 20 }), SHAPE);
  assert.is(first.caption, '10 of 20 dimensions');
  assert.is((await traversalFigure(new Transparent(), SHAPE)).caption, '');
  await refusesLater(
    traversalFigure(new Transparent(), SHAPE, { dimensions: [2] }),
    'traversalFigure: dimension 2 does not exist — z has dimensions 0 to 1',
  );
});

test('the plane of each class is one square of images', async () => {
  const sheet = await classManifoldsFigure(new Transparent(2), SHAPE, { size: 2, title: 'c' });
  const [low, high] = latentSteps(2, 'quantile') as [number, number];
  const square = (label: number): number[] =>
    [high, low].flatMap((z2) => [low, high].flatMap((z1) => pair([z1, z2], label)));
  const expected = gridSheet(Float32Array.from([...square(0), ...square(1)]), {
    columns: 2,
    imageShape: [2, 4],
    title: 'c',
    columnLabels: ['class 0', 'class 1'],
    caption: 'in each square, across: z1, up: z2, at equal steps of probability of N(0, 1)',
    scale: 1,
    gap: 6,
  });
  assertSameSheet(sheet, expected);
  await refusesLater(
    classManifoldsFigure(new Transparent(), SHAPE),
    'classManifoldsFigure: the model is not conditional — use a model with classes, such as ConditionalVAE',
  );
});

test('styles can be those of given images', async () => {
  const sheet = await classStyleFigure(new Transparent(2), SHAPE, {
    from: dataset(3),
    styles: 2,
    title: 's',
  });
  const row = (i: number): number[] => [...image(i), ...pair(code(i), 0), ...pair(code(i), 1)];
  const expected = gridSheet(Float32Array.from([...row(0), ...row(1)]), {
    columns: 3,
    imageShape: SHAPE,
    title: 's',
    columnLabels: ['input', '0', '1'],
    rowLabels: ['style 1', 'style 2'],
  });
  assertSameSheet(sheet, expected);
});

test.run();
