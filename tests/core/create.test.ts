/** Creating tensors, and reading their values. */
import { inspect } from 'node:util';
import {
  arange,
  bernoulli,
  eye,
  full,
  Generator,
  linspace,
  manualSeed,
  oneHot,
  ones,
  parameter,
  rand,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf, stridesOf, unravelIndex } from '../../packages/core/src/shape.js';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

test('tensor: from numbers, nested arrays, flat values with a shape, and typed arrays', async () => {
  assert.equal(tensor(3).shape, []);
  assert.is(await tensor(3).toArray(), 3);
  const nested = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ];
  assert.equal(tensor(nested).shape, [1, 3, 2]);
  assert.equal(await tensor(nested).toArray(), nested);
  assert.equal(await tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray(), [
    [1, 2],
    [3, 4],
  ]);
  assert.equal(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { shape: [4] },
    ).shape,
    [4],
  );
  for (const values of [new Uint8Array([1, 255]), new Int32Array([-1, 2]), new Float64Array([0.5, 1])]) {
    assert.equal(numbers(tensor(values)), [...values]);
  }
  assert.equal(tensor(new Float32Array(6), { shape: [2, 3] }).shape, [2, 3]);
});

test('tensor: empty nested arrays keep their shape', async () => {
  assert.equal(tensor([]).shape, [0]);
  assert.equal(tensor([[], []]).shape, [2, 0]);
  assert.equal(await tensor([[], []]).toArray(), [[], []]);
  assert.equal(await zeros([0, 3]).toArray(), []);
  assert.equal(tensor([], { shape: [0, 5] }).shape, [0, 5]);
});

test('values are float32', () => {
  assert.is(tensor(0.1).itemSync(), Math.fround(0.1));
  assert.is(tensor(1e39).itemSync(), Number.POSITIVE_INFINITY);
});

test('values are copied when a tensor is created and when it is read', async () => {
  const source = new Float32Array([1, 2]);
  const shape = [2];
  const t = tensor(source, { shape });
  source[0] = 9;
  shape[0] = 7;
  for (const copy of [t.dataSync(), await t.data()]) copy[1] = 9;
  assert.equal(numbers(t), [1, 2]);
  assert.equal(t.shape, [2]);
});

test('item reads the only element of a tensor of any rank', async () => {
  assert.is(await tensor([[5]]).item(), 5);
  assert.is(tensor(6).itemSync(), 6);
});

