import { ArgumentError, type Generator, parameter, type Tensor, zeros } from '@varigrad/core';
import { checkChoice, checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { type Description, Linear, Module, uniform } from '@varigrad/nn';
import { GaussianPosterior } from './gaussian.js';
import type { Draw, Posterior, PosteriorFamily } from './posterior.js';

/** Where the parameters of the flows come from: the encoder, for each image, or one learned set for all images. */
export type FlowParameters = 'encoder' | 'shared';

/** Options of `PlanarFlow`. */
export interface PlanarFlowOptions {
  /** Width of the encoder's features, for parameters from the encoder. Default 400. */
  features?: number;
  /** Number of planar flows, applied in sequence. Default 10. */
  length?: number;
  /** 'encoder' (default) computes u, w and b of each image from the encoder's features; 'shared' learns one set for all images. */
  parameters?: FlowParameters;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const PLANAR_OPTIONS: OptionNames<PlanarFlowOptions> = {
  features: true,
  length: true,
  parameters: true,
  generator: true,
};
const SOURCES: Readonly<Record<FlowParameters, true>> = { encoder: true, shared: true };

/** The result of one planar flow. */
export interface PlanarStep {
  /** `[batch, latent]` */
  z: Tensor;
  /** log |det ∂f/∂z|, `[batch]` */
  logDet: Tensor;
}

/**
 * f(z) = z + û·tanh(wᵀz + b) with û = u/(1 + softplus(−wᵀu)). Because softplus(−a) > −a, wᵀû > −1, which makes f invertible, and every
 * û with wᵀû > −1 is reached by one u. The paper's û divides by ‖w‖² instead, which is singular at w = 0.
 * log |det| = log(1 + wᵀû·(1 − tanh²)), finite for all finite arguments.
 * @param z - `[batch, latent]`
 * @param u - like z, or `[1, latent]`
 * @param w - like u
 * @param b - `[batch, 1]` or `[1, 1]`
 * @see Rezende & Mohamed 2015, §4.1 and App. A, arXiv:1505.05770
 */
export function planarStep(z: Tensor, u: Tensor, w: Tensor, b: Tensor): PlanarStep {
  for (const [name, t] of Object.entries({ z, u, w, b })) checkTensor('planarStep', t, name);
  const rows = { axis: 1, keepDims: true } as const;
  const inner = w.mul(u).sum(rows); // [batch, 1]
  const excess = inner.neg().softplus(); // û = u/(1 + excess)
  const t = w.mul(z).sum(rows).add(b).tanh();
  const slope = t.square().neg().add(1);
  return {
    z: z.add(u.mul(t.div(excess.add(1)))),
    // det = (1 + excess + inner·slope)/(1 + excess). excess ≥ −inner also in float32, so both logarithms are of numbers ≥ 1.
    logDet: inner.mul(slope).add(excess).log1p().sub(excess.log1p()).squeeze(1),
  };
}

/** Initial sizes of the parameters. The small u starts the flows near the identity; the larger w and b give u a gradient. */
const INITIAL = { u: 0.01, w: 0.1, b: 0.1 } as const;

/** A Gaussian followed by planar flows. Their parameters are computed by the encoder for each image, or shared by all images. */
export class PlanarFlow extends Module implements PosteriorFamily {
  readonly kind = 'planar';
  readonly isGaussian = false;
  readonly latent: number;
  readonly length: number;
  /** The u of every flow: a layer `[features]` → `[length · latent]`, or the shared numbers, `[1, length · latent]`. */
  readonly u: Linear | Tensor;
  /** Like u. */
  readonly w: Linear | Tensor;
  /** A layer `[features]` → `[length]`, or the shared numbers, `[1, length]`. */
  readonly b: Linear | Tensor;
  readonly #base = new GaussianPosterior();

  /** @throws ArgumentError unless the sizes are whole numbers above 0; also for `features` with shared parameters */
  constructor(latent: number, options: PlanarFlowOptions = {}) {
    super();
    checkWhole('PlanarFlow', 'latent', latent);
    checkOptions('PlanarFlow', options, PLANAR_OPTIONS, 'latent, ');
    const { features = 400, length = 10, parameters = 'encoder', generator } = options;
    checkWhole('PlanarFlow', 'features', features);
    checkWhole('PlanarFlow', 'length', length);
    checkChoice('PlanarFlow', 'parameters', parameters, SOURCES);
    if (parameters === 'shared' && options.features !== undefined)
      throw new ArgumentError(
        'PlanarFlow',
        `features has no effect with parameters 'shared', found ${features} — leave it out`,
      );
    this.latent = latent;
    this.length = length;
    const make = (size: number, scale: number): Linear | Tensor =>
      parameters === 'shared'
        ? parameter(uniform(zeros([1, size]), -scale, scale, { generator }))
        : scaledLinear(features, size, scale, generator);
    this.u = make(length * latent, INITIAL.u);
    this.w = make(length * latent, INITIAL.w);
    this.b = make(length, INITIAL.b);
  }

  override describe(): Description {
    return [`${this.length} flows`, !(this.u instanceof Linear) && 'shared parameters'];
  }

  /** @throws ArgumentError if the encoder computes the parameters and provides no features */
  draw(q: Posterior, eps: Tensor): Draw {
    const base = this.#base.draw(q, eps);
    const perFlow = (source: Linear | Tensor): Tensor[] => {
      const all = source instanceof Linear ? source.forward(featuresOf(q)) : source;
      return all.split(all.shape[1]! / this.length, { axis: 1 });
    };
    const [w, b] = [perFlow(this.w), perFlow(this.b)];
    let z = base.z;
    const logDets = perFlow(this.u).map((u, i) => {
      const step = planarStep(z, u, w[i]!, b[i]!);
      z = step.z;
      return step.logDet;
    });
    return { z, logProb: () => logDets.reduce((sum, logDet) => sum.sub(logDet), base.logProb()) };
  }
}

/** A linear layer whose initial weights and biases are `scale` times the usual ones. */
function scaledLinear(
  inFeatures: number,
  outFeatures: number,
  scale: number,
  generator: Generator | undefined,
): Linear {
  const layer = new Linear(inFeatures, outFeatures, { generator });
  for (const weights of layer.parameters()) weights.assign(weights.detach().mul(scale));
  return layer;
}

function featuresOf({ context }: Posterior): Tensor {
  if (context === undefined)
    throw new ArgumentError(
      'PlanarFlow',
      'the posterior has no context — use an encoder that provides it, such as GaussianEncoder',
    );
  return context;
}
