/** Further sheets, with the model whose pictures can be worked out by hand; and the files of animations and text previews. */
import { ArgumentError, Generator, rand, tensor } from '@varigrad/core';
import {
  barChart,
  classManifoldsFigure,
  classStyleFigure,
  codesOf,
  denoisingFigure,
  gridSheet,
  interpolationFigure,
  klChart,
  latentScatter,
  latentSteps,
  lossChart,
  Raster,
  sampledReconstructionFigure,
  scatterFigure,
  scatterFrames,
  slerp,
  terminalImages,
  traversalFigure,
  VAE,
} from '@varigrad/vae';
import { encodeApng } from '@varigrad/vae/node';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameSheet, dataset, pair, SHAPE, sigmoid, Transparent } from '../helpers/transparent-model.js';
import { refuses } from '../refuses.js';

const { images } = dataset(6);
const image = (i: number): number[] => [...images.subarray(2 * i, 2 * i + 2)];
/** The transparent model's code of an image, and what it decodes from a code. */
const code = (i: number): [number, number] => image(i).map((x) => 2 * (x - 0.5)) as [number, number];
const rebuilt = (i: number): number[] => image(i).map((x) => sigmoid(2 * (x - 0.5)));

test('noise, and what is left of it, stand below each image', async () => {
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
      title: 'The mean of p(x|z), and a draw from it',
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
    'interpolationFigure: the steps are a whole number above 1, not 1',
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
  await refusesLater(
    traversalFigure(new Transparent(), SHAPE, { dimensions: [2] }),
    'traversalFigure: z has dimensions 0 to 1, and no 2',
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

/** Places of pixels of exactly this colour: their mean. */
function centerOf(sheet: Raster, color: readonly number[]): [number, number] {
  const found: [number, number][] = [];
  for (let i = 0; i < sheet.width * sheet.height; i++) {
    if (color.every((c, channel) => sheet.pixels[3 * i + channel] === c))
      found.push([i % sheet.width, Math.floor(i / sheet.width)]);
  }
  const mean = (axis: 0 | 1): number => found.reduce((sum, at) => sum + at[axis], 0) / found.length;
  return [mean(0), mean(1)];
}

test('points of a scatter lie where the axes say, in the colour of their class', () => {
  // One point a class and no legend of the same size: the legend's discs are left out by their place.
  const sheet = scatterFigure([{ title: 'a', points: [-3, 3, 3, -3, 0, 0], labels: [0, 1, 2] }], {
    size: 200,
  });
  const crop = new Raster(200 + 72, sheet.height);
  for (let y = 0; y < sheet.height; y++) {
    const from = 3 * y * sheet.width;
    crop.pixels.set(sheet.pixels.subarray(from, from + 3 * crop.width), 3 * y * crop.width);
  }
  const [ax, ay] = centerOf(crop, [0, 0x72, 0xb2]);
  const [bx, by] = centerOf(crop, [0xd5, 0x5e, 0]);
  const [cx, cy] = centerOf(crop, [0, 0x9e, 0x73]);
  assert.ok(bx - ax > 100 && Math.abs(bx - ax - (by - ay)) < 1.5, 'to the right and down by as much');
  assert.ok(Math.abs((ax + bx) / 2 - cx) < 1 && Math.abs((ay + by) / 2 - cy) < 1);
  refuses(
    () => scatterFigure([{ title: '', points: [1, 2, 3], labels: [0] }]),
    'scatterFigure: 3 coordinates for 1 labels — two for each',
  );
});

test('the scatter of a model shows its codes; a code of another dimension is refused', async () => {
  const model = new Transparent();
  const points = await codesOf(model, dataset(6));
  for (const [i, z] of points.entries()) assert.ok(Math.abs(z - 2 * ((images[i] as number) - 0.5)) < 1e-6);
  const sheet = await latentScatter([{ title: 'm', model }], dataset(6), { count: 4 });
  const { labels } = dataset(6);
  const expected = scatterFigure(
    [{ title: 'm', points: points.subarray(0, 8), labels: labels.subarray(0, 4) }],
    {
      title: 'Codes of the first 4 test images',
    },
  );
  assert.equal(sheet.pixels, expected.pixels);
  await refusesLater(
    codesOf(new VAE({ inputSize: 2, hidden: [3], latent: 5 }), dataset(2)),
    'codesOf: z has 5 dimensions, and a plane has 2',
  );
});

test('frames of an animation have the same axes, and the first one is a PNG that any program reads', () => {
  const panel = (scale: number) => ({ title: `${scale}`, points: [scale, scale], labels: [0] });
  const frames = scatterFrames([panel(1), panel(4)], { size: 100 });
  const bytes = encodeApng(frames, { delay: 250, plays: 3 });
  const first = PNG.sync.read(Buffer.from(bytes)); // checks every chunk's CRC
  assert.equal([first.width, first.height], [frames[0]?.width, frames[0]?.height]);
  const rgb = first.data.filter((_, i) => i % 4 !== 3);
  assert.equal([...rgb], [...(frames[0] as Raster).pixels]);
  const text = Buffer.from(bytes).toString('latin1');
  assert.is(text.split('fcTL').length - 1, 2);
  assert.is(text.split('fdAT').length - 1 > 0, true);
  const acTL = Buffer.from(bytes).indexOf('acTL');
  assert.equal(
    [Buffer.from(bytes).readUInt32BE(acTL + 4), Buffer.from(bytes).readUInt32BE(acTL + 8)],
    [2, 3],
  );
  refuses(() => encodeApng([]), 'encodeApng: an animation has at least one frame');
  refuses(
    () => encodeApng([new Raster(2, 3), new Raster(4, 3)]),
    'encodeApng: a frame is 4 × 3 and the first one 2 × 3 — all have the same size',
  );
});

test('a later frame holds its own pixels', () => {
  const frames = [new Raster(3, 2, [255, 0, 0]), new Raster(3, 2, [0, 0, 255])];
  const bytes = Buffer.from(encodeApng(frames));
  // Give the second frame's data to a still file: IHDR, its fdAT without the sequence number, IEND.
  const at = bytes.indexOf('fdAT');
  const length = bytes.readUInt32BE(at - 4);
  const still = Buffer.concat([
    bytes.subarray(0, 33),
    chunk('IDAT', bytes.subarray(at + 8, at + 4 + length)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const { data } = PNG.sync.read(still, { checkCRC: false } as never);
  assert.equal([...data.subarray(0, 3)], [0, 0, 255]);
});

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  return Buffer.concat([head, Buffer.from(type), data, Buffer.alloc(4)]);
}

test('a preview has two pixels a character', () => {
  const picture = Float32Array.of(0, 1, 1, 0, 0.5, 0.5); // 3 × 2
  const esc = '\u001b[';
  assert.is(
    terminalImages(picture, { imageShape: [3, 2] }),
    [
      `${esc}38;2;0;0;0;48;2;255;255;255m▀${esc}38;2;255;255;255;48;2;0;0;0m▀${esc}0m`,
      `${esc}38;2;128;128;128;48;2;0;0;0m▀${esc}38;2;128;128;128;48;2;0;0;0m▀${esc}0m`,
    ].join('\n'),
  );
  const small = terminalImages(Float32Array.of(0, 1), { imageShape: [2, 1], depth: 8 });
  assert.is(small, `${esc}38;5;16;48;5;231m▀${esc}0m`);
  assert.is(terminalImages(new Float32Array(12), { imageShape: [2, 2], columns: 2 }).split('\n').length, 2);
  refuses(
    () => terminalImages(new Float32Array(3), { imageShape: [2, 2] }),
    'terminalImages: 3 values are no whole number of 2 × 2 images',
  );
});

test('bars stand on zero, as high as the axis says', () => {
  const svg = barChart({
    title: 'a < b',
    xLabel: 'x',
    yLabel: 'y',
    bars: [
      { label: 'p', value: 2 },
      { label: 'q', value: -1 },
      { label: 'r', value: Number.NaN },
    ],
  });
  const bars = [...svg.matchAll(/y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="#0072b2"/g)].map((m) => [
    Number(m[1]),
    Number(m[2]),
  ]) as [[number, number], [number, number]];
  assert.is(bars.length, 2);
  assert.ok(Math.abs(bars[0][1] - 2 * bars[1][1]) < 0.02, 'twice as high');
  assert.ok(
    Math.abs(bars[0][0] + bars[0][1] - bars[1][0]) < 0.02,
    'one ends where the other begins: at zero',
  );
  assert.ok(svg.includes('a &lt; b'));
});

test('the KL chart is sorted and tells which dimensions are in use; the loss chart has six lines', () => {
  const svg = klChart([0.001, 3, 1]);
  const titles = [...svg.matchAll(/<title>(z\d): /g)].map((m) => m[1]);
  assert.equal(titles, ['z2', 'z3', 'z1']);
  assert.is(svg.split('fill="#d55e00"').length - 1, 1);
  const losses = { loss: 3, recon: 2, kl: 1 };
  const chart = lossChart(
    [1, 2].map((epoch) => ({ epoch, train: losses, test: losses, seconds: 1, msPerStep: 1 })),
  );
  assert.is(chart.split('<path').length - 1, 6);
});

async function refusesLater(figure: Promise<unknown>, message: string): Promise<void> {
  try {
    await figure;
  } catch (error) {
    assert.instance(error, ArgumentError);
    assert.is((error as Error).message, message);
    return;
  }
  assert.unreachable(`not refused: ${message}`);
}

test.run();
