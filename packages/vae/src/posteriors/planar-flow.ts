import { ArgumentError, type Generator, type Tensor } from '@varigrad/core';
import { checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { type Description, Linear, Module } from '@varigrad/nn';
import { GaussianPosterior } from './gaussian.js';
import type { Draw, Posterior, PosteriorFamily } from './posterior.js';

/** softplus⁻¹(1): the shift that makes a flow with u = 0 the identity. */
const IDENTITY_SHIFT: number = Math.log(Math.E - 1);

/** Options of `PlanarFlow`. */
export interface PlanarFlowOptions {
  /** Width of the encoder's features, from which the parameters of each image's flow are computed. Default 400. */
  features?: number;
  /** Number of planar flows, applied in sequence. Default 10. */
  length?: number;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const PLANAR_OPTIONS: OptionNames<PlanarFlowOptions> = { features: true, length: true, generator: true };

/** The result of one planar flow. */
export interface PlanarStep {
  z: Tensor;
  /** log |det ∂f/∂z|, `[batch]` */
  logDet: Tensor;
}

/**
 * f(z) = z + û·tanh(wᵀz + b), with û = u + (m(wᵀu) − wᵀu)·w/‖w‖² and m(a) = −1 + softplus(a + log(e − 1)). Because wᵀû > −1, f is
 * invertible. log |det| = log(1 + wᵀû·(1 − tanh²)).
 * @param z - `[batch, latent]`
 * @param u - like z
 * @param w - like z
 * @param b - `[batch, 1]`
 * @see Rezende & Mohamed 2015, §4.1 and App. A, arXiv:1505.05770
 */
export function planarStep(z: Tensor, u: Tensor, w: Tensor, b: Tensor): PlanarStep {
  for (const [name, t] of Object.entries({ z, u, w, b })) checkTensor('planarStep', t, name);
  const rows = { axis: 1, keepDims: true } as const;
  const inner = w.mul(u).sum(rows); // [batch, 1]
  const allowed = inner.add(IDENTITY_SHIFT).softplus().sub(1);
  const length = w.square().sum(rows).add(1e-12);
  const uHat = u.add(w.mul(allowed.sub(inner).div(length)));
  const t = w.mul(z).sum(rows).add(b).tanh();
  const slope = t.square().neg().add(1);
  return {
    z: z.add(uHat.mul(t)),
    // wᵀû equals `allowed`, up to the 1e-12
    logDet: allowed.mul(slope).log1p().squeeze(1),
  };
}

/** A Gaussian followed by planar flows. The encoder computes the flows' parameters for each image. */
export class PlanarFlow extends Module implements PosteriorFamily {
  readonly kind = 'planar';
  readonly isGaussian = false;
  /** Features → u, w and b of every flow, `[features]` → `[length · (2 · latent + 1)]`. */
  readonly parametersOf: Linear;
  readonly latent: number;
  readonly length: number;
  readonly #base = new GaussianPosterior();

  constructor(latent: number, options: PlanarFlowOptions = {}) {
    super();
    checkWhole('PlanarFlow', 'latent', latent);
    checkOptions('PlanarFlow', options, PLANAR_OPTIONS, 'latent, ');
    const { features = 400, length = 10, generator } = options;
    checkWhole('PlanarFlow', 'features', features);
    checkWhole('PlanarFlow', 'length', length);
    this.latent = latent;
    this.length = length;
    this.parametersOf = new Linear(features, length * (2 * latent + 1), { generator });
  }

  override describe(): Description {
    return [`${this.length} flows`];
  }

  /** @throws ArgumentError if the encoder provides no features */
  draw(q: Posterior, eps: Tensor): Draw {
    if (q.context === undefined)
      throw new ArgumentError(
        'PlanarFlow',
        'the posterior has no context — use an encoder that provides it, such as GaussianEncoder',
      );
    const { latent, length } = this;
    const base = this.#base.draw(q, eps);
    const sizes = Array.from({ length }, () => [latent, latent, 1]).flat();
    const parts = this.parametersOf.forward(q.context).split(sizes, { axis: 1 });
    let z = base.z;
    const logDets: Tensor[] = [];
    for (let step = 0; step < length; step++) {
      const [u, w, b] = parts.slice(3 * step, 3 * step + 3) as [Tensor, Tensor, Tensor];
      const next = planarStep(z, u, w, b);
      z = next.z;
      logDets.push(next.logDet);
    }
    return { z, logProb: () => logDets.reduce((sum, logDet) => sum.sub(logDet), base.logProb()) };
  }
}
