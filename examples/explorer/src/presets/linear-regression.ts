import { tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { mse } from '@varigrad/nn';
import { exhibit, type Preset } from './preset.js';

/** Least squares for y = 1 + 2x, starting at the line y = x. */
export const linearRegression: Preset = {
  id: 'linear-regression',
  title: 'Linear regression',
  group: 'First steps',
  prose: [
    'Four points of the line y = 1 + 2x. The rows of X are (1, x), so X θ is intercept + slope · x; θ starts at (0, 1). The loss is the mean of the squared residuals r = X θ − y.',
    'The gradient in closed form is 2/n · Xᵀ r = (−5, −10). The graph computes it in parts: mean sends 1/4 to each square, square multiplies by 2r, matmul multiplies by Xᵀ. Both numbers are negative: intercept and slope must increase.',
  ],
  run: () => {
    const X = tensor([
      [1, 0],
      [1, 1],
      [1, 2],
      [1, 3],
    ]).named('X');
    const y = tensor([[1], [3], [5], [7]]).named('y');
    const theta = tensor([[0], [1]])
      .requiresGrad_()
      .named('theta');
    const graph = recordGraph(() => mse(X.matmul(theta).named('prediction'), y).named('loss'));
    return exhibit(
      graph,
      [X, y, theta],
      [
        { node: 'prediction', of: 'value', numbers: [0, 1, 2, 3], because: 'X θ' },
        { node: 'loss', of: 'value', numbers: [7.5], because: '(1 + 4 + 9 + 16) / 4' },
        { node: 'prediction', of: 'gradient', numbers: [-0.5, -1, -1.5, -2], because: '2 r / 4' },
        { node: 'theta', of: 'gradient', numbers: [-5, -10], because: '2/n · Xᵀ r' },
      ],
    );
  },
};
