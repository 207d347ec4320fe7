/** Gradient clipping, on both CPU backends. */
import {
  backend,
  createReference,
  Generator,
  noGrad,
  parameter,
  randn,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { clipGradNorm, clipGradValue } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A parameter with a gradient. */
function withGrad(values: number | readonly number[]): Tensor {
  const p = parameter(zeros(typeof values === 'number' ? [] : [values.length]));
  p.grad = tensor(values as number[]);
  return p;
}

const gradient = (p: Tensor): number[] => [...p.grad!.dataSync()];

function near(found: number, expected: number, relative = 3e-7): void {
  assert.ok(
    Object.is(found, expected) || Math.abs(found - expected) <= relative * Math.abs(expected),
    `${found} against ${expected}`,
  );
}

for (const machine of [createReference(), backend()]) {
  const check = (name: string, f: () => void): void =>
    test(`${machine.name}: ${name}`, () => withBackend(machine, f));

  check('the norm is √(Σ g²) over all gradients, and they are scaled together', () => {
    const parameters = [withGrad([3, 0]), withGrad(4)];
    const norm = clipGradNorm(parameters, 1);
    assert.equal(norm.shape, []);
    assert.is(norm.itemSync(), 5);
    near(gradient(parameters[0]!)[0]!, 0.6);
    near(gradient(parameters[1]!)[0]!, 0.8);
  });

  check('random gradients agree with the definition in float64', () => {
    const generator = new Generator(1);
    for (const maxNorm of [0.01, 1, 100, 1e4]) {
      const parameters = [[3, 7], [50], [1], [4, 2, 5]].map((shape) => {
        const p = parameter(zeros(shape));
        p.grad = randn(shape, { generator });
        return p;
      });
      const before = parameters.map(gradient);
      const norm = Math.hypot(...before.flat());
      near(clipGradNorm(parameters, maxNorm).itemSync(), norm, 1e-6);
      const factor = Math.min(1, maxNorm / norm);
      parameters.forEach((p, i) => {
        gradient(p).forEach((g, j) => {
          near(g, factor * before[i]![j]!, 1e-6);
        });
        if (factor === 1) assert.equal(gradient(p), before[i], 'bit for bit');
      });
    }
  });

  check('gradients whose squares are beyond float32', () => {
    const huge = [withGrad(1e25), withGrad(1e25)];
    near(clipGradNorm(huge, 1).itemSync(), 1e25 * Math.SQRT2);
    for (const p of huge) near(gradient(p)[0]!, Math.SQRT1_2);

    const tiny = [withGrad(1e-25), withGrad(1e-25)];
    near(clipGradNorm(tiny, 1).itemSync(), 1e-25 * Math.SQRT2);
    for (const p of tiny) assert.is(gradient(p)[0], Math.fround(1e-25));
    clipGradNorm(tiny, 1e-26);
    for (const p of tiny) near(gradient(p)[0]!, 1e-26 * Math.SQRT1_2);

    const mixed = [withGrad([1e25, 1]), withGrad(1e-25)];
    near(clipGradNorm(mixed, 1).itemSync(), 1e25);
    near(gradient(mixed[0]!)[0]!, 1);
    near(gradient(mixed[0]!)[1]!, 1e-25);
  });

  check('a norm beyond float32 is Infinity, and finite gradients are still scaled', () => {
    const parameters = [withGrad([3e38, 3e38]), withGrad(-3e38)];
    assert.is(clipGradNorm(parameters, 1).itemSync(), Number.POSITIVE_INFINITY);
    for (const g of parameters.flatMap(gradient)) near(Math.abs(g), 1 / Math.sqrt(3));
  });

  check('gradients of zero, and none', () => {
    const parameters = [withGrad([0, -0]), parameter(zeros([2]))];
    assert.is(clipGradNorm(parameters, 1).itemSync(), 0);
    assert.equal(gradient(parameters[0]!), [0, -0]);
    assert.is(parameters[1]!.grad, null);
    assert.is(clipGradNorm([parameter(zeros([2]))], 1).itemSync(), 0);
    assert.is(clipGradNorm([withGrad([])], 1).itemSync(), 0);
  });

  check('NaN and Infinity: the norm shows them, and no gradient changes', () => {
    for (const [bad, expected] of [
      [Number.NaN, Number.NaN],
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ] as const) {
      const parameters = [withGrad([1, bad]), withGrad(30)];
      assert.ok(Object.is(clipGradNorm(parameters, 1).itemSync(), expected));
      assert.equal(parameters.flatMap(gradient), [1, bad, 30]);
    }
    const both = [withGrad([Number.NaN, Number.POSITIVE_INFINITY])];
    assert.ok(Number.isNaN(clipGradNorm(both, 1).itemSync()));
  });

  check('a parameter that is given twice, and a gradient that two parameters share, count once', () => {
    const p = withGrad([3, 4]);
    assert.is(clipGradNorm([p, p], 10).itemSync(), 5);
    const q = parameter(zeros([2]));
    q.grad = p.grad;
    assert.is(clipGradNorm([p, q], 1).itemSync(), 5);
    gradient(q).forEach((g, i) => {
      near(g, [0.6, 0.8][i]!);
    });
  });

  check('clipGradValue limits each element', () => {
    const parameters = [withGrad([-3, 0.5, Number.NaN]), withGrad(7)];
    clipGradValue(parameters, 2);
    assert.equal(parameters.flatMap(gradient), [-2, 0.5, Number.NaN, 2]);
  });
}

test('the result has no tape, although the gradients have one', () => {
  const p = parameter(tensor([1, 2]));
  const square = p.mul(p).sum();
  square.backward(undefined, { createGraph: true });
  assert.ok(p.grad!.requiresGrad);
  assert.not.ok(clipGradNorm([p], 1).requiresGrad);
  near(Math.hypot(...gradient(p)), 1);
});

test('the gradients are clipped on their own backend', () => {
  const machine = createReference();
  const p = withBackend(machine, () => withGrad([30, 40]));
  const device = { ...machine, name: 'gpu', memory: 'device' } as const;
  const norm = withBackend(device, () => noGrad(() => clipGradNorm([p], 5)));
  assert.is(norm.itemSync(), 50);
  assert.is(norm.storage.backend, machine);
});

for (const limit of [0, -1, Number.NaN, undefined]) {
  test(`limits that are not above 0 are refused: ${limit}`, () => {
    const words = `must be a number above 0, found ${limit}`;
    assert.throws(() => clipGradNorm([], limit as number), `clipGradNorm: maxNorm ${words}`);
    assert.throws(() => clipGradValue([], limit as number), `clipGradValue: maxValue ${words}`);
  });
}

test.run();
