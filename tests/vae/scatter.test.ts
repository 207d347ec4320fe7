/** Scatters of codes: reading the points off by the axes gives the data back, and an animation goes through all panels. */
import { ArgumentError, Generator } from '@varigrad/core';
import {
  codesOf,
  latentScatter,
  type ScatterPanel,
  scatterAnimation,
  scatterFigure,
  VAE,
} from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';
import { isWellFormed, number, textsOf } from '../helpers/svg.js';
import { dataset, Transparent } from '../helpers/transparent-model.js';

const COLORS = ['#0072b2', '#d55e00', '#009e73'];

/** The circles of each class below `y`, without the legend's, which have a fill of their own. */
function pointsOf(svg: string): { color: string; x: number; y: number; title: string }[] {
  return [...svg.matchAll(/<g fill="(#\w+)">(.*?)<\/g>/g)].flatMap(([, color = '', group = '']) =>
    [...group.matchAll(/<circle([^>]*)>(?:<title>([^<]*)<\/title>)?/g)].map(
      ([, attributes = '', title = '']) => ({
        color,
        x: number(attributes, 'cx'),
        y: number(attributes, 'cy'),
        title,
      }),
    ),
  );
}

/** From a place on the page to the value on an axis, by the first and the last number of its ticks. */
function axes(svg: string): [x: (at: number) => number, y: (at: number) => number] {
  const ticks = textsOf(svg)
    .filter(({ text }) => /^−?[\d.]+$/.test(text))
    .map((tick) => ({ ...tick, value: Number(tick.text.replace('−', '-')) }));
  return (['x', 'y'] as const).map((name) => {
    const own = ticks.filter(({ anchor }) => anchor === (name === 'x' ? 'middle' : 'end'));
    const [first, last] = [own[0]!, own.at(-1)!];
    const place = (tick: { x: number; y: number }): number => (name === 'x' ? tick.x : tick.y - 4);
    const perPixel = (last.value - first.value) / (place(last) - place(first));
    return (at: number) => first.value + (at - place(first)) * perPixel;
  }) as [(at: number) => number, (at: number) => number];
}

test('the points, read off by the axes, are the data, in the colour of their class', () => {
  const words = Array.from(new Generator(3).words(60), (word) => word / 2 ** 32);
  const points = words.map((word, i) => (i % 2 === 0 ? 3 + word : -40 * word));
  const labels = Array.from({ length: 30 }, (_, i) => i % 3);
  const svg = scatterFigure([{ title: 'a', points, labels }]);
  const [x, y] = axes(svg);
  const read = pointsOf(svg);
  assert.is(read.length, 30);
  for (const label of [0, 1, 2]) {
    const found = read.filter(({ color }) => color === COLORS[label]);
    const own = labels.flatMap((other, i) => (other === label ? [i] : []));
    assert.is(found.length, own.length);
    own.forEach((i, place) => {
      const point = found[place]!;
      const [left, top] = [points[2 * i]!, points[2 * i + 1]!];
      assert.ok(Math.abs(x(point.x) - left) < 0.01, `${x(point.x)} for ${left}`);
      assert.ok(Math.abs(y(point.y) - top) < 0.4, `${y(point.y)} for ${top}`);
      assert.is(point.title, `class ${label}: ${left.toFixed(2)}, ${top.toFixed(2)}`.replaceAll('-', '−'));
    });
  }
});

test('each axis fits its values: the points take most of the square', () => {
  const points = [100, -3, 101, 5, 100.4, 0];
  const read = pointsOf(scatterFigure([{ title: '', points, labels: [0, 0, 0] }], { size: 400 }));
  for (const name of ['x', 'y'] as const) {
    const places = read.map((point) => point[name]);
    const span = Math.max(...places) - Math.min(...places);
    assert.ok(span > 0.7 * 400 && span <= 400, `${name}: ${span} pixels`);
  }
});

test('with equal extents, the first axis goes to the right and the second one up, in equal units', () => {
  const svg = scatterFigure([{ title: 'a', points: [-3, 3, 3, -3, 0, 0], labels: [0, 1, 2] }]);
  const [a, b, c] = COLORS.map((color) => pointsOf(svg).find((point) => point.color === color)!);
  assert.ok(b!.x - a!.x > 100 && Math.abs(b!.x - a!.x - (b!.y - a!.y)) < 0.1);
  assert.ok(Math.abs((a!.x + b!.x) / 2 - c!.x) < 0.1 && Math.abs((a!.y + b!.y) / 2 - c!.y) < 0.1);
});

