/** Line charts: the SVG is well-formed, and reading the curves off by the axes gives the data back. */
import { Generator } from '@varigrad/core';
import { type EpochResult, type LineChartOptions, type Losses, lineChart, lossChart } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { axisOf } from '../../packages/vae/src/figures/chart.js';
import { isWellFormed, textsOf } from '../helpers/svg.js';

/** The line through points (place on the page, value): it is fitted to the first and last and must meet all. */
function axis(places: readonly (readonly [at: number, value: number])[]): (at: number) => number {
  assert.ok(places.length >= 2, 'an axis has at least two ticks');
  const [first, last] = [places[0], places.at(-1)] as [[number, number], [number, number]];
  const value = (at: number): number =>
    first[1] + ((at - first[0]) * (last[1] - first[1])) / (last[0] - first[0]);
  for (const [at, tick] of places) {
    assert.ok(Math.abs(value(at) - tick) < 1e-3 * Math.abs(last[1] - first[1]), `tick ${tick}`);
  }
  return value;
}

/** The curves of a chart in the units of its axes, read as a person would: by the numbers at the ticks. */
function readCurves(svg: string): [number, number][][] {
  const ticks = textsOf(svg).filter(({ text }) => /^−?[\d.]+$/.test(text));
  const parse = (text: string): number => Number(text.replace('−', '-'));
  const xAxis = axis(ticks.filter((t) => t.anchor === 'middle').map((t) => [t.x, parse(t.text)] as const));
  const yAxis = axis(ticks.filter((t) => t.anchor === 'end').map((t) => [t.y - 4, parse(t.text)] as const));
  return [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path = '']) =>
    [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [xAxis(Number(x)), yAxis(Number(y))]),
  );
}

const chart = (series: LineChartOptions['series'], rest: Partial<LineChartOptions> = {}): string =>
  lineChart({ title: 'Loss', xLabel: 'epoch', yLabel: 'nats per image', series, ...rest });

const losses: LineChartOptions['series'] = [
  {
    name: 'train',
    points: [
      [1, 165.2],
      [2, 121.9],
      [3, 114.7],
      [10, 106.2],
    ],
  },
  {
    name: 'test',
    points: [
      [1, 127.9],
      [2, 116.0],
      [3, 112.1],
      [10, 105.6],
    ],
  },
];

function assertSame(
  read: readonly (readonly [number, number])[],
  points: readonly (readonly [number, number])[],
) {
  assert.is(read.length, points.length);
  const spans = [0, 1].map((axisIndex) => {
    const values = points.map((point) => point[axisIndex] as number);
    return Math.max(...values) - Math.min(...values) || 1;
  });
  read.forEach((point, i) => {
    for (const a of [0, 1] as const) {
      const difference = Math.abs(point[a] - (points[i]?.[a] as number));
      assert.ok(difference < 2e-3 * (spans[a] as number), `point ${i}: ${point} for ${points[i]}`);
    }
  });
}

test('the curves, read off by the axes, are the data', () => {
  const read = readCurves(chart(losses));
  assert.is(read.length, 2);
  for (const [i, { points }] of losses.entries()) assertSame(read[i] as [number, number][], points);
});

test('larger x is further right, larger y higher up', () => {
  const path = /<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/.exec(
    chart([
      {
        name: 'rising',
        points: [
          [0, -5],
          [1, 5],
        ],
      },
    ]),
  );
  const [x0, y0, x1, y1] = (path ?? []).slice(1).map(Number) as [number, number, number, number];
  assert.ok(x1 > x0);
  assert.ok(y1 < y0, 'the page’s y grows downwards');
});

test('the same holds for data of any size and sign', () => {
  const generator = new Generator(4);
  for (const size of [1e-6, 0.01, 1, 3e3, 1e9]) {
    for (const offset of [-2, 0, 5]) {
      const points = Array.from(
        generator.words(60),
        (w, i) => [0.25 * i, (w / 2 ** 32 + offset) * size] as const,
      );
      const [read] = readCurves(chart([{ name: 'a', points }]));
      assertSame(read as [number, number][], points);
    }
  }
});

test('everything is said that a stranger needs: title, both axes with units, the name of each line', () => {
  const texts = textsOf(chart(losses)).map(({ text }) => text);
  for (const wanted of ['Loss', 'epoch', 'nats per image', 'train', 'test']) {
    assert.is(texts.filter((text) => text === wanted).length, 1, wanted);
  }
});

test('a line has the colour of its name in the legend, and no two lines share one', () => {
  const many = Array.from({ length: 8 }, (_, i) => ({
    name: `s${i}`,
    points: [[0, i] as const, [1, i] as const],
  }));
  const svg = chart(many);
  const curves = [...svg.matchAll(/<path [^>]*stroke="(#\w+)"/g)].map((match) => match[1]);
  const legend = [...svg.matchAll(/<line [^>]*stroke="(#\w+)" stroke-width="3"\/><text[^>]*>(s\d)</g)];
  assert.equal(
    legend.map((match) => match[2]),
    many.map(({ name }) => name),
  );
  assert.equal(
    legend.map((match) => match[1]),
    curves,
  );
  assert.is(new Set(curves).size, 8);
});

test('the file is well-formed, whatever the texts', () => {
  assert.ok(isWellFormed(chart(losses)));
  const hard = '<b>&amp; "quoted" ]]> \'x\'';
  const svg = chart([{ name: hard, points: [[0, 1]] }], { title: hard, xLabel: hard, yLabel: hard });
  assert.ok(isWellFormed(svg));
  assert.is(textsOf(svg).filter(({ text }) => text === hard).length, 4);
  for (const bad of ['<svg><text></svg></text>', '<svg>', '<svg>a < b</svg>', '<svg>a & b</svg>']) {
    assert.not.ok(isWellFormed(bad), bad);
  }
});

