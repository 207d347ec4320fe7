/** Each reason for a missing gradient is built on purpose and must be found, with the operation and the line. */
import {
  clamp,
  Generator,
  linear,
  noGrad,
  randn,
  sigmoidCrossEntropy,
  type Tensor,
  tensor,
  zeros,
} from '@varigrad/core';
import { type NoGradDiagnosis, type NoGradReason, whyNoGrad } from '@varigrad/core/trace';
import { Linear, Sequential } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const leaf = (values: number | number[], name = 'w'): Tensor => tensor(values).requiresGrad_().named(name);

function expectReason(found: NoGradDiagnosis, reason: NoGradReason, op = ''): void {
  assert.is(found.reason, reason, found.message);
  assert.is(found.op, op, found.message);
  assert.is(found.fix === '', reason === 'hasGradient');
}

const LINE = /^why-no-grad\.test\.ts:\d+$/;

test('nothing is wrong: hasGradient, with the count of zeros', () => {
  const w = leaf([1, 0, 3]);
  const loss = w.square().sum();
  loss.backward();
  const found = whyNoGrad(w, () => w.square().sum());
  expectReason(found, 'hasGradient');
  assert.is(found.message, 'w has a gradient: [3], values from 0 to 6; 1 of 3 elements are 0');
  expectReason(whyNoGrad(w), 'hasGradient');
});

test('requiresGrad is false', () => {
  const found = whyNoGrad(tensor([1, 2]).named('w'));
  expectReason(found, 'requiresGradFalse');
  assert.match(found.message, 'w [2] does not require a gradient');
});

test('an intermediate result keeps no gradient without retainGrad', () => {
  const h = leaf([1, 2]).exp().named('h');
  const found = whyNoGrad(h);
  expectReason(found, 'intermediate', 'exp');
  assert.match(found.message, 'h [2] is the result of exp');
  const kept = leaf([1, 2]).exp().retainGrad();
  kept.sum().backward();
  expectReason(whyNoGrad(kept), 'hasGradient');
});

test('no backward yet', () => {
  const w = leaf([1, 2]);
  expectReason(whyNoGrad(w), 'noBackward');
  const loss = w.square().sum();
  const found = whyNoGrad(w, loss);
  expectReason(found, 'noBackward');
  assert.match(found.message, '∂loss/∂w would be [2], values from 2 to 4');
  assert.is(w.grad, null, 'asking leaves no gradient behind');
  loss.backward();
  expectReason(whyNoGrad(w), 'hasGradient');
});

test('never used: not at all, or in a value that the loss does not depend on', () => {
  const [w, v] = [leaf([1, 2]), leaf([3, 4], 'v')];
  const unused = whyNoGrad(w, () => v.sum());
  expectReason(unused, 'neverUsed');
  assert.is(unused.message, 'the loss was computed without w: no operation used it');
  const elsewhere = whyNoGrad(w, () => {
    w.exp();
    return v.sum();
  });
  expectReason(elsewhere, 'neverUsed');
  assert.match(
    elsewhere.message,
    /it was used by exp#\d+ at why-no-grad\.test\.ts:\d+, and the loss does not depend on the result/,
  );
  expectReason(whyNoGrad(w, v.sum()), 'neverUsed');
  const copied = whyNoGrad(w, () => v.mul(w.dataSync()[0]!).sum());
  expectReason(copied, 'neverUsed');
});

test('detached: the tensor itself, or something computed from it', () => {
  const [w, v] = [leaf([1, 2]), leaf([3, 4], 'v')];
  const direct = whyNoGrad(w, () => w.detach().mul(v).sum());
  expectReason(direct, 'detached', 'mul');
  assert.match(
    direct.message,
    /^w: gradients do not pass detach\(\), which was called on w, on the way to mul#/,
  );
  assert.match(direct.source, LINE);
  const later = whyNoGrad(w, () => w.exp().named('h').detach().mul(v).sum());
  expectReason(later, 'detached', 'mul');
  assert.match(later.message, "which was called on 'h' (exp)");
  const unlabelled = whyNoGrad(w, () => w.reshape([2, 1]).detach().add(v).sum());
  expectReason(unlabelled, 'detached', 'add');
});

test('a detached path does not hide an open one', () => {
  const w = leaf([1, 2]);
  expectReason(
    whyNoGrad(w, () => w.detach().mul(w).sum()),
    'noBackward',
  );
});

