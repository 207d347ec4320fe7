import { type Tensor, updateInPlace } from '@varigrad/core';
import { checkNumber } from '@varigrad/core/checks';
import { listParameters } from './optimizer.js';

/**
 * Scales all gradients by one factor so that their joint norm √(Σ g²) is at most `maxNorm`.
 * @returns the norm before
 * @throws ArgumentError unless maxNorm is above 0
 */
export async function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): Promise<number> {
  const list = listParameters('clipGradNorm', parameters);
  checkNumber('clipGradNorm', 'maxNorm', maxNorm, maxNorm > 0, 'above 0');
  const gradients = list.flatMap((p) => p.peekGrad() ?? []);
  const squares = await Promise.all(gradients.map((g) => g.detach().square().sum().item()));
  const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
  if (norm > maxNorm) {
    const factor = maxNorm / (norm + 1e-6);
    for (const gradient of gradients) {
      updateInPlace([gradient], (kernels) => kernels.scale(gradient.values, factor));
    }
  }
  return norm;
}
