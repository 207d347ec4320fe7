import { ArgumentError, type Tensor } from '@varigrad/core';
import { checkAmount, checkMethod, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { withRowsPerImage } from '@varigrad/core/compile';
import { crossEntropy, type Description, type Layer } from '@varigrad/nn';
import { checkCodes } from '../checks.js';
import { entropy, expectation, hardMax } from '../distributions/categorical.js';
import {
  checkElboArguments,
  type Elbo,
  type ElboOptions,
  everyClass,
  repeatRows,
  weightedSum,
} from '../elbo.js';
import { CONDITIONAL_OPTIONS, ConditionalVAE, type ConditionalVAEOptions } from './conditional-vae.js';
import { HiddenLayers, PlainEncoder } from './networks.js';

/** Options of `SemiSupervisedVAE`. */
export interface SemiSupervisedVAEOptions extends Omit<ConditionalVAEOptions, 'samples'> {
  /** Weight of the classification loss of a labelled image, α. Default 10. */
  alpha?: number;
  /** q(y|x): x → logits of the classes. Default: fully connected layers of `hidden` widths. */
  classifier?: Layer;
}

const { samples: _, ...SHARED_OPTIONS } = CONDITIONAL_OPTIONS;
const SEMI_SUPERVISED_OPTIONS: OptionNames<SemiSupervisedVAEOptions> = {
  alpha: true,
  classifier: true,
  ...SHARED_OPTIONS,
};

/**
 * The semi-supervised VAE known as M2: p(x|y, z) p(y) p(z) with p(y) uniform, and q(z|x, y) q(y|x). An image of known class has the bound
 * log p(x, y) ≥ −J(x, y), J = E[−log p(x|y, z)] + KL(q(z|x, y) ‖ p(z)) − log p(y). An image of unknown class has the bound
 * log p(x) ≥ −Σ_y q(y|x) (J(x, y) + log q(y|x)), where the sum runs over all classes. In `labels`, an unknown class is a row of zeros.
 * With few labels, accuracy is better if M2 is trained on the codes of a VAE of all images ("M1+M2") instead of on pixels.
 * @see Kingma, Rezende, Mohamed & Welling 2014, §2, arXiv:1406.5298
 */
export class SemiSupervisedVAE extends ConditionalVAE {
  override readonly kind: string = 'm2';
  readonly acceptsUnknownLabels = true;
  readonly classifier: Layer;
  readonly #alpha: number;

  /** @throws ArgumentError unless alpha is at least 0 */
  constructor(options: SemiSupervisedVAEOptions = {}) {
    const op = 'SemiSupervisedVAE';
    checkOptions(op, options, SEMI_SUPERVISED_OPTIONS);
    const { alpha = 10, classifier, ...rest } = options;
    super(rest, op);
    checkAmount(op, 'alpha', alpha);
    if (classifier !== undefined)
      checkMethod(op, 'classifier', classifier, 'forward', 'a module with a forward method');
    const { hidden = [400], activation, generator } = rest;
    this.classifier =
      classifier ??
      new PlainEncoder(new HiddenLayers(this.inputSize, hidden, { activation, generator }), this.classes, {
        generator,
      });
    this.#alpha = alpha;
  }

  override describe(): Description {
    return [...super.describe(), `alpha ${this.#alpha}`];
  }

  /** log q(y|x): `[batch, pixels]` → `[batch, classes]`. */
  classify(x: Tensor): Tensor {
    return this.classifier.forward(x).logSoftmax();
  }

  /** The mean of q(z|x, y), `[batch, latent]`. If the class is unknown, y is the most likely class under q(y|x). */
  override codes(x: Tensor, labels?: Tensor): Tensor {
    if (labels !== undefined) checkCodes('codes', 'labels', labels, this.classes, x.shape[0]);
    const likeliest = hardMax(this.classify(x));
    return super.codes(x, labels === undefined ? likeliest : labels.add(unknown(labels).mul(likeliest)));
  }

  /**
   * recon + kl is the mean of the negative bounds, where `kl` includes the terms of y. In training mode, `loss` adds
   * −α·log q(y|x) for images of known class.
   * @param options - labels: one-hot rows, or rows of zeros for unknown classes. Default: all classes are unknown
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if freeBits is set
   */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const { labels, beta = 1, freeBits = 0, input } = options;
    if (freeBits !== 0) throw new ArgumentError('elbo', 'M2 does not support free bits — leave out freeBits');
    const { classes } = this;
    const batch = x.shape[0]!;
    if (labels !== undefined) checkCodes('elbo', 'labels', labels, classes, batch);
    const logQ = this.classify(input ?? x); // [batch, classes]
    const q = labels === undefined ? logQ.exp() : labels.add(unknown(labels).mul(logQ.exp()));
    const eps = options.eps ?? this.noise(batch, options.generator);
    // Every image is paired with every class in consecutive rows: [batch · classes, …].
    const terms = withRowsPerImage(classes, () =>
      this.imageTerms(repeatRows(x, classes), {
        labels: everyClass(batch, classes),
        eps: repeatRows(eps, classes),
        input: input && repeatRows(input, classes),
      }),
    );
    const expected = (perClass: Tensor) => expectation(q, perClass.reshape([batch, classes])).mean();
    const recon = expected(terms.recon);
    // KL(q(y|x) ‖ p(y)). For a known class q is one-hot, and the KL is log classes.
    const entropies = entropy(logQ).unsqueeze(1); // [batch, 1]
    const counted = labels === undefined ? entropies : entropies.mul(unknown(labels));
    const kl = expected(terms.kl).sub(counted.mean()).add(Math.log(classes));
    const bound = weightedSum(recon, kl, beta);
    if (!this.training || labels === undefined) return { loss: bound, recon, kl };
    const classification = crossEntropy(logQ, labels, { reduction: 'sum' }).div(batch);
    return { loss: bound.add(classification.mul(this.#alpha)), recon, kl };
  }
}

/** 1 for a row of zeros, 0 for a one-hot row: `[batch, classes]` → `[batch, 1]`. */
function unknown(labels: Tensor): Tensor {
  return labels.sum({ axis: 1, keepDims: true }).neg().add(1);
}
