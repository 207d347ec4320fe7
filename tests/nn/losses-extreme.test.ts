/** Losses at the edges of float32, on reference and wasm: values are never NaN where they are defined, nor are gradients. */
import {
  createReference,
  createWasm,
  init,
  ShapeError,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import {
  bce,
  bceWithLogits,
  crossEntropy,
  type DiagonalGaussian,
  gaussianNll,
  klNormal,
  klNormalPerDimension,
  klStandardNormal,
  mse,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

await init({ backend: 'reference' });
const none = { reduction: 'none' } as const;
const numbers = (t: Tensor): number[] => [...t.dataSync()];
const { POSITIVE_INFINITY: INF } = Number;

const backends = [createReference(), createWasm({ threads: 1 })];
const on = (name: string, run: () => void): void => {
  for (const backend of backends) test(`${name} (${backend.name})`, () => withBackend(backend, run));
};

/** The values of a loss and the gradients of their sum for each argument. */
function valuesAndGradients(loss: (...args: Tensor[]) => Tensor, ...args: number[][]) {
  const inputs = args.map((values) => tensor(values).requiresGrad_());
  const values = loss(...inputs);
  values.sum().backward();
  return {
    values: numbers(values),
    gradients: inputs.map(({ grad }) => (grad === null ? [] : numbers(grad))),
  };
}

on('bceWithLogits: an infinite logit costs 0 if it is right, and infinitely much otherwise', () => {
  const logits = [INF, INF, INF, -INF, -INF, -INF];
  const targets = [1, 0, 0.5, 0, 1, 0.5];
  const { values, gradients } = valuesAndGradients((x) => bceWithLogits(x, tensor(targets), none), logits);
  assert.equal(values, [0, INF, INF, 0, INF, INF]);
  assert.equal(gradients[0], [0, 1, 0.5, 0, -1, -0.5], 'σ(x) − t');
});

on('bceWithLogits: relative error below 1e-6 for large logits and targets near 0 and 1', () => {
  for (const x of [-300, -90, -30, -17, -5, -0.5, 0.5, 5, 17, 30, 90, 300])
    for (const distance of [0, 1e-7, 1e-5, 1e-3, 0.1, 0.4])
      for (const target of [distance, 1 - distance].map(Math.fround)) {
        // in float64, with 1 − t of the float32 target
        const wanted = Math.abs(x) * (x > 0 ? 1 - target : target) + Math.log1p(Math.exp(-Math.abs(x)));
        const found = bceWithLogits(tensor([x]), tensor([target])).itemSync();
        assert.ok(Math.abs(found - wanted) <= 1e-6 * wanted + 1e-44, `${x}, ${target}: ${found}, ${wanted}`);
      }
});

on(
  'bce: certain predictions have gradient 0 if they are right, and PyTorch’s limit if they are wrong',
  () => {
    const { values, gradients } = valuesAndGradients(
      (p) => bce(p, tensor([1, 0, 0, 1, 0.5, 0.5]), none),
      [1, 0, 1, 0, 1, 0],
    );
    assert.equal(values, [0, 0, 100, 100, 50, 50]);
    assertClose(gradients[0]!, [0, 0, 1e12, -1e12, 5e11, -5e11], { rtol: 1e-6 });
    const near = valuesAndGradients((p) => bce(p, tensor([1, 0]), none), [1e-30, 1e-9]);
    assertClose(near.values, [-Math.log(1e-30), 1e-9], { rtol: 1e-6 });
    assertClose(near.gradients[0]!, [-1e12, 1], { rtol: 1e-6 });
    assert.equal(bce(tensor([1, 0]), tensor([1, 0])).itemSync(), 0);
  },
);

test('bce refuses what is no probability', () => {
  const half = tensor([0.5]);
  refuses(
    () => bce(tensor([1.2]), half),
    'bce: probabilities lie in [0, 1], but range from 0 to 1.2000000476837158 — use bceWithLogits for logits',
  );
  refuses(
    () => bce(tensor([-1]), half),
    'bce: probabilities lie in [0, 1], but range from -1 to 0 — use bceWithLogits for logits',
  );
  refuses(() => bce(tensor([Number.NaN]), half), 'bce: probabilities contain NaN — they lie in [0, 1]');
});

const LOG_VARS = [-300, -200, -177, -100, -50, -3, 0, 3, 50, 88, 100, 177, 200, 300];
const DIFFERENCES = [0, 1e-20, 1e-3, 1, 30, 1e20, -1, -1e20];

/** ½(ln 2π + v + d²e^−v) in float64. */
const nll = (d: number, v: number): number =>
  0.5 * (Math.log(2 * Math.PI) + v + (d === 0 ? 0 : Math.exp(2 * Math.log(Math.abs(d)) - v)));
const LARGEST = 3.4e38;

on('gaussianNll: right over the whole range, with gradients that are never NaN', () => {
  for (const v of LOG_VARS)
    for (const d of DIFFERENCES) {
      const { values, gradients } = valuesAndGradients(
        (mu, lv) => gaussianNll(mu, lv, zeros([1]), none),
        [d],
        [v],
      );
      const wanted = nll(Math.fround(d), v);
      const what = `d ${d}, logVar ${v}`;
      // the squares overflow before they are halved
      if (wanted > LARGEST / 2) assert.is(values[0], INF, what);
      else assertClose(values, [wanted], { rtol: 2e-4, atol: 1e-5 }); // e^(v/2) of a float32 v = 300 has 1e-5
      if (wanted > 1e30) continue;
      const excess = wanted - nll(0, v); // ½ d²/σ²
      const slope = d === 0 ? 0 : Math.sign(d) * Math.exp(Math.log(Math.abs(d)) - v);
      if (Math.abs(slope) < LARGEST) assertClose(gradients[0]!, [slope], { rtol: 2e-4, atol: 1e-40 });
      else assert.is(gradients[0]![0], slope > 0 ? INF : -INF, what);
      assertClose(gradients[1]!, [0.5 - excess], { rtol: 2e-4, atol: 1e-6 });
    }
  assert.ok(Math.abs(gaussianNll(tensor([3]), -200, tensor([3])).itemSync() + 99.081) < 1e-3);
});

on('klNormal: 0 where the Gaussians agree, never negative and never NaN', () => {
  const at = (q: [number, number], p: [number, number]) =>
    valuesAndGradients(
      (a, b, c, d) => klNormalPerDimension({ mu: a, logVar: b }, { mu: c, logVar: d }),
      [q[0]],
      [q[1]],
      [p[0]],
      [p[1]],
    );
  for (const v of LOG_VARS)
    for (const w of LOG_VARS)
      for (const d of DIFFERENCES) {
        const { values, gradients } = at([d, v], [0, w]);
        const r = v - w;
        const square = d === 0 ? 0 : Math.exp(2 * Math.log(Math.abs(Math.fround(d))) - w);
        const wanted = 0.5 * (square + Math.expm1(r) - r);
        const what = `d ${d}, logVar ${v}, ${w}: ${values[0]}, ${wanted}`;
        if (wanted > LARGEST) assert.is(values[0], INF, what);
        else assertClose(values, [wanted], { rtol: 2e-4, atol: 1e-7 });
        if (values[0]! < INF) assert.not.ok(gradients.flat().some(Number.isNaN), what);
      }
  const sharp: DiagonalGaussian = { mu: tensor([[2]]), logVar: tensor([[-100]]) };
  assert.is(klNormal(sharp, sharp).itemSync(), 0);
  assert.is(klNormal({ mu: tensor([[2]]), logVar: tensor([[0]]) }, sharp).itemSync(), INF);
});

on('klStandardNormal: relative error below 1e-6 near the prior', () => {
  for (const v of [1e-7, -1e-7, 1e-5, -1e-4, 1e-3, -0.01, 0.1, -0.3, 0.36, -0.36, 1, -2, 5, -90, 80, 89]) {
    const logVar = Math.fround(v);
    // the Taylor series in float64 where the difference cancels
    const excess =
      Math.abs(v) < 0.01
        ? logVar ** 2 / 2 + logVar ** 3 / 6 + logVar ** 4 / 24
        : Math.exp(logVar) - 1 - logVar;
    const found = klStandardNormal(zeros([1, 1]), tensor([[v]])).itemSync();
    assert.ok(Math.abs(found - excess / 2) <= 1e-6 * excess, `${v}: ${found}, ${excess / 2}`);
  }
  assert.is(klStandardNormal(zeros([1, 1]), tensor([[INF]])).itemSync(), INF);
  assert.is(klStandardNormal(zeros([1, 1]), tensor([[-INF]])).itemSync(), INF);
});

/** −Σ t·logSoftmax at each position of `[N, C, d]` in float64. */
function crossEntropies(
  logits: readonly number[],
  probabilities: readonly number[],
  [n, c, d]: [number, number, number],
) {
  const found: number[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < d; i++) {
      const column = Array.from({ length: c }, (_, k) => (b * c + k) * d + i);
      const logSum = Math.log(column.reduce((sum, at) => sum + Math.exp(logits[at]!), 0));
      found.push(
        column.reduce(
          (sum, at) => sum + (probabilities[at]! === 0 ? 0 : probabilities[at]! * (logSum - logits[at]!)),
          0,
        ),
      );
    }
  return found;
}

on('crossEntropy: the classes are axis 1, for class numbers and for probabilities', () => {
  const [n, c, d] = [2, 3, 4];
  const logits = Array.from({ length: n * c * d }, (_, i) => Math.sin(3 * i) * 4);
  const x = tensor(logits, { shape: [n, c, d] });
  const classes = Array.from({ length: n * d }, (_, i) => (i * 5) % c);
  const oneHot = logits.map((_, i) =>
    Number(classes[Math.floor(i / (c * d)) * d + (i % d)] === Math.floor(i / d) % c),
  );
  const probabilities = logits.map((_, i) => (Math.floor(i / d) % c === 0 ? 0.5 : 0.25));
  for (const [target, weights] of [
    [tensor(classes, { shape: [n, d] }), oneHot],
    [tensor(probabilities, { shape: [n, c, d] }), probabilities],
  ] as [Tensor, number[]][]) {
    const wanted = crossEntropies(logits, weights, [n, c, d]);
    const total = wanted.reduce((a, b) => a + b, 0);
    const found = crossEntropy(x, target, none);
    assert.equal(found.shape, [n, d]);
    assertClose(numbers(found), wanted, { rtol: 1e-5 });
    assertClose(crossEntropy(x, target, { reduction: 'sum' }), total, { rtol: 1e-5 });
    assertClose(crossEntropy(x, target), total / (n * d), { rtol: 1e-5 });
    const image = (t: Tensor) => t.reshape([...t.shape.slice(0, -1), 2, 2]);
    assertClose(numbers(crossEntropy(image(x), image(target), none)), wanted, { rtol: 1e-5 });
  }
  const one = tensor([1, 2, 3]);
  const wanted = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 2;
  assertClose(crossEntropy(one, tensor(1)), wanted, { rtol: 1e-6 });
  assertClose(crossEntropy(one, tensor([0, 1, 0])), wanted, { rtol: 1e-6 });
});

on('crossEntropy: an impossible class that does not occur costs nothing', () => {
  const { values, gradients } = valuesAndGradients(
    (x) => crossEntropy(x, tensor([0.5, 0, 0.5]), none),
    [0, -INF, 0],
  );
  assertClose(values, [Math.LN2], { rtol: 1e-6 });
  assertClose(gradients[0]!, [0, 0, 0], { atol: 1e-7 });
  assert.is(crossEntropy(tensor([0, -INF]), tensor([0.5, 0.5])).itemSync(), INF);
});

test('crossEntropy refuses classes that do not exist', () => {
  const x = tensor([[1, 2, 3]]);
  for (const wrong of [3, -1, 0.5, Number.NaN])
    refuses(
      () => crossEntropy(x, tensor([wrong])),
      `crossEntropy: target contains ${wrong} — class numbers are whole numbers from 0 to 2`,
    );
});

test('no loss broadcasts to a larger result', () => {
  const [two, threeTwo] = [zeros([2]), zeros([3, 2])];
  const [mu, wide] = [
    { mu: two, logVar: two },
    { mu: threeTwo, logVar: threeTwo },
  ];
  const calls: Record<string, () => unknown> = {
    bceWithLogits: () => bceWithLogits(two, threeTwo),
    bce: () => bce(two, threeTwo),
    mse: () => mse(two, threeTwo),
    'gaussianNll, mu': () => gaussianNll(threeTwo, 0, two),
    'gaussianNll, target': () => gaussianNll(two, 0, threeTwo),
    'gaussianNll, logVar': () => gaussianNll(two, threeTwo, two),
    'gaussianNll, one more axis': () => gaussianNll(two, zeros([1, 2]), two),
    'gaussianNll, mu 0': () => gaussianNll(0, threeTwo, two),
    klStandardNormal: () => klStandardNormal(two, threeTwo),
    'klNormal, p': () => klNormal(mu, wide),
    'klNormal, logVar': () => klNormal({ mu: two, logVar: threeTwo }, mu),
    klNormalPerDimension: () => klNormalPerDimension(mu, wide),
    crossEntropy: () => crossEntropy(zeros([1, 2]), zeros([3, 2])),
  };
  for (const [name, call] of Object.entries(calls))
    assert.throws(call, (error: unknown) => error instanceof ShapeError, name);
  refuses(
    () => gaussianNll(two, threeTwo, two),
    'gaussianNll: logVar [3, 2] does not broadcast to the shape of mu and target, [2] — expand mu and target',
  );
  assert.equal(gaussianNll(threeTwo, two, threeTwo, none).shape, [3, 2]);
  assert.equal(gaussianNll(threeTwo, zeros([3, 1]), threeTwo, none).shape, [3, 2]);
  assert.equal(gaussianNll(0, -1, threeTwo, none).shape, [3, 2]);
});

test.run();
