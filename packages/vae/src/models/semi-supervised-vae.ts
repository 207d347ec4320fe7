import { ArgumentError, type Tensor } from '@varigrad/core';
import { checkMethod, checkNumber, checkOptions, type OptionNames } from '@varigrad/core/checks';
import type { Description, Layer } from '@varigrad/nn';
import {
  checkElboArguments,
  type Elbo,
  type ElboOptions,
  everyClass,
  repeatRows,
  weightedSum,
} from '../elbo.js';
import { hardMax } from '../posteriors/gumbel.js';
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
 * log p(x, y) ≥ −J(x, y), J = E[−log p(x|y, z)] + KL(q(z|x, y) ‖ p(z)) − log p(y); one of unknown class
 * log p(x) ≥ −Σ_y q(y|x) (J(x, y) + log q(y|x)), where the sum goes over all classes. Unknown classes are rows of zeros in `labels`.
 * With few labels it learns soonest from the codes of a VAE of all images ("M1+M2") and not from pixels.
 * @see Kingma, Rezende, Mohamed & Welling 2014, §2, arXiv:1406.5298
 */
export class SemiSupervisedVAE extends ConditionalVAE {
  override readonly kind: string = 'm2';
  readonly acceptsUnknownLabels = true;
  readonly classifier: Layer;
  readonly #alpha: number;

  /** @throws ArgumentError unless alpha is a number */
  constructor(options: SemiSupervisedVAEOptions = {}) {
    const op = 'SemiSupervisedVAE';
    checkOptions(op, options, SEMI_SUPERVISED_OPTIONS);
    const { alpha = 10, classifier, ...rest } = options;
    super(rest, op);
    checkNumber(op, 'alpha', alpha);
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

  /** The mean of q(z|x, y), `[batch, latent]`; the likeliest class by q(y|x) stands for one that is unknown. */
  override codes(x: Tensor, labels?: Tensor): Tensor {
    const likeliest = hardMax(this.classify(x));
    return super.codes(x, labels === undefined ? likeliest : labels.add(unknown(labels).mul(likeliest)));
  }

  /**
   * recon + kl is the mean of the negative bounds, `kl` being that of z and y together; in training mode `loss` adds
   * −α·log q(y|x) for images of known class.
   * @param options - labels: one-hot rows, or zeros for unknown; none: all are unknown
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError for free bits
   */
  override elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const { labels, beta = 1, freeBits = 0, input } = options;
    if (freeBits !== 0) throw new ArgumentError('elbo', 'M2 has no free bits — leave freeBits out');
    const { classes } = this;
    const batch = x.shape[0]!;
    const logQ = this.classify(input ?? x); // [batch, classes]
    const q = labels === undefined ? logQ.exp() : labels.add(unknown(labels).mul(logQ.exp()));
    const eps = options.eps ?? this.noise(batch, options.generator);
    // Every image with every class, one after the other: [batch · classes, …].
    const terms = this.imageTerms(repeatRows(x, classes), {
      labels: everyClass(batch, classes),
      eps: repeatRows(eps, classes),
      input: input && repeatRows(input, classes),
    });
    const expected = (perClass: Tensor) => perClass.reshape([batch, classes]).mul(q).sum({ axis: 1 }).mean();
    const recon = expected(terms.recon);
    // KL(q(y|x) ‖ p(y)), where q is certain for a known class: log classes.
    const entropies = logQ.exp().mul(logQ).sum({ axis: 1, keepDims: true }); // −H, [batch, 1]
    const counted = labels === undefined ? entropies : entropies.mul(unknown(labels));
    const kl = expected(terms.kl).add(counted.mean()).add(Math.log(classes));
    const bound = weightedSum(recon, kl, beta);
    if (!this.training || labels === undefined) return { loss: bound, recon, kl };
    const crossEntropy = labels.mul(logQ).sum().div(-batch);
    return { loss: bound.add(crossEntropy.mul(this.#alpha)), recon, kl };
  }
}

/** 1 for a row of zeros, 0 for a one-hot row: `[batch, classes]` → `[batch, 1]`. */
function unknown(labels: Tensor): Tensor {
  return labels.sum({ axis: 1, keepDims: true }).neg().add(1);
}
