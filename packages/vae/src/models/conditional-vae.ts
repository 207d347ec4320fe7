import { ArgumentError, concat, formatShape, ShapeError, type Tensor } from '@varigrad/core';
import { checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import type { Posterior } from '../posteriors/posterior.js';
import { VAE, VAE_OPTIONS, type VAEOptions } from './vae.js';

/** Options of `ConditionalVAE`. */
export interface ConditionalVAEOptions extends VAEOptions {
  /** Number of classes. Default 10. */
  classes?: number;
}

/** The options of `ConditionalVAE`. */
export const CONDITIONAL_OPTIONS: OptionNames<ConditionalVAEOptions> = { classes: true, ...VAE_OPTIONS };

/**
 * The conditional VAE: a VAE that also receives each image's class y. The one-hot label is concatenated to the encoder's
 * input and to z, so z only needs to encode what the label does not determine, the style. The ELBO bounds log p(x|y).
 * @see Sohn, Lee & Yan 2015, "Learning Structured Output Representation using Deep Conditional Generative Models"
 */
export class ConditionalVAE extends VAE {
  override readonly kind: string = 'cvae';

  /** @param op - the class, for messages. @throws ArgumentError unless classes is a whole number above 0 */
  constructor(options: ConditionalVAEOptions = {}, op = 'ConditionalVAE') {
    checkOptions(op, options, CONDITIONAL_OPTIONS);
    const { classes = 10, ...rest } = options;
    checkWhole(op, 'classes', classes);
    super(rest, classes, op);
  }

  /** q(z|x, y): `[batch, pixels]` and one-hot `[batch, classes]` → mu and logVar, `[batch, latent]`. */
  override encode(x: Tensor, labels?: Tensor): Posterior {
    return this.encoder.forward(this.#withLabels('encode', x, labels));
  }

  /** Parameters of p(x|z, y): `[batch, latent]` and one-hot `[batch, classes]` → `[batch, outputs]`. */
  override decode(z: Tensor, labels?: Tensor): Tensor {
    return this.decoder.forward(this.#withLabels('decode', z, labels));
  }

  #withLabels(op: string, t: Tensor, labels: Tensor | undefined): Tensor {
    if (labels === undefined) {
      throw new ArgumentError(op, 'a conditional VAE needs labels — pass oneHot(labels, classes)');
    }
    if (labels.rank !== 2 || labels.shape[0] !== t.shape[0] || labels.shape[1] !== this.classes) {
      throw new ShapeError(
        op,
        [t.shape, labels.shape],
        `labels ${formatShape(labels.shape)} for a batch ${formatShape(t.shape)} and ${this.classes} classes` +
          ' — pass one-hot rows [batch, classes]',
      );
    }
    return concat([t, labels], { axis: 1 }); // [batch, features + classes]
  }
}
