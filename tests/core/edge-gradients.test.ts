/** Gradients where functions are singular, cut off or saturated; powers and norms at their special points. */
import {
  createReference,
  createWasm,
  gradients,
  init,
  linear,
  logSoftmax,
  maxPool2d,
  softmax,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { Dropout } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradientOf, type Program, secondOf } from '../helpers/gradient-of.js';

await init({ backend: 'reference' });
const INF = Number.POSITIVE_INFINITY;

for (const backend of [createReference(), createWasm({ threads: 1 })]) {
  const on = (name: string, run: () => void): void => {
    test(`${name} (${backend.name})`, () => withBackend(backend, run));
  };

  /** Programs whose singular function is cut off at these values: 0, at both orders. */
  const cutOff: readonly (readonly [string, Program, number])[] = [
    ['relu, sqrt', (x) => x.relu().sqrt(), -1],
    ['relu, log', (x) => x.relu().log(), -1],
    ['relu, pow', (x) => x.relu().pow(0.5), -1],
    ['relu, reciprocal', (x) => x.relu().reciprocal(), -2],
    [
      'linear relu, sqrt',
      (x) => linear(x.reshape([1, 1]), tensor([[1]]), null, { activation: 'relu' }).sqrt(),
      -1,
    ],
    ['clamp, sqrt', (x) => x.clamp({ min: 0 }).sqrt(), -1],
    ['maximum, sqrt', (x) => x.maximum(0).sqrt(), -1],
    ['minimum, sqrt', (x) => x.minimum(0).neg().sqrt(), 1],
    ['sign, sqrt', (x) => x.sign().add(1).sqrt(), -1],
    ['abs, sqrt', (x) => x.abs().sqrt(), 0],
    ['floor, sqrt', (x) => x.floor().sqrt(), 0.5],
    ['leakyRelu with slope 0, sqrt', (x) => x.leakyRelu(0).sqrt(), -1],
    ['elu with alpha 0, sqrt', (x) => x.elu(0).abs().sqrt(), -1],
    ['exp, clamp', (x) => x.exp().clamp({ max: 1 }), 100],
    ['expm1, clamp', (x) => x.expm1().clamp({ max: 1 }), 100],
    ['exp2, minimum', (x) => x.exp2().minimum(1), 200],
    ['sinh, clamp', (x) => x.sinh().clamp({ max: 1 }), 100],
    ['cosh, clamp', (x) => x.cosh().clamp({ max: 1 }), 100],
    ['square, clamp', (x) => x.square().clamp({ max: 1 }), 3e38],
    ['sqrt, maximum', (x) => x.sqrt().maximum(1e-10), 0],
    ['log, clamp', (x) => x.log().clamp({ min: -100 }), 0],
    ['log1p, maximum', (x) => x.log1p().maximum(-10), -1],
    ['rsqrt, clamp', (x) => x.rsqrt().clamp({ max: 10 }), 0],
    ['1/x, clamp', (x) => tensor(1).div(x).clamp({ max: 10 }), 0],
    ['x/0, where', (x) => x.ge(0).where(0, x.div(0)), 0],
    ['x·∞, where', (x) => x.ge(0).where(0, x.mul(INF)), 1],
    ['x^−1, where', (x) => x.ne(0).where(x.pow(-1), 0), 0],
    ['√√x, where', (x) => x.ne(0).where(x.sqrt().sqrt(), 0), 0],
    ['log √x, where', (x) => x.ne(0).where(x.sqrt().log(), 0), 0],
    ['NaN, where', (x) => x.ge(0).where(x.sqrt(), 0), -1],
    ['prod, where', (x) => x.ne(x).where(x.mul(INF).prod(), 0), 1],
    ['std, where', (x) => x.ne(0).where(x.std({ correction: 0 }), 0), 0],
  ];
  for (const [name, f, at] of cutOff) {
    on(`${name} at ${at}: gradient 0, second derivative 0`, () => {
      assert.equal(gradientOf(f, [at]).map(Math.abs), [0]);
      assert.equal(secondOf(f, [at]).map(Math.abs), [0]);
    });
  }

  on('the maximum of a window takes the whole gradient, also an infinite one', () => {
    const x = tensor([
      [
        [
          [0, -1],
          [-2, -3],
        ],
      ],
    ]).requiresGrad_();
    maxPool2d(x, 2).sqrt().sum().backward();
    assert.equal([...x.grad!.dataSync()], [INF, 0, 0, 0]);
    assert.equal(
      gradientOf((t) => t.amax().sqrt(), [0, -1]),
      [INF, 0],
    );
    assert.equal(
      gradientOf((t) => t.amin().sqrt(), [0, 1]),
      [INF, 0],
    );
  });

  on('a singular point that is not cut off keeps its infinite gradient', () => {
    assert.equal(
      gradientOf((x) => x.sqrt(), [0, 4]),
      [INF, 0.25],
    );
    assert.equal(
      gradientOf((x) => x.log(), [0]),
      [INF],
    );
    assert.equal(
      gradientOf((x) => x.reciprocal(), [0]),
      [-INF],
    );
  });

  on('dropped elements send nothing back, also where the rest is infinite', () => {
    const dropout = new Dropout(0.5);
    const g = gradientOf((x) => dropout.forward(x).sqrt(), new Array<number>(40).fill(1));
    assert.ok(g.includes(0) && g.every((value) => value === 0 || Math.abs(value - 0.5 * Math.SQRT2) < 1e-6));
    assert.ok(
      !dropout
        .forward(tensor(new Array<number>(40).fill(INF)))
        .dataSync()
        .some(Number.isNaN),
    );
  });

  on('a second derivative at a point where the gradient is 0 is not lost', () => {
    // d²/dx² (x² + c)² at a point where the outer derivative is 0: 2·(2x)² + …
    const x = tensor([1]).requiresGrad_();
    const [g] = gradients(x.square().sub(1).square().sum(), [x], { createGraph: true });
    assert.equal([...g!.dataSync()], [0]);
    assert.equal([...gradients(g!.sum(), [x])[0]!.dataSync()], [8]);
  });

  on('std of equal numbers and of one element', () => {
    assert.equal(
      gradientOf((x) => x.std(), [1, 1, 1]),
      [0, 0, 0],
    );
    assert.equal(
      gradientOf((x) => x.std({ correction: 0 }), [1]),
      [0],
    );
    assert.equal(
      secondOf((x) => x.std(), [1, 1, 1]),
      [0, 0, 0],
    );
    assert.ok(Number.isNaN(tensor([1]).std().itemSync()), 'as in PyTorch');
    const rows = gradientOf(
      (x) => x.std({ axis: 1 }),
      [
        [2, 2],
        [1, 3],
      ],
    );
    assertClose(rows, [0, 0, -Math.SQRT1_2, Math.SQRT1_2]);
  });

  on('logSumExp of −∞: the row has gradient 0, the others keep theirs', () => {
    assert.equal(
      gradientOf((x) => x.logSumExp(), [-INF, -INF]),
      [0, 0],
    );
    assert.equal(
      secondOf((x) => x.logSumExp(), [-INF, -INF]),
      [0, 0],
    );
    assert.is(tensor([-INF, -INF]).logSumExp().itemSync(), -INF);
    const rows = gradientOf(
      (x) => x.logSumExp({ axis: 1 }),
      [
        [-INF, -INF],
        [0, 0],
        [-INF, 3],
      ],
    );
    assertClose(rows, [0, 0, 0.5, 0.5, 0, 1]);
    assert.is(tensor([INF, 1]).logSumExp().itemSync(), INF);
  });

  on('softmax and logSoftmax of rows with −∞', () => {
    const x = [-INF, 0, 0];
    assertClose(softmax(tensor(x)).dataSync(), [0, 0.5, 0.5]);
    assertClose(
      gradientOf((t) => softmax(t).mul(tensor([5, 1, 3])), x),
      [0, -0.5, 0.5],
    );
    assertClose(logSoftmax(tensor(x)).dataSync(), [-INF, -Math.LN2, -Math.LN2]);
    assertClose(
      gradientOf((t) => logSoftmax(t).slice(1, 2), x),
      [0, 0.5, -0.5],
    );
    assert.ok(
      softmax(tensor([-INF, -INF]))
        .dataSync()
        .every(Number.isNaN),
      'as in PyTorch',
    );
    assert.equal(
      gradientOf((t) => t.gt(-INF).where(softmax(t), 0), [-INF, -INF]),
      [0, 0],
    );
    assert.equal(
      gradientOf((t) => t.gt(-INF).where(logSoftmax(t), 0), [-INF, -INF]),
      [0, 0],
    );
  });

  on('σ′(17), and in a linear layer', () => {
    const right = Math.exp(-17) / (1 + Math.exp(-17)) ** 2;
    assertClose(
      gradientOf((x) => x.sigmoid(), [17, -17]),
      [right, right],
      { rtol: 1e-6 },
    );
    const layer: Program = (x) => linear(x.reshape([1, 1]), tensor([[1]]), null, { activation: 'sigmoid' });
    assertClose(gradientOf(layer, [17]), [right], { rtol: 1e-6 });
  });

  on('the mixed second derivative of a power at exponent 0 is the same in both orders', () => {
    const [a, b] = [2, 0].map((value) => tensor(value, { requiresGrad: true })) as [Tensor, Tensor];
    const mixed = (first: Tensor, second: Tensor): number => {
      const [slope] = gradients(a.pow(b), [first], { createGraph: true }) as [Tensor];
      return (gradients(slope, [second])[0] as Tensor).itemSync();
    };
    // ∂²aᵇ/∂a∂b = aᵇ⁻¹ (1 + b ln a) = ½
    for (const value of [mixed(a, b), mixed(b, a)]) assertClose([value], [0.5], { rtol: 1e-6 });
  });

  on('std of large and of tiny numbers: no square overflows or underflows', () => {
    for (const size of [1e25, 1, 1e-25]) {
      const x = tensor([3 * size, 0, 0], { requiresGrad: true });
      const y = x.std(); // mean size, differences 2, −1, −1: √(6/2)·size
      assertClose([y.itemSync() / size], [Math.sqrt(3)], { rtol: 1e-6 });
      assertClose(
        (gradients(y, [x])[0] as Tensor).dataSync(),
        [2, -1, -1].map((d) => d / Math.sqrt(12)),
        { rtol: 1e-5 },
      );
    }
  });
}

test.run();
