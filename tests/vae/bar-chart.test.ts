/** Bar charts: places and heights of the bars, and the chart of KLs. */
import { barChart, klChart, lossChart } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isWellFormed } from '../helpers/svg.js';

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
  assert.ok(isWellFormed(svg));
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

test.run();
