import { type Generator, parameter, randn, type Tensor, zeros } from '@varigrad/core';
import { checkNumber, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { checkCodes, checkPriorSample } from '../checks.js';
import { drawCategories } from '../distributions/categorical.js';
import { reparameterize } from '../distributions/gaussian.js';
import { mixtureLogProb } from '../distributions/mixture.js';
import type { Prior, PriorContext } from './prior.js';

/** Options of `MixtureOfGaussians`. */
export interface MixtureOptions {
  /** Number of Gaussians. Default 100. */
  components?: number;
  /** Standard deviation of the initial means, above 0. Default 1. */
  spread?: number;
  /** Source of the initial means. */
  generator?: Generator | undefined;
}

const MIXTURE_OPTIONS: OptionNames<MixtureOptions> = { components: true, spread: true, generator: true };

/** A mixture of diagonal Gaussians. Its weights, means and variances are learned with the model. */
export class MixtureOfGaussians extends Module implements Prior {
  readonly kind = 'mixture';
  /** Unnormalised log-weights, `[components]`. */
  readonly logits: Tensor;
  /** `[components, latent]` */
  readonly mu: Tensor;
  /** log σ², `[components, latent]` */
  readonly logVar: Tensor;

  /** @throws ArgumentError unless the sizes are whole numbers above 0, and spread is above 0 */
  constructor(latent: number, options: MixtureOptions = {}) {
    super();
    checkWhole('MixtureOfGaussians', 'latent', latent);
    checkOptions('MixtureOfGaussians', options, MIXTURE_OPTIONS, 'latent, ');
    const { components = 100, spread = 1, generator } = options;
    checkWhole('MixtureOfGaussians', 'components', components);
    checkNumber('MixtureOfGaussians', 'spread', spread, spread > 0 && Number.isFinite(spread), 'above 0');
    this.logits = parameter(zeros([components]));
    this.mu = parameter(randn([components, latent], { generator }).mul(spread));
    this.logVar = parameter(zeros([components, latent]));
  }

  override describe(): Description {
    return [`${this.logits.size} components`, `latent ${this.mu.shape[1]}`];
  }

  /** @throws ShapeError if z is not `[batch, latent]` */
  logProb(z: Tensor): Tensor {
    checkCodes('MixtureOfGaussians.logProb', 'z', z, this.mu.shape[1]!);
    return mixtureLogProb(z, this.logits.logSoftmax(), this);
  }

  sample(count: number, _context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    const logits = this.logits.unsqueeze(0).expand([count, this.logits.size]);
    const component = drawCategories(logits, 1, options);
    const [mu, logVar] = [this.mu, this.logVar].map((t) => t.indexSelect(component)) as [Tensor, Tensor];
    return reparameterize({ mu, logVar }, options);
  }
}
