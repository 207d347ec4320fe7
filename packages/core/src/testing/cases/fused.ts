/** Cases of the fused operations, defined by the composite that each stands for. */
import type { Activation } from '../../backend/backend.js';
import type { Shape } from '../../errors.js';
import * as ops from '../../ops/fused.js';
import { elementwise, type Grid, grid, series } from '../naive.js';
import { type InputSpec, type OpCase, opCase } from '../op-case.js';

const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [[2, 1], [3]],
  [[], []],
  [
    [0, 2],
    [1, 2],
  ],
];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const lossCases: readonly OpCase[] = pairs.flatMap(([a, b]) => [
  opCase(
    'bceWithLogits',
    [
      { shape: a, low: -5, high: 5 },
      { shape: b, low: 0.05, high: 0.95 },
    ],
    (x, t) => ops.bceWithLogits(x, t),
    (x, t) =>
      elementwise(
        (logit, p) => -(p * Math.log(sigmoid(logit)) + (1 - p) * Math.log(1 - sigmoid(logit))),
        x,
        t,
      ),
  ),
  opCase(
    'klStandardNormal',
    [{ shape: a }, { shape: b }],
    (mu, logVar) => ops.klStandardNormal(mu, logVar),
    (mu, logVar) => elementwise((m, v) => (m ** 2 + Math.exp(v) - v - 1) / 2, mu, logVar),
  ),
]);

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

const linearCases: readonly OpCase[] = linearShapes.flatMap(([x, weight]) => [
  ...(['none', 'relu', 'sigmoid', 'tanh'] as const).map((f) => linearCase(x, weight, f, true)),
  ...(['none', 'sigmoid', 'tanh'] as const).map((f) => linearCase(x, weight, f, false)),
]);

export const fusedCases: readonly OpCase[] = [...lossCases, ...linearCases];