test('panels stand side by side with one legend, and the texts are escaped', () => {
  const panel = (title: string): ScatterPanel => ({ title, points: [0, 1, 1, 0], labels: [0, 2] });
  const svg = scatterFigure([panel('a < b'), panel('b & "c"')], { title: '<t>', axes: ['<x>', '<y>'] });
  assert.ok(isWellFormed(svg));
  const texts = textsOf(svg).map(({ text }) => text);
  for (const wanted of ['<t>', 'a < b', 'b & "c"']) assert.is(texts.filter((t) => t === wanted).length, 1);
  assert.is(texts.filter((t) => t === '<x>').length, 2);
  const legend = [...svg.matchAll(/<circle[^>]* fill="(#\w+)"\/><text[^>]*>(\d)</g)].map((m) => [m[2], m[1]]);
  assert.equal(legend, [
    ['0', COLORS[0]],
    ['2', COLORS[2]],
  ]);
  refuses(
    () => scatterFigure([{ title: '', points: [1, 2, 3], labels: [0] }]),
    'scatterFigure: 3 coordinates for 1 labels — give two for each',
  );
});

test('the scatter of a model shows its codes; a code of another dimension is refused', async () => {
  const model = new Transparent();
  const points = await codesOf(model, dataset(6));
  const { images, labels } = dataset(6);
  for (const [i, z] of points.entries()) assert.ok(Math.abs(z - 2 * ((images[i] as number) - 0.5)) < 1e-6);
  const expected = scatterFigure(
    [{ title: 'm', points: points.subarray(0, 8), labels: labels.subarray(0, 4) }],
    { title: 'Codes of the first 4 test images' },
  );
  assert.is(await latentScatter([{ title: 'm', model }], dataset(6), { count: 4 }), expected);
  try {
    await codesOf(new VAE({ inputSize: 2, hidden: [3], latent: 5 }), dataset(2));
    assert.unreachable();
  } catch (error) {
    assert.instance(error, ArgumentError);
    assert.is((error as Error).message, 'codesOf: z has 5 dimensions — a plane needs 2');
  }
});

test('an animation has fixed axes, shows each title in its turn and moves each point through all panels', () => {
  const panel = (scale: number): ScatterPanel => ({
    title: `after epoch ${scale}`,
    points: [scale, -scale, 0, 0],
    labels: [0, 1],
  });
  const panels = [1, 2, 4].map(panel);
  const svg = scatterAnimation(panels, { size: 400, step: 0.5, hold: 1 });
  assert.ok(isWellFormed(svg));
  assert.is(svg, scatterAnimation(panels, { size: 400, step: 0.5, hold: 1 }), 'the same bytes each time');

  const [x, y] = axes(svg);
  const [moving, resting] = [...svg.matchAll(/<circle [^>]*r="2.6">(.*?)<\/circle>/g)].map(([, moves = '']) =>
    ['cx', 'cy'].map((name) => {
      const [, values = '', times] = new RegExp(
        `attributeName="${name}" values="([^"]*)" keyTimes="([^"]*)" dur="2s"`,
      ).exec(moves)!;
      assert.is(times, '0;0.25;0.5;1', 'two steps of half a second, then one second of rest');
      return values.split(';').map(Number);
    }),
  ) as [[number[], number[]], [number[], number[]]];
  [1, 2, 4, 4].forEach((scale, i) => {
    assert.ok(Math.abs(x(moving[0][i]!) - scale) < 0.02 && Math.abs(y(moving[1][i]!) + scale) < 0.02);
    assert.ok(Math.abs(x(resting[0][i]!)) < 0.02 && Math.abs(y(resting[1][i]!)) < 0.02);
  });

  const titles = [
    ...svg.matchAll(
      /<g visibility="(\w+)"><text[^>]*>([^<]*)<\/text><animate[^>]* values="([^"]*)" keyTimes="([^"]*)"/g,
    ),
  ].map((match) => match.slice(1));
  assert.equal(titles, [
    ['visible', 'after epoch 1', 'visible;hidden', '0;0.25'],
    ['hidden', 'after epoch 2', 'hidden;visible;hidden', '0;0.25;0.5'],
    ['hidden', 'after epoch 4', 'hidden;visible', '0;0.5'],
  ]);
});

test('an animation of one panel is still; without panels or with other points it is refused', () => {
  const one: ScatterPanel = { title: 'only', points: [1, 2, 3, 4], labels: [0, 1] };
  const svg = scatterAnimation([one]);
  assert.ok(isWellFormed(svg) && !svg.includes('<animate') && svg.includes('>only<'));
  refuses(() => scatterAnimation([]), 'scatterAnimation: an animation needs at least one panel');
  refuses(
    () => scatterAnimation([one, { title: '', points: [1, 2], labels: [0] }]),
    'scatterAnimation: a panel has 2 coordinates and the first one 4 — all need the same points',
  );
});

test.run();
