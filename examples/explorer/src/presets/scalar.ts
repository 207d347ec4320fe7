import { tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { exhibit, type Preset } from './preset.js';

/** L = (x·y + x)²: the smallest graph in which a value is used twice. */
export const scalar: Preset = {
  id: 'scalar',
  title: 'A scalar expression',
  group: 'First steps',
  prose: [
    'L = (x·y + x)² at x = 3, y = 0.5. Forward, each operation computes one number from the numbers before it. Backward, each receives ∂L/∂(its result) and multiplies it by its own local derivatives: one number for each operand.',
    'x is used twice, by mul and by add. Each sends a gradient (4.5 and 9), and they add up to ∂L/∂x = 13.5: the chain rule for several variables.',
  ],
  run: () => {
    const x = tensor(3).requiresGrad_().named('x');
    const y = tensor(0.5).requiresGrad_().named('y');
    const graph = recordGraph(() => {
      const product = x.mul(y).named('product');
      return product.add(x).named('q').square().named('L');
    });
    return exhibit(
      graph,
      [x, y],
      [
        { node: 'product', of: 'value', numbers: [1.5], because: '3 · 0.5' },
        { node: 'q', of: 'value', numbers: [4.5], because: '1.5 + 3' },
        { node: 'L', of: 'value', numbers: [20.25], because: '4.5²' },
        { node: 'q', of: 'gradient', numbers: [9], because: '∂L/∂q = 2q' },
        { node: 'y', of: 'gradient', numbers: [27], because: '9 · x' },
        { node: 'x', of: 'gradient', numbers: [13.5], because: '9 · y from mul, 9 from add' },
      ],
    );
  },
};