test('computed in a noGrad block', () => {
  const [w, v] = [leaf([1, 2]), leaf([3, 4], 'v')];
  const found = whyNoGrad(w, () =>
    noGrad(() => w.exp().square())
      .mul(v)
      .sum(),
  );
  expectReason(found, 'noGrad', 'exp');
  assert.match(found.message, /^w: exp#\d+ at why-no-grad\.test\.ts:\d+ was computed inside noGrad/);
  assert.match(found.source, LINE);
  expectReason(
    whyNoGrad(w, () => noGrad(() => w.sum())),
    'noGrad',
    'sum',
  );
});

test('no derivative: comparisons and argmax', () => {
  const [w, v] = [leaf([1, 2]), leaf([3, 4], 'v')];
  expectReason(
    whyNoGrad(w, () => w.gt(1.5).mul(v).sum()),
    'notDifferentiable',
    'gt',
  );
  const position = whyNoGrad(w, () => w.exp().argmax({ axis: 0 }).mul(v).sum());
  expectReason(position, 'notDifferentiable', 'argmax');
  assert.match(position.message, 'has no derivative for its operand x');
});

test('dead relu, as an operation and inside linear', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const w = leaf([1, 1]);
  const loss = () => x.mul(w).sub(100).relu().sum();
  const found = whyNoGrad(w, loss);
  expectReason(found, 'deadRelu', 'relu');
  assert.match(found.message, 'every unit is off, given [2, 2], values from -99 to -96');
  loss().backward();
  assert.equal([...w.grad!.dataSync()], [0, 0], 'the gradient really is 0');
  const weight = tensor([[-1, -1]])
    .requiresGrad_()
    .named('weight');
  const inLinear = whyNoGrad(weight, () => linear(x, weight, null, { activation: 'relu' }).sum());
  expectReason(inLinear, 'deadRelu', 'linear');
  assert.match(inLinear.source, LINE);
});

test('a relu with some dead units is not reported', () => {
  const w = leaf([1, -1]);
  expectReason(
    whyNoGrad(w, () => w.relu().sum()),
    'noBackward',
  );
});

test('only dead units receive a gradient', () => {
  const w = leaf([1, -1]);
  const found = whyNoGrad(w, () =>
    w
      .relu()
      .mul(tensor([0, 1]))
      .sum(),
  );
  expectReason(found, 'deadRelu', 'relu');
  assert.match(found.message, 'every unit that receives a gradient is off');
});

test('saturated sigmoid and tanh, as operations and as activations of linear', () => {
  const w = leaf([20, -30]);
  const found = whyNoGrad(w, () => w.sigmoid().sum());
  expectReason(found, 'saturated', 'sigmoid');
  assert.match(
    found.message,
    /sigmoid is saturated: its result is \[2\], values from 9\.\d+e-14 to 1, its largest derivative/,
  );
  expectReason(
    whyNoGrad(w, () => w.tanh().mean()),
    'saturated',
    'tanh',
  );
  const x = tensor([[1, 1]]);
  const weight = tensor([[30, 30]]).requiresGrad_();
  for (const activation of ['sigmoid', 'tanh'] as const) {
    const inLinear = whyNoGrad(weight, () => linear(x, weight, null, { activation }).sum());
    expectReason(inLinear, 'saturated', activation);
    assert.match(inLinear.message, `${activation} is saturated`);
  }
  const partly = leaf([20, 0]);
  expectReason(
    whyNoGrad(partly, () => partly.sigmoid().sum()),
    'noBackward',
  );
  const logits = whyNoGrad(w, () => sigmoidCrossEntropy(w, tensor([0, 1])).sum());
  expectReason(logits, 'noBackward');
});

test('multiplied by zero: a factor, a mask, a matrix of zeros', () => {
  const w = leaf([1, 2]);
  const found = whyNoGrad(w, () => w.exp().mul(0).sum());
  expectReason(found, 'multipliedByZero', 'mul');
  assert.match(found.message, 'the other factor is leaf#');
  assert.match(found.message, '= [], values from 0 to 0');
  const first = tensor([
    [1, 2],
    [3, 4],
  ]).requiresGrad_();
  const second = zeros([1, 2]).requiresGrad_().named('second');
  const x = tensor([[1, 2]]);
  const behind = whyNoGrad(first, () => linear(linear(x, first), second).sum());
  expectReason(behind, 'multipliedByZero', 'linear');
  assert.match(behind.message, 'second = [1, 2], values from 0 to 0');
  expectReason(
    whyNoGrad(first, () => first.matmul(zeros([2, 3])).sum()),
    'multipliedByZero',
    'matmul',
  );
});

