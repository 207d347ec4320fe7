/**
 * A model whose images can be computed by hand, for the tests of figures. It decodes z to the two pixels σ(z₁) and σ(z₂), shifted by
 * the class.
 */
import { Generator, randn, type Tensor, tensor } from '@varigrad/core';
import { Module } from '@varigrad/nn';
import { Bernoulli, type Dataset, type Elbo, type GenerativeModel, type Sheet } from '@varigrad/vae';
import * as assert from 'uvu/assert';

export const SHAPE = [1, 2] as const;
export const CLASS_STEP = 2;
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Pixels are σ(z + 2·class); the mean of z is 2·(image − ½). */
export class Transparent extends Module implements GenerativeModel {
  readonly kind = 'transparent';
  readonly inputSize = 2;
  readonly latent = 2;
  readonly classes: number;
  readonly likelihood: Bernoulli = new Bernoulli();
  /** The values of `training` when encode and decode were called. */
  readonly modes: boolean[] = [];

  constructor(classes = 0) {
    super();
    this.classes = classes;
  }

  codes(x: Tensor): Tensor {
    this.modes.push(this.training);
    return x.sub(0.5).mul(2);
  }

  samplePrior(count: number, { generator }: { generator?: Generator | undefined } = {}): Tensor {
    return randn([count, 2], { generator });
  }

  noise(): null {
    return null;
  }

  decode(z: Tensor, labels?: Tensor): Tensor {
    this.modes.push(this.training);
    assert.is(labels === undefined, this.classes === 0, 'only conditional models receive labels');
    if (labels === undefined) return z;
    const classes = tensor(Array.from({ length: this.classes }, (_, c) => [CLASS_STEP * c]));
    return z.add(labels.matmul(classes));
  }

  elbo(): Elbo {
    throw new Error('figures need no loss');
  }
}

/** Asserts that the texts are equal, and that pixels differ by at most one grey level, because sigmoid may round differently. */
export function assertSameSheet(
  { pixels: found, ...rest }: Sheet,
  { pixels: expected, ...expectedRest }: Sheet,
): void {
  assert.equal(rest, expectedRest);
  assert.equal([found.width, found.height], [expected.width, expected.height]);
  const worst = found.pixels.reduce(
    (most, p, i) => Math.max(most, Math.abs(p - (expected.pixels[i] as number))),
    0,
  );
  assert.ok(worst <= 1, `pixels differ by ${worst}`);
}

export const pair = ([z1, z2]: readonly [number, number], label = 0): number[] =>
  [z1, z2].map((z) => sigmoid(z + CLASS_STEP * label));

/** The styles that a figure samples: standard normal pairs of a seed. */
export function styles(count: number, seed: number): [number, number][] {
  const z = randn([count, 2], { generator: new Generator(seed) }).dataSync();
  return Array.from({ length: count }, (_, i) => [z[2 * i], z[2 * i + 1]] as [number, number]);
}

export function dataset(count: number): Dataset {
  return {
    images: Float32Array.from({ length: 2 * count }, (_, i) => (i % 7) / 6),
    labels: new Uint8Array(count),
    count,
    imageShape: SHAPE,
    classes: 2,
  };
}
