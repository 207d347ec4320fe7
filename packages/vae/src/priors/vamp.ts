import {
  ArgumentError,
  formatShape,
  type Generator,
  parameter,
  randn,
  type Tensor,
  zeros,
} from '@varigrad/core';
import {
  checkFinite,
  checkMethod,
  checkNumber,
  checkOptions,
  checkTensor,
  checkWhole,
  type OptionNames,
} from '@varigrad/core/checks';
import { type Description, type DiagonalGaussian, Module } from '@varigrad/nn';
import { checkCodes, checkPriorSample } from '../checks.js';
import { drawCategories } from '../distributions/categorical.js';
import { reparameterize } from '../distributions/gaussian.js';
import { mixtureLogProb } from '../distributions/mixture.js';
import type { Prior, PriorContext } from './prior.js';

/** Options of `VampPrior`. */
export interface VampPriorOptions {
  /** Number of pseudo-inputs. Default 500. */
  components?: number;
  /** Mean and standard deviation of the initial pixels. Default 0.05 and 0.01. */
  mean?: number;
  spread?: number;
  /** Initial pseudo-images, `[components, pixels]`, such as training images. Default: random. */
  initial?: Tensor;
  /** Source of the initial pseudo-images. */
  generator?: Generator | undefined;
}

const VAMP_OPTIONS: OptionNames<VampPriorOptions> = {
  components: true,
  mean: true,
  spread: true,
  initial: true,
  generator: true,
};

/**
 * p(z) = 1/K Σₖ q(z|uₖ): an equally weighted mixture of the posteriors of K learned pseudo-images.
 * @see Tomczak & Welling 2018, arXiv:1705.07120
 */
export class VampPrior extends Module implements Prior {
  readonly kind = 'vamp';
  /** The pseudo-images before they are clipped to [0, 1], `[components, pixels]`. */
  readonly pseudoImages: Tensor;

  /** @throws ArgumentError unless spread is above 0, and `initial` is `[components, inputSize]` */
  constructor(inputSize: number, options: VampPriorOptions = {}) {
    super();
    checkWhole('VampPrior', 'inputSize', inputSize);
    checkOptions('VampPrior', options, VAMP_OPTIONS, 'inputSize, ');
    const { components = 500, mean = 0.05, spread = 0.01, initial, generator } = options;
    checkWhole('VampPrior', 'components', components);
    checkFinite('VampPrior', 'mean', mean);
    checkNumber('VampPrior', 'spread', spread, spread > 0 && Number.isFinite(spread), 'above 0');
    if (initial !== undefined) checkTensor('VampPrior', initial, 'initial');
    if (initial !== undefined && (initial.rank !== 2 || initial.size === 0 || initial.shape[1] !== inputSize))
      throw new ArgumentError(
        'VampPrior',
        `the initial pseudo-images are ${formatShape(initial.shape)} — give [components, ${inputSize}]`,
      );
    this.pseudoImages = parameter(
      initial ?? randn([components, inputSize], { generator }).mul(spread).add(mean),
    );
  }

  override describe(): Description {
    return [`${this.pseudoImages.shape[0]} components`];
  }

  /** The pseudo-images uₖ, `[components, pixels]` in [0, 1]. */
  pseudoInputs(): Tensor {
    return this.pseudoImages.clamp({ min: 0, max: 1 });
  }

  /** @throws ShapeError if z is not `[batch, latent]` */
  logProb(z: Tensor, context: PriorContext): Tensor {
    const q = this.#encode(context, this.pseudoInputs());
    checkCodes('VampPrior.logProb', 'z', z, q.mu.shape[1]!);
    const components = q.mu.shape[0]!;
    return mixtureLogProb(z, zeros([components]).sub(Math.log(components)), q);
  }

  sample(count: number, context: PriorContext, options: { generator?: Generator | undefined } = {}): Tensor {
    checkPriorSample(count, options);
    const component = drawCategories(zeros([count, this.pseudoImages.shape[0]!]), 1, options);
    return reparameterize(this.#encode(context, this.pseudoInputs().indexSelect(component)), options);
  }

  #encode(context: PriorContext, x: Tensor): DiagonalGaussian {
    checkMethod(
      'VampPrior',
      'the context',
      context,
      'encode',
      'an object with an encode method, such as a VAE',
    );
    return context.encode(x);
  }
}
