import { concat, type Tensor } from '@varigrad/core';
import type { DiagonalGaussian } from '@varigrad/nn';
import { gaussianLogProb, LEAST_LOG_SIGMA } from './gaussian.js';

/** The largest number of elements of an array `[rows, components, latent]`: 64 MiB. */
const MOST_ELEMENTS = 2 ** 24;

/**
 * log Σₖ exp(logWeights[k]) · N(z; mu[k], diag σ²[k]), the log-density of a mixture at each z. σ below e⁻⁶⁰ counts as e⁻⁶⁰.
 * @param z - `[batch, latent]`; @param logWeights - `[components]`, normalised
 * @param components - mu and logVar, `[components, latent]`
 * @returns nats, `[batch]`
 */
export function mixtureLogProb(z: Tensor, logWeights: Tensor, components: DiagonalGaussian): Tensor {
  const { mu } = components;
  const logVar = components.logVar.clamp({ min: 2 * LEAST_LOG_SIGMA });
  const peaks = gaussianLogProb(mu, mu, logVar).add(logWeights); // where z is the mean, [components]
  return peaks.sub(squaredDistances(z, { mu, logVar }).mul(0.5)).logSumExp({ axis: -1 });
}

/**
 * Σⱼ ((z − mu)/σ)², `[batch, components]`, from the differences: ‖z‖² − 2 z·mu + ‖mu‖² would cancel for sharp components.
 * Rows of z are processed in blocks, which limits the memory of an evaluation of many z.
 */
function squaredDistances(z: Tensor, { mu, logVar }: DiagonalGaussian): Tensor {
  const minusMu = mu.neg();
  const precision = logVar.mul(-0.5).exp(); // 1/σ
  const rows = z.shape[0]!;
  const most = Math.max(1, Math.floor(MOST_ELEMENTS / Math.max(1, mu.size)));
  const distances = (block: Tensor) =>
    block.unsqueeze(1).add(minusMu).mul(precision).square().sum({ axis: -1 });
  if (rows <= most) return distances(z);
  const sizes = Array.from({ length: Math.ceil(rows / most) }, (_, i) => Math.min(most, rows - i * most));
  return concat(z.split(sizes).map(distances));
}
