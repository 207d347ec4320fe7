import { ArgumentError, apply, noGrad, type Op, type Tensor } from '@varigrad/core';
import { checkChoice, checkOptions, type OptionNames } from '@varigrad/core/checks';
import type { Description } from '@varigrad/nn';
import { gaussianLogProb } from '../distributions/gaussian.js';
import {
  checkElboArguments,
  type Elbo,
  type ElboOptions,
  importanceWeightedBound,
  logWeights,
  refuseKlWeights,
  repeatPosterior,
} from '../elbo.js';
import type { Draw, Posterior } from '../posteriors/posterior.js';
import { VAE, VAE_OPTIONS, type VAEOptions } from './vae.js';

/** Options of `IWAE`. */
export interface IWAEOptions extends Omit<VAEOptions, 'kl'> {
  /** Samples of z per image, k. Default 5. */
  samples?: number;
  /**
   * 'standard' differentiates the bound itself (default). 'dreg' uses the doubly reparameterized gradient for the encoder, whose
   * signal-to-noise ratio does not vanish as k grows.
   */
  gradient?: 'standard' | 'dreg';
}

const { kl: _, ...SHARED_OPTIONS } = VAE_OPTIONS;
const IWAE_OPTIONS: OptionNames<IWAEOptions> = { ...SHARED_OPTIONS, gradient: true };
const GRADIENTS = { standard: true, dreg: true } as const;

/**
 * The importance-weighted autoencoder: a VAE trained on −log 1/k Σᵢ wᵢ, w = p(x|z)·p(z)/q(z|x). With k = 1 it is
 * the VAE with a sampled KL.
 * @see Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519; Tucker et al. 2019, arXiv:1810.04152 (DReG)
 */
export class IWAE extends VAE {
  override readonly kind: string = 'iwae';
  readonly #gradient: 'standard' | 'dreg';

  /** @throws ArgumentError if `gradient` is 'dreg' and the posterior is not Gaussian */
  constructor(options: IWAEOptions = {}) {
    checkOptions('IWAE', options, IWAE_OPTIONS);
    const { samples = 5, gradient = 'standard', ...rest } = options;
    checkChoice('IWAE', 'gradient', gradient, GRADIENTS);
    super({ ...rest, samples, kl: 'sampled' }, 0, 'IWAE');
    this.#gradient = gradient;
    if (gradient === 'dreg' && !this.posterior.isGaussian)
      throw new ArgumentError(
        'IWAE',
        `gradient 'dreg' needs a Gaussian posterior, not ${this.posterior.kind}`,
      );
  }

  override describe(): Description {
    return [...super.describe(), this.#gradient === 'dreg' && 'dreg gradient'];
  }

  /**
   * `loss` is the negative bound with k samples. `recon` + `kl` is −ELBO, the bound with one sample, averaged over the k samples.
   * @throws ArgumentError if beta or freeBits is set: the bound has no KL term
   */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const { labels } = options;
    refuseKlWeights('an IWAE', options);
    const batch = x.shape[0]!;
    const eps = (options.eps ?? this.noise(batch, options.generator)).reshape([
      batch * this.samples,
      this.latent,
    ]);
    const q = repeatPosterior(this.encode(options.input ?? x, labels), this.samples);
    const draw = this.posterior.draw(q, eps);
    const weights = (): Tensor => noGrad(() => logW.softmax({ axis: 1 }).reshape([eps.shape[0]!, 1]));
    const isDreg = this.#gradient === 'dreg';
    const terms = this.termsOf(
      x,
      isDreg ? doublyReparameterized(draw, q, weights) : draw,
      this.samples,
      labels,
    );
    const logW = logWeights(terms); // [batch, samples]
    return {
      loss: importanceWeightedBound(logW).mean().neg(),
      recon: terms.likelihood.mean().neg(),
      kl: terms.posterior.sub(terms.prior).mean(),
    };
  }
}

/** z with a gradient that is multiplied by numbers of the forward pass: those that the parameter returns in the backward pass. */
const weightedOp: Op<readonly [Tensor], () => Tensor> = {
  name: 'weighted',
  shape: ([z]) => z,
  forward: (_, [z]) => z.values,
  vjp: (dy, _, weights) => [() => dy.mul(weights())],
};

/**
 * Samples whose gradient with respect to the encoder is Σᵢ w̃ᵢ² ∂log wᵢ/∂z · ∂z/∂φ, where w̃ are the normalised weights. log q is
 * evaluated at constant mu and logVar. The gradient with respect to z already contains w̃ᵢ from the bound and is multiplied by w̃ᵢ again.
 * @param weights - w̃, `[batch · samples, 1]`
 */
function doublyReparameterized(draw: Draw, { mu, logVar }: Posterior, weights: () => Tensor): Draw {
  const z = apply(weightedOp, [draw.z], weights);
  return { z, logProb: () => gaussianLogProb(z, mu.detach(), logVar.detach()) };
}
