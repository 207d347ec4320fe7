import { ArgumentError, type Generator, randn, type Tensor, zeros } from '@varigrad/core';
import { checkChoice, checkMethod, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { withRowsPerImage } from '@varigrad/core/compile';
import type { Description, Layer } from '@varigrad/nn';
import {
  checkElboArguments,
  type Elbo,
  type ElboOptions,
  klWithFreeBits,
  repeatPosterior,
  repeatRows,
  type SampleTerms,
  weightedSum,
} from '../elbo.js';
import type { Likelihood } from '../likelihoods/likelihood.js';
import { GaussianPosterior } from '../posteriors/gaussian.js';
import type { Draw, Posterior, PosteriorFamily } from '../posteriors/posterior.js';
import type { Prior, PriorContext } from '../priors/prior.js';
import { StandardNormal } from '../priors/standard-normal.js';
import { IMAGE_MODEL_OPTIONS, ImageModel, type ImageModelOptions, makeParts } from './image-model.js';
import type { LatentModel } from './model.js';
import { type Encoder, GaussianEncoder } from './networks.js';

/** Options of `VAE`; the defaults are the 784-400-20 network for MNIST. Every part can be replaced. */
export interface VAEOptions extends ImageModelOptions<Encoder> {
  /** Dimensions of z. Default 20. */
  latent?: number;
  /** q(z|x), given mu and logVar. Default: the diagonal Gaussian. */
  posterior?: PosteriorFamily;
  /** p(z). Default N(0, I). */
  prior?: Prior;
  /** 'closed' uses the closed-form KL if there is one (default); 'sampled' always estimates it from z. */
  kl?: 'closed' | 'sampled';
  /** Samples of z per image. Default 1. */
  samples?: number;
}

/** The options of `VAE`. */
export const VAE_OPTIONS: OptionNames<VAEOptions> = {
  latent: true,
  ...IMAGE_MODEL_OPTIONS,
  posterior: true,
  prior: true,
  kl: true,
  samples: true,
};
const KINDS_OF_KL = { closed: true, sampled: true } as const;

/** The two terms of −ELBO for each image, in nats, and the samples from which they were computed. */
export interface ImageTerms {
  /** −log p(x|z), `[batch]` */
  recon: Tensor;
  /** KL(q(z|x) ‖ p(z)), `[batch]` */
  kl: Tensor;
  /** The KL of each dimension, `[batch, latent]`, if a closed form exists. */
  klPerDimension?: Tensor;
  /** q(z|x) of each image, `[batch, latent]` */
  q: Posterior;
  /** `[batch · samples, latent]` */
  z: Tensor;
}

/**
 * The variational autoencoder: q(z|x) = N(mu(x), diag σ²(x)), p(z) = N(0, I) and p(x|z) given by the likelihood. The posterior, the
 * prior and the likelihood can be replaced.
 * @see Kingma & Welling 2014, arXiv:1312.6114
 */
export class VAE extends ImageModel implements LatentModel {
  readonly kind: string = 'vae';
  readonly inputSize: number;
  readonly latent: number;
  readonly classes: number;
  readonly samples: number;
  readonly encoder: Encoder;
  readonly posterior: PosteriorFamily;
  readonly prior: Prior;
  readonly decoder: Layer;
  readonly likelihood: Likelihood;
  readonly #kl: 'closed' | 'sampled';

  /**
   * @param classes - for a subclass that concatenates one-hot labels to x and z; @param op - the class, for messages
   * @throws ArgumentError unless the sizes are whole numbers above 0 and each part has the methods of its kind
   */
  constructor(options: VAEOptions = {}, classes = 0, op = 'VAE') {
    checkOptions(op, options, VAE_OPTIONS);
    super();
    const { latent = 20, samples = 1, kl = 'closed', generator } = options;
    checkWhole(op, 'samples', samples);
    checkChoice(op, 'kl', kl, KINDS_OF_KL);
    const parts = makeParts(
      op,
      options,
      latent,
      (body) => new GaussianEncoder(body, latent, { generator }),
      classes,
    );
    this.inputSize = parts.inputSize;
    this.latent = latent;
    this.classes = classes;
    this.samples = samples;
    this.encoder = parts.encoder;
    this.decoder = parts.decoder;
    this.likelihood = parts.likelihood;
    this.posterior = options.posterior ?? new GaussianPosterior();
    this.prior = options.prior ?? new StandardNormal(latent);
    checkMethod(op, 'posterior', this.posterior, 'draw', 'a posterior, such as new GaussianPosterior()');
    checkMethod(op, 'prior', this.prior, 'logProb', 'a prior, such as new StandardNormal(latent)');
    this.#kl = this.posterior.isGaussian && this.prior.klPerDimension !== undefined ? kl : 'sampled';
  }

  override describe(): Description {
    return [this.classes > 0 && `${this.classes} classes`, this.samples > 1 && `${this.samples} samples`];
  }

  /** The parameters of q(z|x): `[batch, pixels]` → mu and logVar, `[batch, latent]`. */
  encode(x: Tensor, _labels?: Tensor): Posterior {
    return this.encoder.forward(x);
  }

  /** The posterior's mean; for a flow, the image of its base distribution's mean. `[batch, latent]` */
  codes(x: Tensor, labels?: Tensor): Tensor {
    const q = this.encode(x, labels);
    return this.posterior.isGaussian ? q.mu : this.posterior.draw(q, zeros(q.mu.shape)).z;
  }

  /** ε ~ N(0, I), `[count, samples · latent]`. */
  noise(count: number, generator?: Generator): Tensor {
    return randn([count, this.samples * this.latent], { generator });
  }

  /** One sample of z by the reparameterization trick: z = mu + exp(½ logVar)·ε for a Gaussian, `[batch, latent]`. */
  reparameterize(
    q: Posterior,
    options: { eps?: Tensor | undefined; generator?: Generator | undefined } = {},
  ): Tensor {
    checkOptions('reparameterize', options, { eps: true, generator: true }, 'q, ');
    const { generator } = options;
    const eps = options.eps ?? randn(q.mu.shape, { generator });
    return this.posterior.draw(q, eps).z;
  }

  /**
   * −ELBO = E_q[−log p(x|z)] + KL(q(z|x) ‖ p(z)), with `samples` samples of z per image.
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if freeBits is set and there is no closed-form KL
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    return this.weigh(this.imageTerms(x, options), options);
  }

  /** The loss from its terms, recon + beta·kl with free bits, and its parts. */
  protected weigh(terms: ImageTerms, { beta = 1, freeBits = 0 }: ElboOptions): Elbo {
    const recon = terms.recon.mean();
    const kl = terms.kl.mean();
    if (freeBits > 0 && terms.klPerDimension === undefined)
      throw new ArgumentError('elbo', 'free bits need a closed-form KL — leave out freeBits');
    const counted =
      freeBits === 0 || terms.klPerDimension === undefined
        ? kl
        : klWithFreeBits(terms.klPerDimension, freeBits);
    return { loss: weightedSum(recon, counted, beta), recon, kl };
  }

  /** The terms of −ELBO for each image, with `samples` samples of z per image. */
  protected imageTerms(x: Tensor, options: ElboOptions): ImageTerms {
    const { labels } = options;
    const batch = x.shape[0]!;
    const eps = options.eps ?? this.noise(batch, options.generator);
    const q = this.encode(options.input ?? x, labels); // 2 × [batch, latent]
    const draw = this.posterior.draw(
      repeatPosterior(q, this.samples),
      this.samples === 1 ? eps : eps.reshape([batch * this.samples, this.latent]),
    );
    const repeated = labels === undefined ? undefined : repeatRows(labels, this.samples);
    const perImage = (values: Tensor) =>
      this.samples === 1 ? values : values.reshape([batch, this.samples]).mean({ axis: 1 });
    const outputs = withRowsPerImage(this.samples, () => this.decode(draw.z, repeated)); // [batch · samples, outputs]
    const recon = perImage(this.likelihood.logProb(outputs, repeatRows(x, this.samples))).neg();
    if (this.#kl === 'closed') {
      const klPerDimension = this.prior.klPerDimension?.(q, this.#context(labels)) as Tensor;
      return { recon, kl: klPerDimension.sum({ axis: -1 }), klPerDimension, q, z: draw.z };
    }
    const kl = perImage(draw.logProb().sub(this.prior.logProb(draw.z, this.#context(repeated))));
    return { recon, kl, q, z: draw.z };
  }

  sampleTerms(x: Tensor, eps: Tensor, labels?: Tensor): SampleTerms {
    const [batch, samples] = eps.shape as [number, number];
    const q = repeatPosterior(this.encode(x, labels), samples);
    return this.termsOf(
      x,
      this.posterior.draw(q, eps.reshape([batch * samples, this.latent])),
      samples,
      labels,
    );
  }

  /** The terms of the given samples, `samples` per image. */
  protected termsOf(x: Tensor, draw: Draw, samples: number, labels?: Tensor): SampleTerms {
    const batch = x.shape[0]!;
    const repeated = labels === undefined ? undefined : repeatRows(labels, samples);
    const perSample = (values: Tensor) => values.reshape([batch, samples]);
    const outputs = withRowsPerImage(samples, () => this.decode(draw.z, repeated));
    return {
      likelihood: perSample(this.likelihood.logProb(outputs, repeatRows(x, samples))),
      prior: perSample(this.prior.logProb(draw.z, this.#context(repeated))),
      posterior: perSample(draw.logProb()),
    };
  }

  samplePrior(
    count: number,
    options: { labels?: Tensor | undefined; generator?: Generator | undefined } = {},
  ): Tensor {
    const { labels, generator } = options;
    return this.prior.sample(count, this.#context(labels), { generator });
  }

  #context(labels: Tensor | undefined): PriorContext {
    return { encode: (x: Tensor) => withRowsPerImage(0, () => this.encode(x)), labels }; // pseudo-images are no rows of the batch
  }
}