test('zeros, ones, full, eye, and requiresGrad', () => {
  assert.equal(numbers(zeros([2, 2])), [0, 0, 0, 0]);
  assert.equal(numbers(ones([3])), [1, 1, 1]);
  assert.equal(numbers(full([], 7)), [7]);
  assert.equal(numbers(eye(3)), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  assert.equal(eye(0).shape, [0, 0]);
  assert.equal(numbers(eye(1)), [1]);
  for (const t of [
    tensor([1], { shape: [1], requiresGrad: true }),
    zeros([1], { requiresGrad: true }),
    rand([1], { requiresGrad: true }),
  ]) {
    assert.ok(t.requiresGrad && t.isLeaf);
  }
});

test('every function that creates a tensor accepts a name', () => {
  const p = full([2], 0.5);
  for (const t of [
    tensor([1], { name: 'x' }),
    zeros([1], { name: 'x' }),
    ones([1], { name: 'x' }),
    full([1], 2, { name: 'x' }),
    rand([1], { name: 'x' }),
    randn([1], { name: 'x' }),
    bernoulli(p, { name: 'x' }),
    randperm(2, { name: 'x' }),
  ]) {
    assert.is(t.label, 'x');
    assert.not(t.requiresGrad);
  }
  assert.is(tensor([1]).label, '');
});

test('arange excludes the end, as NumPy does', () => {
  assert.equal(numbers(arange(4)), [0, 1, 2, 3]);
  assert.equal(numbers(arange(2, 5)), [2, 3, 4]);
  assert.equal(numbers(arange(0, 5, 2)), [0, 2, 4]);
  assert.equal(numbers(arange(5, 0, -2)), [5, 3, 1]);
  assert.equal(arange(5, 0).shape, [0]);
  assert.equal(arange(0).shape, [0]);
  assert.equal(arange(-3).shape, [0]);
  assertClose(arange(0, 1, 0.25), [0, 0.25, 0.5, 0.75]);
  assert.equal(numbers(arange(0.5, 3)), [0.5, 1.5, 2.5]);
});

test('linspace includes both ends, exactly', () => {
  assert.equal(numbers(linspace(0, 1, 5)), [0, 0.25, 0.5, 0.75, 1]);
  assert.equal(numbers(linspace(3, 7, 1)), [3]);
  assert.equal(linspace(0, 1, 0).shape, [0]);
  assert.equal(numbers(linspace(1, -1, 3)), [1, 0, -1]);
  assert.is(numbers(linspace(0, 0.7, 1000)).at(-1), Math.fround(0.7));
});

test('oneHot writes a single 1 in each row', async () => {
  assert.equal(await oneHot([2, 0], 3).toArray(), [
    [0, 0, 1],
    [1, 0, 0],
  ]);
  assert.equal(await oneHot(new Uint8Array([1]), 2).toArray(), [[0, 1]]);
  assert.equal(oneHot([], 4).shape, [0, 4]);
});

test('random tensors depend only on the seed; generators are independent of the default one', () => {
  const draw = (): number[][] => [numbers(rand([5])), numbers(randn([5])), numbers(randperm(5))];
  manualSeed(3);
  const first = draw();
  manualSeed(3);
  rand([5], { generator: new Generator(9) });
  assert.equal(draw(), first);
  manualSeed(4);
  assert.not.equal(draw(), first);
  assert.equal(numbers(randperm(6)).sort(), [0, 1, 2, 3, 4, 5]);
  assert.equal(rand([0, 3]).shape, [0, 3]);
});

test('bernoulli samples 0 and 1 with the given probabilities, and stops the gradient', () => {
  const p = tensor([0, 1]).requiresGrad_().expand([500, 2]);
  const sample = bernoulli(p, { generator: new Generator(1) });
  assert.not(sample.requiresGrad);
  assert.equal(numbers(sample.sum({ axis: 0 })), [0, 500]);
  const quarter = bernoulli(full([10_000], 0.25), { generator: new Generator(2) })
    .mean()
    .itemSync();
  assert.ok(Math.abs(quarter - 0.25) < 5 * Math.sqrt((0.25 * 0.75) / 10_000), `mean ${quarter}`);
});

test('a parameter is a persistent copy of its values that requires a gradient', () => {
  const values = tensor([1, 2]);
  const w = parameter(values);
  assert.ok(w.requiresGrad && w.isLeaf && w.storage.persistent);
  w.assign(zeros([2]));
  assert.equal(numbers(values), [1, 2]);
  assert.equal(numbers(w), [0, 0]);
});

test('tensors print like PyTorch, also with console.log in Node', () => {
  const t = tensor([
    [1, 2],
    [3, 4.5],
  ]);
  assert.is(String(t), 'tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]])');
  assert.is(inspect(t), String(t));
  assert.is(String(tensor([1, 2]).requiresGrad_()), 'tensor([1., 2.], requiresGrad)');
  assert.is(String(tensor(3)), 'tensor(3.)');
  assert.is(String(zeros([0])), 'tensor([])');
});

test('methods are the free functions', () => {
  const t = tensor([
    [1, -2],
    [3, 4],
  ]);
  assert.equal(numbers(t.abs().add(1).transpose().sum({ axis: 0 })), [5, 9]);
  assert.equal(numbers(t.variance({ axis: 0, correction: 0 })), [1, 9]);
});

test('unravelIndex is the inverse of the row-major index', () => {
  for (const shape of [[2, 3, 4], [5], [1, 1], []]) {
    const strides = stridesOf(shape);
    for (let place = 0; place < sizeOf(shape); place++) {
      const index = unravelIndex(place, shape);
      assert.ok(
        index.length === shape.length && index.every((at, a) => at >= 0 && at < (shape[a] as number)),
      );
      assert.is(
        index.reduce((sum, at, a) => sum + at * (strides[a] as number), 0),
        place,
      );
    }
  }
});

test.run();
