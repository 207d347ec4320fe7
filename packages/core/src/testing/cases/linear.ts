/** Cases of `linear`, defined by the composite that it equals. */

import type { Shape } from '../../errors.js';
import type { Activation } from '../../functions/kinds.js';
import * as ops from '../../ops/fused.js';
import { type Grid, grid, series } from '../naive.js';
import { type InputSpec, type OpCase, opCase } from '../op-case.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const activations: Readonly<Record<Activation, (x: number) => number>> = {
  none: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid,
  tanh: (x) => 2 * sigmoid(2 * x) - 1,
};

/** y = f(Σₖ xₖ wⱼₖ + bⱼ) over the last axis of x. */
function layer(x: Grid, weight: Grid, bias: Grid | undefined, f: (x: number) => number): Grid {
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  return grid([...x.shape.slice(0, -1), outFeatures], (index) => {
    const j = index.at(-1)!;
    const sum = series(inFeatures, (k) => x.at([...index.slice(0, -1), k]) * weight.at([j, k]));
    return f(sum + (bias?.at([j]) ?? 0));
  });
}

function linearCase(x: Shape, weight: Shape, activation: Activation, withBias: boolean): OpCase {
  // For relu, whole x and weights and a bias of halves keep the sums half a unit away from its kink.
  const halves = { lattice: { step: 1, offset: 0.5 } };
  const whole = { below: 3 };
  const domain: Partial<InputSpec> = activation === 'relu' ? whole : { low: -1, high: 1 };
  const bias = { shape: [weight[0]!], ...(activation === 'relu' ? halves : {}) };
  const inputs = [{ shape: x, ...domain }, { shape: weight, ...domain }, ...(withBias ? [bias] : [])];
  return opCase(
    'linear',
    inputs,
    (a, w, b) => ops.linear(a, w, b ?? null, { activation }),
    (a, w, b) => layer(a, w, b, activations[activation]),
    { note: activation, wrt: inputs.map((_, i) => i) },
  );
}

const linearShapes: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [4, 3],
  ],
  [[3], [2, 3]],
  [
    [2, 2, 3],
    [2, 3],
  ],
  [
    [0, 3],
    [2, 3],
  ],
  [
    [2, 0],
    [3, 0],
  ],
  [
    [1, 1],
    [1, 1],
  ],
  [
    [9, 17],
    [19, 17],
  ],
];

export const linearCases: readonly OpCase[] = linearShapes.flatMap(([x, weight]) => [
  ...(['none', 'relu', 'sigmoid', 'tanh'] as const).map((f) => linearCase(x, weight, f, true)),
  ...(['none', 'sigmoid', 'tanh'] as const).map((f) => linearCase(x, weight, f, false)),
]);
