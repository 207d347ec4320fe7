import { GradError, type Tensor, tensor } from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { type Exhibit, exhibit, type Finding, type Preset } from '../preset.js';

/** (w · x)² at x = 2; w starts at 1.5. */
const square = (w: Tensor, x: Tensor): Tensor => w.mul(x).named('product').square().named('loss');

const parts = (): { w: Tensor; x: Tensor } => ({
  w: tensor(1.5).requiresGrad_().named('w'),
  x: tensor(2).named('x'),
});

function twiceWithoutZeroGrad(): Exhibit {
  const { w, x } = parts();
  const graph = recordGraph(() => {
    const loss = square(w, x);
    loss.backward(undefined, { retainGraph: true });
    loss.backward();
    return loss;
  });
  return exhibit(
    graph,
    [w, x],
    [
      { node: 'loss', of: 'value', numbers: [9], because: '(1.5 · 2)²' },
      { node: 'w', of: 'gradient', numbers: [24], because: '12 from each of the two passes' },
    ],
  );
}

function freedGraph(): Exhibit {
  const { w, x } = parts();
  const findings: Finding[] = [];
  const graph = recordGraph(() => {
    const loss = square(w, x);
    loss.backward();
    try {
      loss.backward();
    } catch (error) {
      if (!(error instanceof GradError)) throw error;
      findings.push({ tool: error.name, says: error.message });
    }
    return loss;
  });
  return exhibit(
    graph,
    [w, x],
    [{ node: 'w', of: 'gradient', numbers: [12], because: '2 · 3 · x: the first pass only' }],
    findings,
  );
}

function zeroGradBetween(): Exhibit {
  const { w, x } = parts();
  square(w, x).backward();
  w.zeroGrad();
  const graph = recordGraph(() => {
    const loss = square(w, x);
    loss.backward();
    return loss;
  });
  return exhibit(
    graph,
    [w, x],
    [
      { node: 'loss', of: 'value', numbers: [9], because: '(1.5 · 2)²' },
      { node: 'w', of: 'gradient', numbers: [12], because: '2 · 3 · x' },
    ],
  );
}

/** Two backward passes of one loss. */
export const doubleBackward: readonly Preset[] = [
  {
    id: 'double-backward-bad',
    title: 'backward twice without zeroGrad',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'loss = (w · x)², and backward is called twice, the first time with retainGraph. Gradients of leaves accumulate, so that several small batches can add up to a large one. Without zeroGrad in between, w.grad is 24, twice the correct value, and every step is twice as long.',
      'Move through the steps: the second pass visits the same two operations again. Gradients of operations start from zero in each pass; only the leaf accumulates.',
    ],
    run: twiceWithoutZeroGrad,
  },
  {
    id: 'double-backward-freed',
    title: 'backward twice through a freed graph',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'The first backward frees the graph, since its saved values are no longer needed. A second one is an error, which names the operation and the option that keeps the graph.',
    ],
    run: freedGraph,
  },
  {
    id: 'double-backward-good',
    title: 'zeroGrad before each backward',
    group: 'Bug museum',
    verdict: 'known good',
    prose: [
      'Each step computes its loss, resets the gradients of the previous step, and calls backward once. This is the second of two such steps: w.grad is 12 again.',
    ],
    run: zeroGradBetween,
  },
];
