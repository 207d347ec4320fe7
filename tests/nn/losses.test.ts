import { Generator, rand, randn, tensor } from '@varigrad/core';
import { assertClose, gradcheck } from '@varigrad/core/testing';
import {
  bce,
  bceWithLogits,
  crossEntropy,
  gaussianNll,
  klNormal,
  klStandardNormal,
  mse,
  type Reduction,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const generator = new Generator(11);
const x = randn([4, 5], { generator });
const logVar = randn([4, 5], { generator });
const t = rand([4, 5], { generator });
const y = randn([4, 5], { generator });
const numbers = (a: typeof x) => Array.from(a.dataSync());
const zip = (f: (...values: number[]) => number, ...lists: number[][]) =>
  lists[0]!.map((_, i) => f(...lists.map((l) => l[i]!)));
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

test('elementwise losses equal their definitions in float64', () => {
  const none = { reduction: 'none' as const };
  const cross = zip(
    (l, p) => -(p * Math.log(sigmoid(l)) + (1 - p) * Math.log(1 - sigmoid(l))),
    numbers(x),
    numbers(t),
  );
  assertClose(bceWithLogits(x, t, none).flatten(), cross);
  assertClose(bce(x.sigmoid(), t, none).flatten(), cross, { rtol: 1e-4, atol: 1e-5 });
  assertClose(
    mse(x, y, none).flatten(),
    zip((a, b) => (a - b) ** 2, numbers(x), numbers(y)),
    { rtol: 1e-5, atol: 1e-6 },
  );
  const density = zip(
    (m, lv, v) =>
      -Math.log(Math.exp(-((v - m) ** 2) / (2 * Math.exp(lv))) / Math.sqrt(2 * Math.PI * Math.exp(lv))),
    numbers(x),
    numbers(logVar),
    numbers(y),
  );
  assertClose(gaussianNll(x, logVar, y, none).flatten(), density, { rtol: 1e-4, atol: 1e-5 });
  assertClose(gaussianNll(x, 0, x, { reduction: 'sum' }), 20 * 0.5 * Math.log(2 * Math.PI), { rtol: 1e-5 });
});

test('reductions: none, mean and sum', () => {
  const losses = [
    (o: { reduction?: Reduction }) => bceWithLogits(x, t, o),
    (o: { reduction?: Reduction }) => mse(x, y, o),
    (o: { reduction?: Reduction }) => klStandardNormal(x, logVar, o),
  ];
  for (const loss of losses) {
    const values = numbers(loss({ reduction: 'none' }));
    const sum = values.reduce((a, b) => a + b, 0);
    assertClose(loss({ reduction: 'sum' }), sum, { rtol: 1e-5 });
    assertClose(loss({}), sum / values.length, { rtol: 1e-5 });
  }
  assert.equal(klStandardNormal(x, logVar, { reduction: 'none' }).shape, [4]);
});

test('KL is 0 at the prior, never negative, and equal in both forms', () => {
  const zero = x.mul(0);
  assert.is(klStandardNormal(zero, zero).itemSync(), 0);
  for (let seed = 0; seed < 20; seed++) {
    const [mu, lv] = [randn([8, 3], { generator }).mul(2), randn([8, 3], { generator }).mul(3)];
    const prior = { mu: mu.mul(0), logVar: lv.mul(0) };
    const closed = klStandardNormal(mu, lv, { reduction: 'none' });
    for (const value of closed.dataSync()) assert.ok(value >= 0);
    assertClose(klNormal({ mu, logVar: lv }, prior, { reduction: 'none' }), closed, {
      rtol: 1e-4,
      atol: 1e-5,
    });
    assertClose(klNormal({ mu, logVar: lv }, { mu, logVar: lv }), 0, { atol: 1e-6 });
  }
});

test('KL of two Gaussians agrees with its Monte-Carlo estimate within three standard errors', () => {
  const draws = 200_000;
  const q = { mu: tensor([[0.3, -1]]), logVar: tensor([[-0.5, 0.4]]) };
  const p = { mu: tensor([[-0.2, 0.1]]), logVar: tensor([[0.7, -0.1]]) };
  const z = q.mu.add(
    q.logVar
      .mul(0.5)
      .exp()
      .mul(randn([draws, 2], { generator })),
  );
  const logDensity = ({ mu, logVar: lv }: typeof q) =>
    gaussianNll(mu.expand([draws, 2]), lv, z, { reduction: 'none' })
      .sum({ axis: 1 })
      .neg();
  const ratios = logDensity(q).sub(logDensity(p));
  const error = ratios.std().itemSync() / Math.sqrt(draws);
  assert.ok(Math.abs(ratios.mean().itemSync() - klNormal(q, p).itemSync()) < 3 * error);
});

test('extreme logits stay finite, and NaN is not hidden', () => {
  const extreme = tensor([-1e4, 1e4, 0]);
  const values = bceWithLogits(extreme, tensor([1, 0, 0.5]), { reduction: 'none' }).dataSync();
  assertClose(values, [1e4, 1e4, Math.log(2)]);
  assert.ok(Number.isNaN(mse(tensor([Number.NaN]), tensor([0])).itemSync()));
});

test('crossEntropy: by class number and by probabilities, unchanged by a shared offset', () => {
  const labels = tensor([0, 4, 2, 2]);
  const rows = x.dataSync();
  const expected = [0, 4, 2, 2].map((label, r) => {
    const row = [...rows.subarray(5 * r, 5 * r + 5)];
    return Math.log(row.reduce((a, v) => a + Math.exp(v), 0)) - row[label]!;
  });
  assertClose(crossEntropy(x, labels, { reduction: 'none' }), expected);
  assertClose(crossEntropy(x.add(500), labels, { reduction: 'none' }), expected, { rtol: 1e-3, atol: 1e-4 });
  const oneHot = tensor([
    [1, 0, 0, 0, 0],
    [0, 0, 0, 0, 1],
    [0, 0, 1, 0, 0],
    [0, 0, 1, 0, 0],
  ]);
  assertClose(crossEntropy(x, oneHot, { reduction: 'none' }), expected);
});

test('gradients of every loss, first and second order', () => {
  const check = { order: 2 as const };
  gradcheck((a) => bceWithLogits(a, tensor(numbers(t), { shape: [4, 5] })), [x], check);
  gradcheck((a) => bce(a, tensor(numbers(t), { shape: [4, 5] })), [t.mul(0.8).add(0.1)], check);
  gradcheck((a, b) => mse(a, b), [x, y], check);
  gradcheck((a, b, c) => gaussianNll(a, b, c), [x, logVar, y], check);
  gradcheck((a, b) => klStandardNormal(a, b), [x, logVar], check);
  gradcheck((a, b, c, d) => klNormal({ mu: a, logVar: b }, { mu: c, logVar: d }), [x, logVar, y, t], check);
  gradcheck((a) => crossEntropy(a, tensor([0, 4, 2, 2])), [x], check);
});

test('losses refuse wrong shapes, targets and reductions', () => {
  const two = tensor([[1, 2]]);
  refuses(() => bceWithLogits(x, two), 'bceWithLogits: shapes differ: [4, 5] and [1, 2]');
  refuses(
    () => bceWithLogits(two, tensor([[0, 255]])),
    'bceWithLogits: targets lie in [0, 1], but range from 0 to 255 — divide grey values by 255',
  );
  refuses(() => bce(t, t.mul(Number.NaN)), 'bce: targets contain NaN — they lie in [0, 1]');
  refuses(
    () => mse(two, two, { reduction: 'avg' as Reduction }),
    "mse: reduction must be one of 'none', 'mean', 'sum', found 'avg'",
  );
  refuses(
    () => crossEntropy(x, tensor([1, 2])),
    'crossEntropy: target [2] for logits [4, 5] — it must be class numbers [4] or probabilities [4, 5]',
  );
});

test.run();
