import { type Activation, type Generator, noGrad, rand, scope, type Tensor, zeros } from '@varigrad/core';
import { checkArray, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { type Layer, Module } from '@varigrad/nn';
import { checkElboArguments, type Elbo, type ElboOptions, refuseKlWeights } from '../elbo.js';
import { Bernoulli } from '../likelihoods/bernoulli.js';
import { ImageModel } from './image-model.js';
import { MaskedLinear } from './masked-linear.js';

/** Options of `Made`. */
export interface MadeOptions {
  /** Pixels of an image. Default 784. */
  inputSize?: number;
  /** Widths of the hidden layers. Default [500]. */
  hidden?: readonly number[];
  /** Activation of the hidden layers. Default 'relu'. */
  activation?: Activation | undefined;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const MADE_OPTIONS: OptionNames<MadeOptions> = {
  inputSize: true,
  hidden: true,
  activation: true,
  generator: true,
};

/**
 * Fully connected layers from pixels to logits, in which output i depends on the pixels before i only. Pixel i has degree i + 1, and
 * the degrees of a hidden layer are spread evenly over 1 to pixels − 1. A unit sees the units whose degree is at most its own; an
 * output sees those whose degree is below its own. The output also sees the earlier pixels directly.
 */
class MaskedNetwork extends Module implements Layer {
  readonly layers: MaskedLinear[];
  readonly direct: MaskedLinear;
  readonly out: MaskedLinear;

  constructor(
    pixels: number,
    widths: readonly number[],
    options: Pick<MadeOptions, 'activation' | 'generator'>,
  ) {
    super();
    const { activation = 'relu', generator } = options;
    const own = Array.from({ length: pixels }, (_, i) => i + 1);
    const degrees = widths.map((width) =>
      Array.from({ length: width }, (_, i) => 1 + Math.floor((i * (pixels - 1)) / width)),
    );
    const isBefore = (output: number, input: number): boolean => output > input;
    this.layers = degrees.map(
      (unit, k) =>
        new MaskedLinear(degrees[k - 1] ?? own, unit, (output, input) => output >= input, {
          activation,
          generator,
        }),
    );
    this.direct = new MaskedLinear(own, own, isBefore, { generator });
    this.out = new MaskedLinear(degrees.at(-1) ?? own, own, isBefore, { generator });
  }

  /** `[batch, pixels]` → logits, `[batch, pixels]` */
  forward(x: Tensor): Tensor {
    const h = this.layers.reduce((values, layer) => layer.forward(values), x);
    return this.out.forward(h).add(this.direct.forward(x));
  }
}

/**
 * The masked autoencoder for distribution estimation: p(x) = Πᵢ p(xᵢ | x₁ … xᵢ₋₁) over binary pixels, row by row, all factors in one
 * pass. Its loss is −log p(x) itself, without a bound. It has no z: the code of an image is the image, and `decode` gives the logit
 * of each pixel given the earlier ones.
 * @see Germain, Gregor, Murray & Larochelle 2015, arXiv:1502.03509
 */
export class Made extends ImageModel {
  readonly kind = 'made';
  readonly inputSize: number;
  readonly latent: number;
  readonly classes = 0;
  readonly decoder: MaskedNetwork;
  readonly likelihood: Bernoulli = new Bernoulli();

  /** @throws ArgumentError unless the sizes are whole numbers above 0 */
  constructor(options: MadeOptions = {}) {
    checkOptions('Made', options, MADE_OPTIONS);
    super();
    const { inputSize = 784, hidden = [500], ...network } = options;
    checkWhole('Made', 'inputSize', inputSize);
    checkArray('Made', 'hidden', hidden, '{ hidden: ', ' }');
    for (const width of hidden) checkWhole('Made', 'a width in hidden', width);
    this.inputSize = inputSize;
    this.latent = inputSize;
    this.decoder = new MaskedNetwork(inputSize, hidden, network);
  }

  /** null: the loss is deterministic. */
  noise(_count: number, _generator?: Generator): Tensor | null {
    return null;
  }

  /**
   * −log p(x), with a KL of 0. It is exact for binary images.
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if beta or freeBits is set
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    refuseKlWeights('a MADE', options);
    const recon = this.likelihood
      .logProb(this.decode(options.input ?? x), x)
      .mean()
      .neg();
    return { loss: recon, recon, kl: zeros([]) };
  }

  /** The images themselves, `[batch, pixels]`. */
  codes(x: Tensor): Tensor {
    return x.clone();
  }

  /**
   * Independent samples of p(x), `[count, pixels]` of 0 and 1. A pixel is 1 if a uniform number, drawn once, is below its probability.
   * Each pass computes all pixels from the last ones. After i passes the first i pixels no longer change, so there are as many passes
   * as pixels.
   */
  samplePrior(count: number, { generator }: { generator?: Generator | undefined } = {}): Tensor {
    checkWhole('samplePrior', 'count', count, 0);
    const shape = [count, this.inputSize];
    const u = rand(shape, { generator });
    let x = zeros(shape);
    for (let pass = 0; pass < this.inputSize; pass++)
      x = noGrad(() => scope(() => u.lt(this.likelihood.mean(this.decode(x)))));
    return x;
  }
}
