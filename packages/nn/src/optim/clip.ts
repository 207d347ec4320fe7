import { noGrad, scope, stack, type Tensor, tensor, withBackend } from '@varigrad/core';
import { checkNumber } from '@varigrad/core/checks';
import { listParameters } from './optimizer.js';

/**
 * Scales all gradients by one factor so that their joint norm √(Σ g²) is at most `maxNorm`: g ← g·min(1, maxNorm / norm).
 * The norm is m·√Σ(g/m)² with the largest magnitude m, so that no square overflows or vanishes. Nothing is read back.
 * If a gradient is NaN or infinite, the norm is NaN or infinite, and no gradient changes.
 * @returns the norm before, a scalar; 0 if there are no gradients
 * @throws ArgumentError unless maxNorm is above 0
 * @see Pascanu, Mikolov & Bengio 2013, Algorithm 1, arXiv:1211.5063
 */
export function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): Tensor {
  const gradients = gradientsOf('clipGradNorm', parameters);
  checkNumber('clipGradNorm', 'maxNorm', maxNorm, maxNorm > 0, 'above 0');
  if (gradients.length === 0) return tensor(0);
  return onTheirBackend(gradients, () => {
    const largest = stack(gradients.map((g) => g.abs().amax())).amax();
    const isBounded = largest.lt(Number.POSITIVE_INFINITY); // false for NaN, too
    const unit = largest.gt(0).mul(isBounded).where(largest, 1);
    const relative = stack(gradients.map((g) => g.div(unit).square().sum()))
      .sum()
      .sqrt(); // norm / unit
    const norm = unit.mul(relative);
    const isTooLong = norm.gt(maxNorm).mul(isBounded);
    // Two factors: m and maxNorm / m may be beyond float32's range where the result is not.
    const divisor = isTooLong.where(unit, 1);
    const factor = isTooLong.where(tensor(maxNorm).div(relative), 1);
    for (const g of gradients) g.assign(g.div(divisor).mul(factor));
    return norm;
  });
}

/**
 * Limits each element of the gradients to [−maxValue, maxValue]. NaN stays NaN.
 * @throws ArgumentError unless maxValue is above 0
 */
export function clipGradValue(parameters: Iterable<Tensor>, maxValue: number): void {
  const gradients = gradientsOf('clipGradValue', parameters);
  checkNumber('clipGradValue', 'maxValue', maxValue, maxValue > 0, 'above 0');
  onTheirBackend(gradients, () => {
    for (const g of gradients) g.assign(g.clamp({ min: -maxValue, max: maxValue }));
  });
}

/** The gradients of the parameters that have one. A gradient that several parameters share stands once. */
function gradientsOf(op: string, parameters: Iterable<Tensor>): Tensor[] {
  const gradients = listParameters(op, parameters).flatMap((p) => p.peekGrad()?.detach() ?? []);
  const filled = gradients.filter(({ size }) => size > 0);
  return [...new Map(filled.map((g) => [g.storage, g])).values()];
}

/** Computes on the backend of the gradients, without a tape, and frees intermediate results. */
function onTheirBackend<T>(gradients: readonly Tensor[], compute: () => T): T {
  const [first] = gradients;
  const run = (): T => noGrad(() => scope(compute));
  return first === undefined ? run() : withBackend(first.storage.backend, run);
}
