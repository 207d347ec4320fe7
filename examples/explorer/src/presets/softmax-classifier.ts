import { tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { crossEntropy } from '@varigrad/nn';
import { exhibit, type Preset } from './preset.js';

const LN2 = Math.LN2;

/** Cross-entropy of a linear classifier, with weights for which all probabilities are ½ or ¼. */
export const softmaxClassifier: Preset = {
  id: 'softmax-classifier',
  title: 'Softmax classifier',
  group: 'First steps',
  prose: [
    'Two inputs, three classes, logits = x Wᵀ + b, and the mean cross-entropy −ln p(class). The weights are 0 and ln 2, so the probabilities are (½, ¼, ¼) for the first input and (¼, ¼, ½) for the second. The classes are 0 and 1.',
    'The gradient of the logits is (p − one-hot) / batch. Each row sums to zero: increasing all logits of an example by the same number does not change the loss.',
  ],
  run: () => {
    const x = tensor([
      [1, 0],
      [0, 1],
    ]).named('x');
    const W = tensor([
      [LN2, 0],
      [0, 0],
      [0, LN2],
    ])
      .requiresGrad_()
      .named('W');
    const b = tensor([0, 0, 0]).requiresGrad_().named('b');
    const classes = tensor([0, 1]).named('classes');
    const graph = recordGraph(() => {
      const logits = x.matmul(W, { transposeB: true }).add(b).named('logits');
      return crossEntropy(logits, classes).named('loss');
    });
    return exhibit(
      graph,
      [x, W, b, classes],
      [
        { node: 'logits', of: 'value', numbers: [LN2, 0, 0, 0, 0, LN2], because: 'x Wᵀ + b' },
        { node: 'loss', of: 'value', numbers: [1.5 * LN2], because: '(ln 2 + ln 4) / 2' },
        {
          node: 'logits',
          of: 'gradient',
          numbers: [-0.25, 0.125, 0.125, 0.125, -0.375, 0.25],
          because: '(p − one-hot) / 2',
        },
        {
          node: 'W',
          of: 'gradient',
          numbers: [-0.25, 0.125, 0.125, -0.375, 0.125, 0.25],
          because: '(gradient of the logits)ᵀ x',
        },
        {
          node: 'b',
          of: 'gradient',
          numbers: [-0.125, -0.25, 0.375],
          because: 'summed over the batch, along which b was broadcast',
        },
      ],
    );
  },
};
