/** Noise on images, for denoising autoencoders and to see how any model bears it. */
import { ArgumentError, type Generator, rand, randn, type Shape, type Tensor, where } from '@varigrad/core';
import { checkMethod, checkNumber, checkOptions, checkTensor } from '@varigrad/core/checks';

/** A way to spoil images: first the random numbers, then what they do, so that the numbers can be kept fixed. */
export interface Corruption {
  /** Name for configuration files and messages. */
  readonly kind: string;
  /** The random numbers for images of this shape, one for each pixel. */
  noise(shape: Shape, options?: { generator?: Generator | undefined }): Tensor;
  /** Images with noise: x and the numbers, of one shape → that shape. */
  apply(x: Tensor, noise: Tensor): Tensor;
}

/** Images with noise, drawn from `generator`. */
export function corrupt(
  x: Tensor,
  corruption: Corruption,
  options: { generator?: Generator | undefined } = {},
): Tensor {
  checkTensor('corrupt', x, 'x');
  checkMethod('corrupt', 'the corruption', corruption, 'apply', 'a corruption, such as masking(0.5)');
  checkOptions('corrupt', options, { generator: true }, 'x, corruption, ');
  return corruption.apply(x, corruption.noise(x.shape, options));
}

/**
 * Each pixel is 0 with probability p, and else as it was or, with `rescale`, divided by 1 − p, so that its mean is unchanged.
 * @throws ArgumentError unless p lies in [0, 1), or is 1 without `rescale`
 * @see Vincent et al. 2008, "Extracting and Composing Robust Features with Denoising Autoencoders"
 */
export function masking(p: number, options: { rescale?: boolean } = {}): Corruption {
  checkNumber('masking', 'p', p, p >= 0 && p <= 1, 'from 0 to 1');
  checkOptions('masking', options, { rescale: true }, 'p, ');
  const { rescale = false } = options;
  if (rescale && p === 1)
    throw new ArgumentError('masking', 'nothing is left to rescale at p = 1 — take less');
  const factor = rescale ? 1 / (1 - p) : 1;
  return {
    kind: 'masking',
    noise: rand,
    apply: (x, u) => {
      const kept = x.mul(u.ge(p));
      return factor === 1 ? kept : kept.mul(factor);
    },
  };
}

/** Each pixel is 0 with probability p/2, 1 with probability p/2, and else as it was. @throws ArgumentError unless p lies in [0, 1] */
export function saltAndPepper(p: number): Corruption {
  checkNumber('saltAndPepper', 'p', p, p >= 0 && p <= 1, 'from 0 to 1');
  return {
    kind: 'salt-and-pepper',
    noise: rand,
    apply: (x, u) => where(u.lt(p), u.lt(p / 2), x),
  };
}

/** x + sigma·ε with ε ~ N(0, 1) in each pixel; leaves [0, 1]. @throws ArgumentError if sigma is negative */
export function gaussianNoise(sigma: number): Corruption {
  checkNumber('gaussianNoise', 'sigma', sigma, sigma >= 0 && Number.isFinite(sigma), 'of at least 0');
  return {
    kind: 'gaussian',
    noise: randn,
    apply: (x, eps) => x.add(eps.mul(sigma)),
  };
}
