/** VAEs of linear layers, for lessons 8 and 9. With a fixed set of noise points, the bound and its gradient are exact. */
import { type Tensor, tensor } from '@varigrad/core';
import { Adam } from '@varigrad/nn';
import { type ElboOptions, StandardNormal, type VAE } from '@varigrad/vae';

/**
 * ε = ±√d along each of the d axes, for each of `count` images: `[count, 2d · d]`. Like N(0, I), these 2d points have mean 0 and
 * covariance I. So the mean of a quadratic function over them is its mean over N(0, I).
 */
export function axisPoints(d: number, count: number): Tensor {
  const axes = Array.from({ length: d }, (_, axis) => axis);
  const points = axes.flatMap((axis) =>
    [1, -1].map((sign) => axes.map((i) => (i === axis ? sign * Math.sqrt(d) : 0))),
  );
  return tensor(Array.from({ length: count }, () => points.flat()));
}

/** Four orthogonal unit vectors in the space of images of four pixels. */
export const DIRECTIONS = [
  [0.5, 0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5, -0.5],
  [0.5, 0.5, -0.5, -0.5],
  [0.5, -0.5, -0.5, 0.5],
] as const;

/** Eight images with mean 0 and the given variances along `DIRECTIONS`: ±√(4·variance) on each. */
export function eightImages(variances: readonly number[]): number[][] {
  return DIRECTIONS.flatMap((direction, i) =>
    [1, -1].map((sign) => direction.map((u) => sign * Math.sqrt(4 * variances[i]!) * u)),
  );
}

/** Minimises −ELBO over all images at once with Adam; the learning rate falls to 0. */
export function train(
  model: VAE,
  parameters: Tensor[],
  x: Tensor,
  steps: number,
  options: Pick<ElboOptions, 'labels' | 'beta'> = {},
): void {
  const eps = axisPoints(model.latent, x.shape[0]!);
  const optimizer = new Adam(parameters, { learningRate: 0.03 });
  for (let step = 0; step < steps; step++) {
    optimizer.learningRate = 0.03 * (1 - step / steps);
    optimizer.zeroGrad();
    model.elbo(x, { ...options, eps }).loss.backward();
    optimizer.step();
  }
}

/** The exact −ELBO, in nats per image. */
export function negativeElbo(model: VAE, x: Tensor, labels?: Tensor): number {
  const eps = axisPoints(model.latent, x.shape[0]!);
  return model.elbo(x, labels === undefined ? { eps } : { eps, labels }).loss.itemSync();
}

/** Mean KL(q(z|x) ‖ N(0, I)) of each latent dimension in nats, in descending order. */
export function klByDimension(model: VAE, x: Tensor, labels?: Tensor): number[] {
  const kl = new StandardNormal(model.latent).klPerDimension(model.encode(x, labels));
  return Array.from(kl.mean({ axis: 0 }).dataSync()).sort((a, b) => b - a);
}
