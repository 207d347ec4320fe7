/** Convolution, pooling and normalization layers, compared with PyTorch's numbers and with their definitions. */
import { readFileSync } from 'node:fs';
import { createReference, Generator, randn, type Tensor, tensor, withBackend } from '@varigrad/core';
import { assertClose, gradcheck } from '@varigrad/core/testing';
import {
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  decodeSafetensors,
  encodeSafetensors,
  Flatten,
  MaxPool2d,
  type Module,
  Sequential,
  Unflatten,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

const float64 = createReference(Float64Array);
const generator = new Generator(11);
const inFloat64 = <T>(f: () => T): T => withBackend(float64, f);

interface Plain {
  readonly shape: number[];
  readonly data: number[];
}
interface NormFixture {
  readonly x: Plain;
  readonly weight: Plain;
  readonly bias: Plain;
  readonly dy: Plain;
  readonly training: { output: Plain; dx: Plain; dWeight: Plain; dBias: Plain; mean: Plain; variance: Plain };
  readonly evaluation: { output: Plain; dx: Plain };
}
const fixtures = JSON.parse(
  readFileSync(new URL('../fixtures/torch-batch-norm.json', import.meta.url), 'utf8'),
) as Record<'BatchNorm1d' | 'BatchNorm2d', NormFixture>;

const load = ({ data, shape }: Plain): Tensor => tensor(data, { shape });
const assertPlain = (found: Tensor | null, expected: Plain): void => {
  assert.equal(found?.shape, expected.shape);
  assertClose((found as Tensor).dataSync(), expected.data, { rtol: 1e-9, atol: 1e-10 });
};

for (const [name, layer] of [
  ['BatchNorm1d', BatchNorm1d],
  ['BatchNorm2d', BatchNorm2d],
] as const) {
  test(`${name}: output, gradients and running statistics are PyTorch's, in training and in evaluation`, () =>
    inFloat64(() => {
      const { training, evaluation, ...given } = fixtures[name];
      const norm = new layer(given.weight.data.length, { momentum: 0.3, epsilon: 1e-3 });
      norm.weight.assign(load(given.weight));
      norm.bias.assign(load(given.bias));
      const x = load(given.x).requiresGrad_();
      const y = norm.forward(x);
      assertPlain(y, training.output);
      y.backward(load(given.dy));
      assertPlain(x.grad, training.dx);
      assertPlain(norm.weight.grad, training.dWeight);
      assertPlain(norm.bias.grad, training.dBias);
      assertPlain(norm.runningMean, training.mean);
      assertPlain(norm.runningVar, training.variance);
      norm.eval();
      x.zeroGrad();
      const z = norm.forward(x);
      assertPlain(z, evaluation.output);
      z.backward(load(given.dy));
      assertPlain(x.grad, evaluation.dx);
    }));
}

test('batch norm: in training a batch comes out with mean 0 and variance 1, in evaluation the rows are independent', () => {
  const norm = new BatchNorm2d(3);
  const x = randn([8, 3, 4, 4], { generator }).mul(3).add(5);
  const y = norm.forward(x);
  assertClose(y.mean({ axis: [0, 2, 3] }).dataSync(), [0, 0, 0], { atol: 1e-5 });
  assertClose(
    y
      .square()
      .mean({ axis: [0, 2, 3] })
      .dataSync(),
    [1, 1, 1],
    { rtol: 1e-4 },
  );
  norm.eval();
  const whole = norm.forward(x).slice(2, 3).dataSync();
  const alone = norm.forward(x.slice(2, 3)).dataSync();
  assert.equal([...alone], [...whole]);
});

test('batch norm: gradients through the batch statistics agree with finite differences', () =>
  inFloat64(() => {
    const norm = new BatchNorm1d(3);
    gradcheck(
      (x: Tensor) => norm.forward(x).square().mul(0.5).add(norm.forward(x)),
      [randn([5, 3], { generator })],
    );
  }));

test('batch norm: running statistics are saved but not trained', () => {
  const norm = new BatchNorm2d(2);
  norm.forward(randn([4, 2, 3, 3], { generator }));
  assert.equal(
    Array.from(norm.namedParameters(), ([name]) => name),
    ['weight', 'bias'],
  );
  const { tensors } = decodeSafetensors(encodeSafetensors(norm.stateDict()), 'memory');
  const copy = new BatchNorm2d(2);
  copy.loadStateDict(tensors);
  assert.equal(copy.stateDict(), norm.stateDict());
  assert.ok(copy.runningMean.dataSync().some((m) => m !== 0));
});

test('batch norm refuses inputs that it cannot normalize', () => {
  const norm = new BatchNorm1d(2);
  refuses(() => norm.forward(randn([4, 3])), 'BatchNorm1d: x must be [batch, 2], found [4, 3]');
  refuses(
    () => new BatchNorm2d(2).forward(randn([4, 2])),
    'BatchNorm2d: x must be [batch, 2, height, width], found [4, 2]',
  );
  refuses(
    () => norm.forward(randn([1, 2])),
    'BatchNorm1d: a batch with 1 value per feature has no variance — use a larger batch, or call eval()',
  );
  assert.equal(norm.eval().forward(randn([1, 2])).shape, [1, 2]);
  refuses(() => new BatchNorm1d(2, { epsilon: 0 }), 'BatchNorm1d: epsilon must be a number above 0, found 0');
  refuses(
    () => new BatchNorm1d(2, { momentum: 2 }),
    'BatchNorm1d: momentum must be a number from 0 to 1, found 2',
  );
});

test('convolution and its transpose are adjoint: ⟨Kx, y⟩ = ⟨x, Kᵀy⟩', () =>
  inFloat64(() => {
    for (const geometry of [{}, { stride: 2, padding: 1 }, { stride: [1, 3], dilation: [2, 1] }] as const) {
      const forward = new Conv2d(2, 3, [3, 2], { ...geometry, bias: false, generator });
      const back = new ConvTranspose2d(3, 2, [3, 2], { ...geometry, bias: false, generator });
      back.weight.assign(forward.weight);
      const x = randn([2, 2, 7, 8], { generator });
      const y = forward.forward(x);
      const other = randn(y.shape, { generator });
      const returned = back.forward(other);
      // Rows and columns outside every window are missing at the end of the result.
      const seen = x.slice(0, returned.shape[2], { axis: 2 }).slice(0, returned.shape[3], { axis: 3 });
      const left = y.mul(other).sum().itemSync();
      const right = seen.mul(returned).sum().itemSync();
      assert.ok(Math.abs(left - right) < 1e-10 * Math.abs(left), `${left} ${right}`);
    }
  }));

test('initial weights are U(−b, b) with b = 1/√fan-in', () => {
  const bound = (t: Tensor): number => t.abs().amax().itemSync();
  const near = (t: Tensor, b: number): void =>
    assert.ok(bound(t) <= b && bound(t) > 0.95 * b, `${bound(t)} ${b}`);
  const conv = new Conv2d(16, 64, 3, { generator });
  near(conv.weight, 1 / Math.sqrt(16 * 9));
  near(conv.bias as Tensor, 1 / Math.sqrt(16 * 9));
  const transposed = new ConvTranspose2d(64, 16, 3, { generator }); // PyTorch computes the fan from axis 1 here, too
  near(transposed.weight, 1 / Math.sqrt(16 * 9));
  assert.is(new Conv2d(1, 1, 3, { bias: false }).bias, null);
});

test('layers in sequence: shapes, and the same names as in PyTorch', () => {
  const net = new Sequential(
    new Unflatten([1, 8, 6]),
    new Conv2d(1, 4, 3, { padding: 1 }),
    new MaxPool2d(2),
    new BatchNorm2d(4),
    new AvgPool2d(2, { stride: 1 }),
    new Flatten(),
  );
  assert.equal(net.forward(randn([5, 48])).shape, [5, 4 * 3 * 2]);
  const names = (module: Module): string[] => Array.from(module.namedTensors(), ([name]) => name);
  assert.equal(names(net), [
    '1.weight',
    '1.bias',
    '3.weight',
    '3.bias',
    '3.running_mean',
    '3.running_var',
    '3.num_batches_tracked',
  ]);
});

test('shape errors of convolution and pooling suggest the fix', () => {
  const x = randn([2, 3, 8, 8]).named('images');
  const wide = new Conv2d(3, 4, 9);
  refuses(
    () => wide.forward(x),
    'conv2d: a window of 9 does not fit the image [2, 3, 8, 8], which is 8 high — add padding, or use a smaller kernel',
  );
  const swapped = new ConvTranspose2d(4, 3, 2);
  refuses(
    () => swapped.forward(x),
    'convTranspose2d: images must have 4 channels to fit weight [4, 3, 2, 2], found 3 in [2, 3, 8, 8] — weights are [in, out, height, width]: did you mean weight.transpose(0, 1)? (images is [2, 3, 8, 8])',
  );
  refuses(
    () => new Conv2d(5, 4, 2).forward(x),
    'conv2d: images must have 5 channels to fit weight [4, 5, 2, 2], found 3 in [2, 3, 8, 8] — weights are [out, in, height, width] (images is [2, 3, 8, 8])',
  );
  refuses(
    () => new Conv2d(3, 4, 2).forward(randn([3, 8, 8])),
    'conv2d: images must be [batch, channels, height, width] and weights [out, in, height, width], found x [3, 8, 8] and weight [4, 3, 2, 2] — did you mean x.unsqueeze(0)?',
  );
  refuses(
    () => new Conv2d(3, 4, 2, { stride: 0 }).forward(x),
    'Conv2d: stride must be one or two whole numbers above 0, found 0',
  );
  refuses(
    () => new ConvTranspose2d(3, 4, 2, { padding: 5 }).forward(x),
    'convTranspose2d: padding 5 × 5 must leave at least 1 × 1 of the result 9 × 9, found -1 × -1 — reduce the padding',
  );
  refuses(
    () => new MaxPool2d(2, { padding: 2 }).forward(x),
    'maxPool2d: padding must be at most half the kernel 2 × 2, found 2 × 2 — reduce the padding',
  );
  refuses(
    () => new AvgPool2d(2).forward(randn([4])),
    'avgPool2d: images must be [batch, channels, height, width], found [4]',
  );
});

test.run();
