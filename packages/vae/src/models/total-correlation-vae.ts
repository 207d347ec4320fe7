import { ArgumentError, type Tensor } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { wholeBatch } from '@varigrad/core/compile';
import type { Description } from '@varigrad/nn';
import { gaussianLogProb, LEAST_LOG_SIGMA } from '../distributions/gaussian.js';
import { checkElboArguments, type Elbo, type ElboOptions } from '../elbo.js';
import type { Posterior } from '../posteriors/posterior.js';
import { VAE, VAE_OPTIONS, type VAEOptions } from './vae.js';

/** Options of `TotalCorrelationVAE`. */
export interface TotalCorrelationVAEOptions extends VAEOptions {
  /** Number of training images, N. It changes `loss` by a constant and no gradient. Default 60,000, as MNIST has. */
  datasetSize?: number;
}

const TOTAL_CORRELATION_OPTIONS: OptionNames<TotalCorrelationVAEOptions> = {
  datasetSize: true,
  ...VAE_OPTIONS,
};

/**
 * The β-TCVAE: a VAE whose loss penalises the dependence of the dimensions of z. Averaged over the data, the KL to N(0, I) is the sum of
 * the mutual information of x and z, the total correlation TC = KL(q(z) ‖ Πₖ q(zₖ)), and Σₖ KL(q(zₖ) ‖ N(0, 1)), where q(z) is the mean
 * of all q(z|x). β is the weight of the TC alone.
 * @see Chen, Li, Grosse & Duvenaud 2018, arXiv:1802.04942
 */
export class TotalCorrelationVAE extends VAE {
  override readonly kind: string = 'tc-vae';
  readonly #datasetSize: number;

  /** @throws ArgumentError unless datasetSize is a whole number above 0 and the posterior is Gaussian */
  constructor(options: TotalCorrelationVAEOptions = {}) {
    const op = 'TotalCorrelationVAE';
    checkOptions(op, options, TOTAL_CORRELATION_OPTIONS);
    const { datasetSize = 60_000, ...rest } = options;
    checkWhole(op, 'datasetSize', datasetSize);
    super(rest, 0, op);
    if (!this.posterior.isGaussian)
      throw new ArgumentError(
        op,
        `the posterior must be Gaussian, found ${this.posterior.kind} — leave out posterior`,
      );
    this.#datasetSize = datasetSize;
  }

  override describe(): Description {
    return [...super.describe(), `dataset size ${this.#datasetSize}`];
  }

  /**
   * In training mode, `loss` is recon + kl + (beta − 1)·TC, with the TC of this batch. In evaluation mode it is recon + kl for every
   * beta, because an estimate of the TC would depend on the batch size.
   * @param options - beta: weight of the TC; freeBits: as for a VAE
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if freeBits is set and there is no closed-form KL
   */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const { beta = 1 } = options;
    const terms = this.imageTerms(x, options);
    const bound = this.weigh(terms, { ...options, beta: 1 });
    if (!this.training || beta === 1) return bound;
    const correlation = totalCorrelation(terms.z, terms.q, this.#datasetSize);
    // Both are β − 1 from a β in float32, so that a number and a tensor give the same loss.
    const weight = typeof beta === 'number' ? Math.fround(beta) - 1 : beta.sub(1);
    return { ...bound, loss: bound.loss.add(correlation.mul(weight)) };
  }
}

/**
 * TC = E[log q(z) − Σₖ log q(zₖ)] by minibatch weighted sampling: log q(zᵢ) ≈ log Σⱼ q(zᵢ|xⱼ) − log(N·M), where j runs over the M
 * images of the batch; the same for each dimension. The estimate is biased: it contains the constant (latent − 1)·log(N·M).
 * As in a mixture prior, σ below e⁻⁶⁰ counts as e⁻⁶⁰.
 * @param z - samples of the posteriors of the batch, `[batch · samples, latent]`
 * @param q - the posteriors, `[batch, latent]`
 * @param datasetSize - number of training images, N
 * @returns nats, a scalar
 * @see Chen et al. 2018, arXiv:1802.04942
 */
export function totalCorrelation(z: Tensor, q: Posterior, datasetSize: number): Tensor {
  const [mu, logVar] = [wholeBatch(q.mu), wholeBatch(q.logVar)]; // of all processes; z is of this one
  const [batch, latent] = mu.shape as [number, number];
  const perImage = (t: Tensor) => t.reshape([1, batch, latent, 1]);
  // log q(zₖ|xⱼ) of every sample, image and dimension, [batch · samples, batch, latent]
  const logQ = gaussianLogProb(
    z.reshape([z.shape[0]!, 1, latent, 1]),
    perImage(mu),
    perImage(logVar.clamp({ min: 2 * LEAST_LOG_SIGMA })),
  );
  const joint = logQ.sum({ axis: 2 }).logSumExp({ axis: 1 });
  const marginals = logQ.logSumExp({ axis: 1 }).sum({ axis: 1 });
  return joint
    .sub(marginals)
    .mean()
    .add((latent - 1) * Math.log(datasetSize * batch));
}
