/** Samples of categorical distributions by Gumbel noise: exact, relaxed and straight through. */
import { Generator, rand, type Tensor, tensor } from '@varigrad/core';
import { gumbel, gumbelSoftmax, hardMax, straightThrough } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const numbers = (t: Tensor): number[] => [...t.dataSync()];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

test('Gumbel-max: the argmax of logits + g has the frequencies softmax(logits)', () => {
  const logits = tensor([0.5, -1, 2, 0]);
  const wanted = numbers(logits.softmax());
  const count = 40_000;
  const found = numbers(
    hardMax(gumbel([count, 4], { generator: new Generator(7) }).add(logits)).mean({ axis: 0 }),
  );
  wanted.forEach((p, k) => {
    const error = Math.sqrt((p * (1 - p)) / count);
    assert.ok(Math.abs((found[k] as number) - p) < 4 * error, `category ${k}: ${found[k]}, not ${p}`);
  });
});

test('Gumbel noise: mean γ, variance π²/6, always finite', () => {
  const g = numbers(gumbel([200_000], { generator: new Generator(3) }));
  assert.ok(g.every(Number.isFinite));
  const mean = sum(g) / g.length;
  const variance = sum(g.map((v) => (v - mean) ** 2)) / g.length;
  assert.ok(Math.abs(mean - 0.5772156649) < (4 * Math.PI) / Math.sqrt(6 * g.length), `${mean}`);
  assert.ok(Math.abs(variance - Math.PI ** 2 / 6) < 0.04, `${variance}`);
});

test('a relaxed sample sums to one, and approaches the one-hot sample as the temperature falls', () => {
  const generator = new Generator(1);
  const logits = rand([50, 4], { generator }).mul(3);
  const noise = gumbel([50, 4], { generator });
  const hard = numbers(hardMax(logits.add(noise)));
  const distance = (temperature: number): number => {
    const soft = numbers(gumbelSoftmax(logits, noise, temperature));
    for (let row = 0; row < 50; row++) assert.ok(Math.abs(sum(soft.slice(4 * row, 4 * row + 4)) - 1) < 1e-5);
    return sum(soft.map((p, i) => Math.abs(p - (hard[i] as number)))) / 50;
  };
  const distances = [2, 1, 0.3, 0.001].map(distance);
  for (let i = 1; i < 4; i++) assert.ok((distances[i] as number) < (distances[i - 1] as number));
  assert.ok((distances[3] as number) < 0.05);
});

test('straight through: exactly the value of one tensor, and the gradient of the other', () => {
  const value = tensor([0.1, 0.7]);
  const source = tensor([3, -1e6], { requiresGrad: true });
  const through = straightThrough(value, source.square());
  assert.equal(numbers(through), numbers(value));
  through
    .mul(tensor([1, 2]))
    .sum()
    .backward();
  assert.equal(numbers(source.grad as Tensor), [6, -4e6]);
});

test('at any temperature above 0, a relaxed sample is finite: one-hot at the smallest ones', () => {
  for (const temperature of [1e-10, 1e-30, 1e-45, 1e-300]) {
    const logits = tensor([[1, 3, 2]], { requiresGrad: true });
    const z = gumbelSoftmax(logits, tensor([[0.5, 0, 0]]), temperature);
    z.mul(tensor([[1, 2, 3]]))
      .sum()
      .backward();
    assert.equal(numbers(z), [0, 1, 0]);
    assert.equal(numbers(logits.grad as Tensor), [0, 0, 0]);
  }
  const equal = gumbelSoftmax(tensor([[1, 1]]), tensor([[0, 0]]), 1e-300);
  assert.equal(numbers(equal), [0.5, 0.5]);
});

test.run();