test('other derivatives that are 0: clamp outside its bounds, sign, the unselected operand of where', () => {
  const w = leaf([5, 6]);
  expectReason(
    whyNoGrad(w, () => clamp(w, { max: 1 }).sum()),
    'zeroDerivative',
    'clamp',
  );
  expectReason(
    whyNoGrad(w, () => w.sign().sum()),
    'zeroDerivative',
    'sign',
  );
  const other = whyNoGrad(w, () =>
    tensor([1, 1])
      .where(tensor([1, 2]), w)
      .sum(),
  );
  expectReason(other, 'zeroDerivative', 'where');
  assert.match(other.message, 'its derivative for operand b is 0');
});

test('contributions that cancel out', () => {
  const w = leaf([1, 2]);
  expectReason(
    whyNoGrad(w, () => w.sub(w).sum()),
    'cancelled',
    'leaf',
  );
});

test('NaN', () => {
  const w = leaf([0, 1]);
  const found = whyNoGrad(w, () => w.sqrt().sum());
  expectReason(found, 'notFinite');
  assert.match(found.fix, 'detectAnomaly');
});

test('a path without gradient does not hide an open one', () => {
  const w = leaf([1, 2]);
  expectReason(
    whyNoGrad(w, () => w.mul(0).add(w).sum()),
    'noBackward',
  );
});

test('zero without a loss, and a graph that was freed', () => {
  const [w, v] = [leaf([1, 2]), leaf([1, 2], 'v')];
  const loss = w.mul(0).sum();
  loss.backward();
  expectReason(whyNoGrad(w), 'zero');
  const freed = whyNoGrad(v, loss);
  expectReason(freed, 'neverUsed');
  assert.match(freed.message, 'backward of this loss left no gradient at v');
});

test('with the tape alone, zero derivatives and absent tensors are found', () => {
  const w = leaf([1, 2]);
  expectReason(whyNoGrad(w, w.sub(100).relu().sum()), 'deadRelu', 'relu');
  const found = whyNoGrad(
    w,
    noGrad(() => w.exp())
      .mul(leaf([1, 1], 'v'))
      .sum(),
  );
  expectReason(found, 'neverUsed');
  assert.match(found.fix, 'whyNoGrad(tensor, () => loss)');
});

test('names from a generator name the tested tensor and all others', () => {
  const [first, second] = [new Linear(2, 2), new Linear(2, 2)];
  second.weight.assign(zeros([2, 2]));
  const model = new Sequential(first, second);
  const loss = () => model.forward(tensor([[1, 2]])).sum();
  const { message } = whyNoGrad(first.weight, loss, { names: model.namedParameters() });
  assert.match(message, /^the gradient for 0\.weight stops at .*: the other factor is 1\.weight = /);
});

test('an autoencoder whose latent is detached: the encoder is cut off, and the message names the place', () => {
  const generator = new Generator(1);
  const layer = (inFeatures: number, outFeatures: number) =>
    new Linear(inFeatures, outFeatures, { generator });
  const [encoder, mu, logVar, decoder] = [layer(6, 5), layer(5, 2), layer(5, 2), layer(2, 6)];
  const names = [
    ...[...encoder.namedParameters()].map(([name, t]) => [`encoder.${name}`, t] as const),
    ...[...mu.namedParameters()].map(([name, t]) => [`mu.${name}`, t] as const),
  ];
  const x = randn([3, 6], { generator });
  const recon = (cut: boolean) => () => {
    const z = mu.forward(encoder.forward(x).tanh());
    return decoder
      .forward(cut ? z.detach() : z)
      .sub(x)
      .square()
      .mean();
  };
  const found = whyNoGrad(encoder.weight, recon(true), { names });
  expectReason(found, 'detached', 'linear');
  assert.match(
    found.message,
    /^encoder\.weight: gradients do not pass detach\(\), which was called on linear#\d+ at why/,
  );
  expectReason(whyNoGrad(encoder.weight, recon(false), { names }), 'noBackward');
  expectReason(whyNoGrad(decoder.weight, recon(true)), 'noBackward');
  expectReason(whyNoGrad(logVar.weight, recon(false)), 'neverUsed');
});

test.run();
