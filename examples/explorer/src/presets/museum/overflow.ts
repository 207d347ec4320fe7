import { type Tensor, tensor } from '@varigrad/core';
import { detectAnomaly, NotFiniteError, recordGraph } from '@varigrad/core/trace';
import { type Exhibit, type Expected, exhibit, type Finding, type Preset } from '../preset.js';

type Bound = (logVar: Tensor) => Tensor;

/** KL(N(0, exp logVar) ‖ N(0, 1)) written out, for log-variances 0 and 100. */
const loss =
  (logVar: Tensor, bound: Bound): (() => Tensor) =>
  () => {
    const bounded = bound(logVar);
    const variance = bounded.exp().named('variance');
    return variance.sub(1).sub(bounded).mul(0.5).sum().named('loss');
  };

function step(bound: Bound, expected: readonly Expected[]): Exhibit {
  const logVar = tensor([0, 100]).requiresGrad_().named('logVar');
  const findings = anomaly(loss(logVar, bound));
  return exhibit(recordGraph(loss(logVar, bound)), [logVar], expected, findings);
}

function anomaly(f: () => Tensor): Finding[] {
  try {
    detectAnomaly(f);
    return [];
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    return [{ tool: 'detectAnomaly', says: error.message }];
  }
}

const CLAMPED = Math.exp(10);

/** exp of a log-variance above 88.7 overflows float32. */
export const overflow: readonly Preset[] = [
  {
    id: 'overflow-bad',
    title: 'exp(logVar) overflows',
    group: 'Bug museum',
    verdict: 'known bad',
    prose: [
      'The variance is exp(logVar). One log-variance has reached 100, and exp(100) ≈ 2.7e43 is beyond float32, whose largest number is 3.4e38: the result is Infinity, and so are the loss and the gradient. The next update makes every weight of the encoder NaN.',
      'detectAnomaly stops at the first operation with an infinite result for finite operands, before NaN spreads.',
    ],
    run: () =>
      step(
        (logVar) => logVar,
        [
          {
            node: 'variance',
            of: 'value',
            numbers: [1, Number.POSITIVE_INFINITY],
            because: 'exp(0), exp(100)',
          },
          {
            node: 'loss',
            of: 'value',
            numbers: [Number.POSITIVE_INFINITY],
            because: '½ Σ (σ² − 1 − logVar)',
          },
          {
            node: 'logVar',
            of: 'gradient',
            numbers: [0, Number.POSITIVE_INFINITY],
            because: '½(σ² − 1)',
          },
        ],
      ),
  },
  {
    id: 'overflow-good',
    title: 'exp(logVar) kept in range by a clamp',
    group: 'Bug museum',
    verdict: 'known good',
    prose: [
      'The log-variance is clamped to [−10, 10] before exp: all numbers stay finite.',
      'The graph shows the cost: outside its bounds clamp sends a gradient of 0, so a log-variance that is out of bounds stays there. Choose bounds far outside the useful range.',
    ],
    run: () =>
      step(
        (logVar) => logVar.clamp({ min: -10, max: 10 }).named('clamped'),
        [
          { node: 'clamped', of: 'value', numbers: [0, 10], because: 'min(max(logVar, −10), 10)' },
          { node: 'variance', of: 'value', numbers: [1, CLAMPED], because: 'exp(0), exp(10)' },
          { node: 'loss', of: 'value', numbers: [0.5 * (CLAMPED - 11)], because: '½ Σ (σ² − 1 − logVar)' },
          { node: 'logVar', of: 'gradient', numbers: [0, 0], because: '½(σ² − 1) = 0; cut by the clamp' },
        ],
      ),
  },
];
