/** The Laplace distribution with one fixed scale: density and samples. */
import { type Generator, mulExp, rand, type Tensor } from '@varigrad/core';
import { checkTensor } from '@varigrad/core/checks';

/**
 * log p(z; mu, b) = −Σⱼ |z − mu|/b + ln 2b, summed over the last axis.
 * @param z - `[…, dimensions]`; mu broadcasts against it; @param scale - b above 0
 * @returns nats, `[…]`
 */
export function laplaceLogProb(z: Tensor, mu: Tensor, scale: number): Tensor {
  checkTensor('laplaceLogProb', z, 'z');
  checkTensor('laplaceLogProb', mu, 'mu');
  return mulExp(z.sub(mu).abs(), -Math.log(scale))
    .add(Math.log(2 * scale))
    .sum({ axis: -1 })
    .neg();
}

/**
 * mu − b·sign(v)·ln(1 − 2|v|) with v = u − ½ and u uniform in [0, 1): one sample per element.
 * @param mu - any shape; @param scale - b above 0
 */
export function sampleLaplace(mu: Tensor, scale: number, generator?: Generator): Tensor {
  checkTensor('sampleLaplace', mu, 'mu');
  const v = rand(mu.shape, { generator }).sub(0.5);
  // |v| = ½ has the density 0; below it, the logarithm is finite.
  const tail = v
    .abs()
    .mul(-2)
    .clamp({ min: -1 + 2 ** -24 })
    .log1p();
  return mu.sub(v.sign().mul(tail).mul(scale));
}
