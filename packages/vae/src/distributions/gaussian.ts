/** Diagonal Gaussians: density and samples. The KLs are `klStandardNormal` and `klNormal` of `@varigrad/nn`. */
import {
  broadcastShapes,
  type Generator,
  mulExp,
  randn,
  ShapeError,
  sameShape,
  type Tensor,
} from '@varigrad/core';
import { checkOptions, checkTensor } from '@varigrad/core/checks';
import { type DiagonalGaussian, gaussianNll } from '@varigrad/nn';
import { checkSameShape } from '../checks.js';

/** In mixtures, a smaller σ counts as e⁻⁶⁰: differences of up to 1e12 divided by it are finite in float32. */
export const LEAST_LOG_SIGMA = -60;

/**
 * log N(z; mu, diag σ²) = −½ Σⱼ (ln 2π + logVar + ((z − mu)/σ)²) with σ = e^(½ logVar), summed over the last axis.
 * @param z - `[…, dimensions]`; mu and logVar broadcast against it, without adding dimensions
 * @returns nats, `[…]`
 * @throws ShapeError if the shapes do not broadcast
 */
export function gaussianLogProb(z: Tensor, mu: Tensor, logVar: Tensor): Tensor {
  checkTensor('gaussianLogProb', z, 'z');
  checkTensor('gaussianLogProb', mu, 'mu');
  checkTensor('gaussianLogProb', logVar, 'logVar');
  const difference = z.sub(mu);
  for (const t of [difference, logVar]) {
    const dimensions = t.shape.at(-1) ?? 1;
    if (dimensions === z.shape.at(-1) || dimensions === 1) continue;
    const problem = `the parameters have ${dimensions} dimensions, and z ${z.shape.at(-1)} — expand z`;
    throw new ShapeError('gaussianLogProb', [z.shape, mu.shape, logVar.shape], problem);
  }
  return gaussianNll(0, logVar, difference, { reduction: 'none' }).sum({ axis: -1 }).neg();
}

/** log N(z; 0, I), `[…, dimensions]` → `[…]` in nats. */
export function standardNormalLogProb(z: Tensor): Tensor {
  checkTensor('standardNormalLogProb', z, 'z');
  return gaussianNll(0, 0, z, { reduction: 'none' }).sum({ axis: -1 }).neg();
}

/**
 * z = mu + σ·ε with ε ~ N(0, I): a sample as a differentiable function of mu and logVar.
 * @param q - mu, any shape, and logVar, which broadcasts to it
 * @param options - eps, of the shape of mu or, for several samples of each, of a shape to which mu broadcasts; drawn from `generator`
 * if left out
 * @throws ShapeError if eps itself would broadcast, also to logVar: such noise would be the same for several codes
 * @see Kingma & Welling 2014, §2.4, arXiv:1312.6114
 */
export function reparameterize(
  q: DiagonalGaussian,
  options: { eps?: Tensor; generator?: Generator | undefined } = {},
): Tensor {
  checkTensor('reparameterize', q?.mu, 'q.mu');
  checkTensor('reparameterize', q.logVar, 'q.logVar');
  checkOptions('reparameterize', options, { eps: true, generator: true }, 'q, ');
  const { mu, logVar } = q;
  const { generator } = options;
  const eps = options.eps ?? randn(mu.shape, { generator });
  checkTensor('reparameterize', eps, 'eps');
  const fits = (t: Tensor): boolean =>
    sameShape(broadcastShapes('reparameterize', t.shape, eps.shape), eps.shape);
  if (!fits(mu)) checkSameShape('reparameterize', { mu, eps });
  if (!fits(logVar)) checkSameShape('reparameterize', { mu, logVar });
  return mu.add(mulExp(eps, logVar.mul(0.5)));
}
