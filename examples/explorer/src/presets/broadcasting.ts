import { tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { exhibit, type Preset } from './preset.js';

/** A bias for each column and one for each row: forward repeats them, backward sums their gradients. */
export const broadcasting: Preset = {
  id: 'broadcasting',
  title: 'A broadcast bias',
  group: 'First steps',
  prose: [
    'X is [3, 4]; the bias of the columns is [4], that of the rows [3, 1]. Adding repeats the first over the rows and the second over the columns. The loss is ½ Σ y², so the gradient of y is y itself.',
    'A bias that is used three times receives three gradients, and they add up: the gradient of `columns` is the sum of y over the rows, that of `rows` the sum over the columns. A gradient always has the shape of its tensor.',
  ],
  run: () => {
    const X = tensor([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]).named('X');
    const columns = tensor([1, 0, -1, 2]).requiresGrad_().named('columns');
    const rows = tensor([[0], [0], [0]])
      .requiresGrad_()
      .named('rows');
    const graph = recordGraph(() =>
      X.add(columns).add(rows).named('y').square().sum().mul(0.5).named('loss'),
    );
    const y = [1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13];
    return exhibit(
      graph,
      [X, columns, rows],
      [
        { node: 'y', of: 'value', numbers: y, because: 'X + columns + rows' },
        { node: 'loss', of: 'value', numbers: [298], because: '½ Σ y²' },
        { node: 'y', of: 'gradient', numbers: y, because: '∂(½ Σ y²)/∂y = y' },
        { node: 'columns', of: 'gradient', numbers: [15, 15, 15, 27], because: 'sums over the rows' },
        { node: 'rows', of: 'gradient', numbers: [8, 24, 40], because: 'sums over the columns' },
      ],
    );
  },
};