test('all that is drawn lies on the page, long names too', () => {
  const svg = chart([{ name: 'a name of forty letters, or nearly so ...', points: [[0, 5]] }], {
    width: 700,
  });
  for (const { x, text } of textsOf(svg)) {
    if (!Number.isNaN(x))
      assert.ok(x >= 0 && x + (text.startsWith('a name') ? 7 * text.length : 0) <= 700, text);
  }
  for (const [, x = '', y = ''] of svg.matchAll(/<circle cx="([\d.-]+)" cy="([\d.-]+)"/g)) {
    assert.ok(Number(x) >= 0 && Number(x) <= 700 && Number(y) >= 0 && Number(y) <= 460);
  }
});

test('values that are not finite leave a gap', () => {
  const points = [
    [0, 1],
    [1, 2],
    [2, Number.NaN],
    [3, Number.POSITIVE_INFINITY],
    [4, 3],
    [5, 4],
  ] as const;
  const svg = chart([{ name: 'a', points }]);
  assert.not.match(svg, /NaN|Infinity/);
  const path = /<path d="([^"]*)"/.exec(svg)?.[1] ?? '';
  assert.is(path.replaceAll(/[^ML]/g, ''), 'MLML');
});

test('no data, one point and one value make a chart as well', () => {
  const constant = [0, 1, 2].map((x) => [x, 87.7] as const);
  const nearly = [0, 1, 2].map((x) => [x, 0.1 + 0.2 + x * 5e-17] as const);
  for (const series of [[], [{ name: 'a', points: [] }], [{ name: 'a', points: [[1, 105.5] as const] }]]) {
    const svg = chart(series);
    assert.ok(isWellFormed(svg));
    assert.not.match(svg, /NaN|Infinity|undefined/);
  }
  for (const points of [constant, nearly]) {
    const [read] = readCurves(chart([{ name: 'a', points }]));
    for (const [i, [x, y]] of (read as [number, number][]).entries()) {
      assert.ok(Math.abs(x - i) < 0.01 && Math.abs(y - (points[i]?.[1] as number)) < 0.5);
    }
  }
});

test('epochs are counted in whole numbers', () => {
  for (const last of [1, 2, 3, 5, 7]) {
    const points = Array.from({ length: last }, (_, i) => [i + 1, 0.5 ** i] as const);
    const ticks = textsOf(chart([{ name: 'a', points }])).filter(
      (t) => t.anchor === 'middle' && !/^[a-z]/.test(t.text),
    );
    assert.ok(
      ticks.every(({ text }) => /^\d+$/.test(text)),
      ticks.map((t) => t.text).join(),
    );
    assert.is(new Set(ticks.map(({ text }) => text)).size, ticks.length);
  }
});

test('ticks are round numbers, evenly spaced, that cover the values closely', () => {
  const generator = new Generator(6);
  for (let round = 0; round < 300; round++) {
    const [a, b, c] = Array.from(generator.words(3), (w) => w / 2 ** 32) as [number, number, number];
    const low = (a - 0.5) * 10 ** (12 * c - 6);
    const high = low + (0.01 + b) * 10 ** (12 * c - 6);
    const { ticks: all } = axisOf([high, low], [0, 1], 4);
    const ticks = all.map(({ value }) => value);
    const step = (ticks[1] as number) - (ticks[0] as number);
    const mantissa = Number(step.toExponential(6).split('e')[0]);
    assert.ok(
      [1, 2, 5].some((m) => Math.abs(mantissa - m) < 1e-4),
      `step ${step} of ${low} … ${high}`,
    );
    for (let i = 1; i < ticks.length; i++) {
      const difference = (ticks[i] as number) - (ticks[i - 1] as number);
      assert.ok(Math.abs(difference / step - 1) < 1e-4);
    }
    const slack = 1e-6 * step;
    assert.ok((ticks[0] as number) <= low + slack && (ticks[0] as number) > low - step - slack);
    assert.ok((ticks.at(-1) as number) >= high - slack && (ticks.at(-1) as number) < high + step + slack);
    assert.ok(ticks.length >= 3 && ticks.length <= 9, `${ticks.length} ticks`);
  }
});

/** Two epochs with these losses on both sets. */
const twoEpochs = (losses: Losses): EpochResult[] =>
  [1, 2].map((epoch) => ({ epoch, train: losses, test: losses, seconds: 1, msPerStep: 1 }));

const namesIn = (svg: string): string[] =>
  Array.from(
    svg.matchAll(/<text[^>]*>(train|validation|test) ([^<]+)</g),
    ([, set, name]) => `${set} ${name}`,
  );

test('a loss chart has −ELBO and its parts, the loss where it is another, and of an autoencoder only that', () => {
  const bound = lossChart(twoEpochs({ loss: 30, recon: 20, kl: 10 }));
  assert.equal(namesIn(bound), [
    'train −ELBO',
    'test −ELBO',
    'train recon',
    'test recon',
    'train KL',
    'test KL',
  ]);
  const weighted = lossChart(twoEpochs({ loss: 60, recon: 20, kl: 10 }), { heldOut: 'validation' });
  assert.equal(namesIn(weighted).slice(0, 4), [
    'train loss',
    'validation loss',
    'train −ELBO',
    'validation −ELBO',
  ]);
  const plain = lossChart(twoEpochs({ loss: 20, recon: 20, kl: 0 }), { targets: 'none' });
  assert.equal(namesIn(plain), ['train loss', 'test loss']);
  assert.ok(plain.includes('>Loss (targets: none)<'));
  assert.ok(bound.includes('>−ELBO and its parts<'));
});

test.run();
