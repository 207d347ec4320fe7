/** Noise on images: for denoising autoencoders, and for measuring how well any model handles noisy input. */
import { ArgumentError, type Generator, rand, randn, type Shape, type Tensor, where } from '@varigrad/core';
import { checkAmount, checkNumber, checkOptions, checkTensor } from '@varigrad/core/checks';
import { checkCorruption } from './checks.js';

/** A way to corrupt images. The random numbers are separate from the rule that applies them, so that tests can keep them fixed. */
export interface Corruption {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** The random numbers for images of this shape, one per pixel. */
  noise(shape: Shape, options?: { generator?: Generator | undefined }): Tensor;
  /** The corrupted images. @param noise - from `noise`, the same shape as x; @returns the same shape */
  apply(x: Tensor, noise: Tensor): Tensor;
}

/** Corrupts images with random numbers drawn from `generator`. The result has the shape of x. */
export function corrupt(
  x: Tensor,
  corruption: Corruption,
  options: { generator?: Generator | undefined } = {},
): Tensor {
  checkTensor('corrupt', x, 'x');
  checkCorruption('corrupt', corruption, 'the corruption');
  checkOptions('corrupt', options, { generator: true }, 'x, corruption, ');
  return corruption.apply(x, corruption.noise(x.shape, options));
}

/**
 * Sets each pixel to 0 with probability p. With `rescale`, the remaining pixels are divided by 1 − p, which keeps the mean of each
 * pixel.
 * @throws ArgumentError unless 0 ≤ p ≤ 1; p = 1 cannot be rescaled
 * @see Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders"
 */
export function masking(p: number, options: { rescale?: boolean } = {}): Corruption {
  checkNumber('masking', 'p', p, p >= 0 && p <= 1, 'from 0 to 1');
  checkOptions('masking', options, { rescale: true }, 'p, ');
  const { rescale = false } = options;
  if (rescale && p === 1)
    throw new ArgumentError('masking', 'p = 1 leaves no pixel to rescale — use a smaller p');
  const factor = rescale ? 1 / (1 - p) : 1;
  return {
    kind: rescale ? 'masking-rescaled' : 'masking',
    noise: rand,
    apply: (x, u) => {
      const kept = x.mul(u.ge(p));
      return factor === 1 ? kept : kept.mul(factor);
    },
  };
}

/** Sets each pixel to 0 with probability p/2 and to 1 with probability p/2. @throws ArgumentError unless 0 ≤ p ≤ 1 */
export function saltAndPepper(p: number): Corruption {
  checkNumber('saltAndPepper', 'p', p, p >= 0 && p <= 1, 'from 0 to 1');
  return {
    kind: 'salt-and-pepper',
    noise: rand,
    apply: (x, u) => where(u.lt(p), u.lt(p / 2), x),
  };
}

/** x + sigma·ε with ε ~ N(0, 1) for each pixel; the result can leave [0, 1]. @throws ArgumentError if sigma is negative or not finite */
export function gaussianNoise(sigma: number): Corruption {
  checkAmount('gaussianNoise', 'sigma', sigma);
  return {
    kind: 'gaussian',
    noise: randn,
    apply: (x, eps) => x.add(eps.mul(sigma)),
  };
}
