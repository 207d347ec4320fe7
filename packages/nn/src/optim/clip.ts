import { ArgumentError, type Tensor, updateInPlace } from '@varigrad/core';

/**
 * Scales all gradients together so that their common norm √(Σ g²) is at most `maxNorm`.
 * @returns the norm before. @throws ArgumentError unless maxNorm > 0
 */
export async function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): Promise<number> {
  if (!(maxNorm > 0))
    throw new ArgumentError('clipGradNorm', `the largest norm must be above 0, not ${maxNorm}`);
  const gradients = [...parameters].flatMap((p) => p.peekGrad() ?? []);
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
