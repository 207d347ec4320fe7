/** Modules as text: what `String(model)` and, in Node, `console.log(model)` print. */
import { inspect } from 'node:util';
import { parameter, type Tensor, zeros } from '@varigrad/core';
import {
  AvgPool2d,
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  type Description,
  Dropout,
  ELU,
  Flatten,
  GELU,
  LeakyReLU,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  Sigmoid,
  Softplus,
  Tanh,
  Unflatten,
} from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('every layer prints its class, its options and its number of parameters', () => {
  const layers: [Module, string][] = [
    [new Linear(784, 400), 'Linear(784 → 400) (314,000 parameters)'],
    [new Linear(3, 1, { activation: 'relu', bias: false }), 'Linear(3 → 1, relu, no bias) (3 parameters)'],
    [new Linear(1, 1, { bias: false }), 'Linear(1 → 1, no bias) (1 parameter)'],
    [
      new Conv2d(1, 32, 4, { stride: 2, padding: 1 }),
      'Conv2d(1 → 32, kernel 4 × 4, stride 2, padding 1) (544 parameters)',
    ],
    [
      new Conv2d(2, 3, [3, 1], { padding: [1, 0], dilation: 2, bias: false }),
      'Conv2d(2 → 3, kernel 3 × 1, padding 1 × 0, dilation 2, no bias) (18 parameters)',
    ],
    [
      new ConvTranspose2d(8, 2, 3, { stride: [2, 1], outputPadding: [1, 0] }),
      'ConvTranspose2d(8 → 2, kernel 3 × 3, stride 2 × 1, output padding 1 × 0) (146 parameters)',
    ],
    [new ConvTranspose2d(1, 1, 2, { padding: 0 }), 'ConvTranspose2d(1 → 1, kernel 2 × 2) (5 parameters)'],
    [new BatchNorm1d(3), 'BatchNorm1d(3, epsilon 0.00001, momentum 0.1) (6 parameters)'],
    [
      new BatchNorm2d(4, { epsilon: 0.01, momentum: 0.5 }),
      'BatchNorm2d(4, epsilon 0.01, momentum 0.5) (8 parameters)',
    ],
    [new Dropout(0.25), 'Dropout(p 0.25) (0 parameters)'],
    [new MaxPool2d(2), 'MaxPool2d(kernel 2 × 2) (0 parameters)'],
    [
      new AvgPool2d([2, 3], { stride: 1, padding: 1 }),
      'AvgPool2d(kernel 2 × 3, stride 1, padding 1) (0 parameters)',
    ],
    [new Unflatten([1, 28, 28]), 'Unflatten([1, 28, 28]) (0 parameters)'],
    [new Flatten(), 'Flatten (0 parameters)'],
    [new LeakyReLU(0.2), 'LeakyReLU(slope 0.2) (0 parameters)'],
    [new ELU(), 'ELU(alpha 1) (0 parameters)'],
    [new ReLU(), 'ReLU (0 parameters)'],
    [new GELU(), 'GELU (0 parameters)'],
    [new Sigmoid(), 'Sigmoid (0 parameters)'],
    [new Tanh(), 'Tanh (0 parameters)'],
    [new Softplus(), 'Softplus (0 parameters)'],
  ];
  for (const [layer, text] of layers) assert.is(String(layer), text);
});

/** A model with tensors, an array of layers and options of its own. */
class Gated extends Module {
  readonly gate: Tensor = parameter(zeros([2, 3]));
  readonly mean: Tensor = zeros([3]);
  readonly blocks = [new Linear(3, 4), new Linear(4, 2)];
  readonly head = new Sequential(new Sequential(new Linear(2, 1), new Tanh()), new Dropout());

  override describe(): Description {
    return ['open', false, 'width 3'];
  }
}

const GATED = `Gated(open, width 3) (35 parameters)
├─ gate: [2, 3]  6
├─ mean: buffer [3]
├─ blocks.0: Linear(3 → 4)  16
├─ blocks.1: Linear(4 → 2)  10
└─ head: Sequential
   ├─ 0: Sequential
   │  ├─ 0: Linear(2 → 1)  3
   │  └─ 1: Tanh
   └─ 1: Dropout(p 0.5)`;

test('a model is a tree of its tensors and layers, by their names', () => {
  assert.is(String(new Gated()), GATED);
  assert.is(new Gated().toString(), GATED);
});

test('Node prints the tree, also inside other objects', () => {
  assert.is(inspect(new Gated()), GATED);
  assert.is(inspect({ model: new Linear(2, 1) }), '{ model: Linear(2 → 1) (3 parameters) }');
});

test('a layer used in two places is counted once', () => {
  const shared = new Linear(2, 2);
  assert.is(
    String(new Sequential(shared, shared)),
    'Sequential (6 parameters)\n├─ 0: Linear(2 → 2)  6\n└─ 1: Linear(2 → 2)  6',
  );
});

test.run();
