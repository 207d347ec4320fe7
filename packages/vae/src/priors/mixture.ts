import {
  formatShape,
  type Generator,
  parameter,
  rand,
  randn,
  ShapeError,
  type Tensor,
  zeros,
} from '@varigrad/core';
import { checkNumber, checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { type Description, Module } from '@varigrad/nn';
import { checkPriorSample } from '../checks.js';
import type { Prior, PriorContext } from './prior.js';

/** Options of `MixtureOfGaussians`. */
export interface MixtureOptions {
  /** Number of Gaussians. Default 100. */
  components?: number;
  /** Standard deviation of the initial means. Default 1. */
  spread?: number;
  /** Source of the initial means. */
  generator?: Generator | undefined;
}

const MIXTURE_OPTIONS: OptionNames<MixtureOptions> = { components: true, spread: true, generator: true };

/**
 * log Σₖ exp(logWeights[k]) · N(z; mu[k], diag σ²[k]), the log-density of a mixture at each z.
 * @param z - `[batch, latent]`; @param logWeights - `[components]`, normalised; @param mu, logVar - `[components, latent]`
 * @returns nats, `[batch]`
 */
export function mixtureLogProb(z: Tensor, logWeights: Tensor, mu: Tensor, logVar: Tensor): Tensor {
  // −½ Σ (z − mu)²/σ², with the square expanded: two matrix products instead of a [batch, components, latent] array.
  const precision = logVar.neg().exp(); // [components, latent]
  const squares = z
    .square()
    .matmul(precision, { transposeB: true })
    .sub(z.matmul(mu.mul(precision), { transposeB: true }).mul(2)); // [batch, components]
  const constants = mu
    .square()
    .mul(precision)
    .add(logVar)
    .add(Math.log(2 * Math.PI))
    .sum({ axis: -1 }); // [components]
  return squares.add(constants).mul(-0.5).add(logWeights).logSumExp({ axis: -1 });
}

/**
 * Random component indices with probabilities exp(logWeights), as float indices `[count]`. Sampled with the Gumbel-max trick.
 */
export function drawComponents(
  logWeights: Tensor,
  count: number,
  { generator }: { generator?: Generator | undefined } = {},
): Tensor {
  const [components] = logWeights.shape as [number];
  const gumbel = rand([count, components], { generator }).add(1e-20).log().neg().log().neg();
  return gumbel.add(logWeights).argmax({ axis: 1 });
}

/** A mixture of diagonal Gaussians. Its weights, means and variances are learned with the model. */
export class MixtureOfGaussians extends Module implements Prior {
  readonly kind = 'mixture';
  /** Unnormalised log-weights, `[components]`. */
  readonly logits: Tensor;
  /** `[components, latent]` */
  readonly mu: Tensor;
  /** log σ², `[components, latent]` */
  readonly logVar: Tensor;

  constructor(latent: number, options: MixtureOptions = {}) {
    super();
    checkWhole('MixtureOfGaussians', 'latent', latent);
    checkOptions('MixtureOfGaussians', options, MIXTURE_OPTIONS, 'latent, ');
    const { components = 100, spread = 1, generator } = options;
    checkWhole('MixtureOfGaussians', 'components', components);
    checkNumber('MixtureOfGaussians', 'spread', spread);
    this.logits = parameter(zeros([components]));
    this.mu = parameter(randn([components, latent], { generator }).mul(spread));
    this.logVar = parameter(zeros([components, latent]));
  }

  override describe(): Description {
    return [`${this.logits.size} components`, `latent ${this.mu.shape[1]}`];
  }

  /** @throws ShapeError if z is not `[batch, latent]` */
  logProb(z: Tensor): Tensor {
    checkTensor('MixtureOfGaussians', z, 'z');
    if (z.rank !== 2 || z.shape[1] !== this.mu.shape[1]) {
      const problem = `z ${formatShape(z.shape)} for components ${formatShape(this.mu.shape)} — z is [batch, latent]`;
      throw new ShapeError('MixtureOfGaussians.logProb', [z.shape, this.mu.shape], problem);
    }
    return mixtureLogProb(z, this.logits.logSoftmax(), this.mu, this.logVar);
  }

  sample(count: number, _context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    const component = drawComponents(this.logits.logSoftmax(), count, options);
    const mu = this.mu.indexSelect(component);
    const sigma = this.logVar.indexSelect(component).mul(0.5).exp();
    return mu.add(sigma.mul(randn(mu.shape, options)));
  }
}
