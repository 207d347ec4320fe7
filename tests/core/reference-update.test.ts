/** The reference backend's kernels that write in place, against closed forms. */
import { test } from 'uvu';
import type { AdamSpec, SgdSpec } from '../../packages/core/src/backend/backend.js';
import { assertNear, assertSame, float32, float64, numbers } from '../helpers/reference-kernels.js';

const adam: AdamSpec = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decoupled: false,
  step: 1,
};
const sgd: SgdSpec = {
  learningRate: 0.1,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
  first: false,
};

test('assign, accumulate, scale: write into the target only', () => {
  const target = Float32Array.of(1, 2);
  const source = Float32Array.of(10, 20);
  float32.accumulate(target, source);
  assertSame(target, [11, 22]);
  float32.scale(target, 0.5);
  assertSame(target, [5.5, 11]);
  float32.assign(target, source);
  assertSame(target, [10, 20]);
  float32.accumulate(target, target);
  assertSame(target, [20, 40]);
  assertSame(source, [10, 20]);
});

test('adamStep: the first step is learningRate·g/(|g| + ε) for all betas', () => {
  for (const [beta1, beta2] of [
    [0.9, 0.999],
    [0.5, 0.5],
    [0, 0],
  ] as const) {
    const grad = numbers(20, 3);
    const param = numbers(20, 4);
    const expected = param.map(
      (p, i) => p - (0.1 * (grad[i] as number)) / (Math.abs(grad[i] as number) + 0.01),
    );
    float64.adamStep(param, grad, new Float64Array(20), new Float64Array(20), {
      ...adam,
      beta1,
      beta2,
      epsilon: 0.01,
    });
    assertNear(param, expected, 1e-14);
  }
});

test('adamStep: the moments are weighted means of all gradients', () => {
  const history = [0.5, -2, 1.5, 3];
  const param = Float64Array.of(1);
  const [m, v] = [new Float64Array(1), new Float64Array(1)];
  let expected = 1;
  history.forEach((g, t) => {
    float64.adamStep(param, Float64Array.of(g), m, v, { ...adam, step: t + 1 });
    // m̂ = Σ β^(t−s)·g_s / Σ β^(t−s), and v̂ likewise with g²
    const mean = (beta: number, f: (g: number) => number): number => {
      const seen = history.slice(0, t + 1).map((x, s) => ({ weight: beta ** (t - s), value: f(x) }));
      const total = seen.reduce((sum, { weight }) => sum + weight, 0);
      return seen.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
    };
    expected -= (0.1 * mean(0.9, (x) => x)) / (Math.sqrt(mean(0.999, (x) => x * x)) + 1e-8);
    assertNear(param, [expected], 1e-12, `step ${t + 1}`);
  });
});

test('adamStep: decay is added to the gradient (Adam), or shrinks the weights directly (AdamW)', () => {
  const moments = (): [Float64Array, Float64Array] => [new Float64Array(1), new Float64Array(1)];
  const inGradient = Float64Array.of(2);
  float64.adamStep(inGradient, Float64Array.of(-1), ...moments(), {
    ...adam,
    weightDecay: 0.75,
    epsilon: 0.5,
  });
  assertNear(inGradient, [2 - (0.1 * 0.5) / (0.5 + 0.5)], 1e-14); // g = −1 + 0.75·2
  const decoupled = Float64Array.of(2);
  const spec = { ...adam, weightDecay: 0.75, epsilon: 0.5, decoupled: true };
  float64.adamStep(decoupled, Float64Array.of(-1), ...moments(), spec);
  assertNear(decoupled, [2 * (1 - 0.1 * 0.75) + (0.1 * 1) / (1 + 0.5)], 1e-14);
});

test('adamStep: a first gradient of zero leaves the weights unchanged', () => {
  const param = Float32Array.of(1, -2);
  float32.adamStep(param, new Float32Array(2), new Float32Array(2), new Float32Array(2), adam);
  assertSame(param, [1, -2]);
});

test('sgdStep: plain steps, with decay added to the gradient', () => {
  const param = Float64Array.of(2, -4);
  float64.sgdStep(param, Float64Array.of(1, 3), null, sgd);
  assertNear(param, [1.9, -4.3], 1e-15);
  float64.sgdStep(param, Float64Array.of(0, 0), null, { ...sgd, weightDecay: 0.5 });
  assertNear(param, [1.9 * 0.95, -4.3 * 0.95], 1e-15);
});

test('sgdStep: under a constant gradient the buffer is a geometric series', () => {
  const [mu, g] = [0.9, 2];
  for (const dampening of [0, 0.25]) {
    for (const nesterov of [false, true]) {
      const param = Float64Array.of(0);
      const buffer = Float64Array.of(Number.NaN); // the first step must not read it
      let moved = 0;
      for (let t = 1; t <= 5; t++) {
        const spec = { ...sgd, momentum: mu, dampening, nesterov, first: t === 1 };
        float64.sgdStep(param, Float64Array.of(g), buffer, spec);
        // b_t = μ^(t−1)·g + (1 − dampening)·g·(1 − μ^(t−1))/(1 − μ)
        const b = mu ** (t - 1) * g + ((1 - dampening) * g * (1 - mu ** (t - 1))) / (1 - mu);
        moved += nesterov ? g + mu * b : b;
        assertNear(buffer, [b], 1e-14);
        assertNear(param, [-0.1 * moved], 1e-14);
      }
    }
  }
});

test.run();
