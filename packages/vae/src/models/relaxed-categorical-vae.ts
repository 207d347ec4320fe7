import { ArgumentError, type Generator, oneHot, type Tensor } from '@varigrad/core';
import { checkChoice, checkNumber, checkOptions, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { withRowsPerImage } from '@varigrad/core/compile';
import type { Description } from '@varigrad/nn';
import { checkNumberOrFunction } from '../checks.js';
import { entropy, expectation, hardMax } from '../distributions/categorical.js';
import { gumbel, gumbelSoftmax, straightThrough } from '../distributions/gumbel.js';
import {
  checkElboArguments,
  type Elbo,
  type ElboOptions,
  klWithFreeBits,
  repeatRows,
  weightedSum,
} from '../elbo.js';
import { annealing } from '../schedules.js';
import { CodeModel, type CodeModelOptions } from './code-model.js';
import { IMAGE_MODEL_OPTIONS } from './image-model.js';

/** Options of `RelaxedCategoricalVAE`. */
export interface RelaxedCategoricalVAEOptions extends CodeModelOptions {
  /** Number of categorical variables in z, N. Default 20. */
  variables?: number;
  /** Number of categories of each variable, K. Default 10. */
  categories?: number;
  /** Temperature of the relaxation: a number above 0, or a function of the training step. Default `annealing()`. */
  temperature?: number | ((step: number) => number);
  /**
   * How the gradient of the reconstruction is estimated. 'relaxed' (default): the decoder receives relaxed samples.
   * 'straight-through': the decoder receives one-hot samples, and the gradient is that of the relaxed samples.
   * 'sum': the exact gradient, by summing over all Kᴺ values of z.
   */
  estimator?: 'relaxed' | 'straight-through' | 'sum';
}

const CATEGORICAL_OPTIONS: OptionNames<RelaxedCategoricalVAEOptions> = {
  variables: true,
  categories: true,
  temperature: true,
  estimator: true,
  ...IMAGE_MODEL_OPTIONS,
};
const ESTIMATORS = { relaxed: true, 'straight-through': true, sum: true } as const;

/** Largest number of values of z that 'sum' accepts. */
const MOST_VALUES = 1024;

/**
 * A VAE whose z is N categorical variables: q(z|x) = Π Cat(softmax(logits(x))), p(z) uniform. In evaluation mode z is sampled exactly
 * (with the Gumbel-max trick), so recon + kl is a true −ELBO. The relaxation is used in training only.
 * @see Jang, Gu & Poole 2017, arXiv:1611.01144; Maddison, Mnih & Teh 2017, arXiv:1611.00712
 */
export class RelaxedCategoricalVAE extends CodeModel {
  readonly kind = 'categorical-vae';
  readonly variables: number;
  readonly categories: number;
  readonly estimator: 'relaxed' | 'straight-through' | 'sum';
  readonly #temperature: (step: number) => number;

  /** @throws ArgumentError unless variables ≥ 1, categories ≥ 2 and a temperature above 0; also if `estimator` is 'sum' and z has more than 1024 values */
  constructor(options: RelaxedCategoricalVAEOptions = {}) {
    const op = 'RelaxedCategoricalVAE';
    checkOptions(op, options, CATEGORICAL_OPTIONS);
    const {
      variables = 20,
      categories = 10,
      temperature = annealing(),
      estimator = 'relaxed',
      ...rest
    } = options;
    checkWhole(op, 'variables', variables);
    checkWhole(op, 'categories', categories, 2);
    checkChoice(op, 'estimator', estimator, ESTIMATORS);
    checkNumberOrFunction(op, 'temperature', temperature);
    if (typeof temperature === 'number')
      checkNumber(op, 'temperature', temperature, temperature > 0, 'above 0');
    super(rest, variables * categories, undefined, op);
    if (estimator === 'sum' && categories ** variables > MOST_VALUES)
      throw new ArgumentError(
        op,
        `'sum' would sum over ${categories}^${variables} values of z, and at most ${MOST_VALUES} are allowed — use another estimator`,
      );
    this.variables = variables;
    this.categories = categories;
    this.estimator = estimator;
    this.#temperature = typeof temperature === 'number' ? () => temperature : temperature;
  }

  override describe(): Description {
    return [`${this.variables} variables`, `${this.categories} categories`, this.estimator];
  }

  /** log q of every category: `[batch, pixels]` → `[batch, variables, categories]`. */
  logProbs(x: Tensor): Tensor {
    const logits = this.encoder.forward(x); // [batch, variables · categories]
    return logits.reshape([x.shape[0]!, this.variables, this.categories]).logSoftmax();
  }

  /** The probabilities of the categories, i.e. the mean of z: `[batch, variables · categories]`. */
  codes(x: Tensor): Tensor {
    return this.logProbs(x).exp().reshape([x.shape[0]!, this.latent]);
  }

  /** Gumbel noise, `[count, variables · categories]`; null for the exact sum. */
  noise(count: number, generator?: Generator): Tensor | null {
    if (this.estimator === 'sum') return null;
    return gumbel([count, this.latent], { generator });
  }

  /** The temperature at a step. @throws ArgumentError if it is not above 0 */
  schedules(step: number): { temperature: number } {
    const temperature = this.#temperature(step);
    if (temperature > 0) return { temperature };
    throw new ArgumentError('elbo', `the temperature is above 0, not ${temperature} (step ${step})`);
  }

  /**
   * −ELBO = E_q[−log p(x|z)] + Σ KL(q ‖ uniform), with KL = log K − H(q) for each variable. In training mode `estimator` determines z.
   * @param options - scheduled: `temperature`, above 0
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if the temperature is not above 0
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    const { beta = 1, freeBits = 0 } = options;
    const logQ = this.logProbs(options.input ?? x);
    const perVariable = entropy(logQ).neg().add(Math.log(this.categories)); // [batch, variables]
    const kl = perVariable.sum({ axis: -1 }).mean();
    const counted = freeBits === 0 ? kl : klWithFreeBits(perVariable, freeBits);
    const recon = (
      this.estimator === 'sum' ? this.#expectedLogProb(x, logQ) : this.#sampledLogProb(x, logQ, options)
    )
      .mean()
      .neg();
    return { loss: weightedSum(recon, counted, beta), recon, kl };
  }

  /** log p(x|z) with one sample of z per image, `[batch]`. */
  #sampledLogProb(x: Tensor, logQ: Tensor, { eps, generator, scheduled }: ElboOptions): Tensor {
    const batch = x.shape[0]!;
    const noise = (eps ?? (this.noise(batch, generator) as Tensor)).reshape(logQ.shape);
    const z = this.training ? this.#trainingDraw(logQ, noise, scheduled) : hardMax(logQ.add(noise));
    return this.likelihood.logProb(this.decode(z.reshape([batch, this.latent])), x);
  }

  #trainingDraw(logQ: Tensor, noise: Tensor, scheduled: ElboOptions['scheduled']): Tensor {
    const { temperature = this.schedules(0).temperature } = scheduled ?? {};
    const relaxed = gumbelSoftmax(logQ, noise, temperature);
    return this.estimator === 'relaxed' ? relaxed : straightThrough(hardMax(logQ.add(noise)), relaxed);
  }

  /** Σ_z q(z|x) log p(x|z) over all values of z, `[batch]`. */
  #expectedLogProb(x: Tensor, logQ: Tensor): Tensor {
    const batch = x.shape[0]!;
    const values = this.#allValues(); // [count, latent]
    const count = values.shape[0]!;
    const outputs = withRowsPerImage(0, () => this.decode(values)); // [count, outputs], not one per image
    const everywhere = outputs.unsqueeze(0).expand([batch, ...outputs.shape]);
    const logP = this.likelihood.logProb(
      everywhere.reshape([batch * count, outputs.shape[1]!]),
      repeatRows(x, count),
    );
    const q = logQ.reshape([batch, this.latent]).matmul(values, { transposeB: true }).exp(); // [batch, count]
    return expectation(q, logP.reshape([batch, count]));
  }

  /** Every value of z as N one-hot rows, `[Kᴺ, variables · categories]`: row i contains the base-K digits of i. */
  #allValues(): Tensor {
    const { variables, categories } = this;
    const count = categories ** variables;
    const digits = Array.from(
      { length: count * variables },
      (_, i) => Math.floor(Math.floor(i / variables) / categories ** (i % variables)) % categories,
    );
    return oneHot(digits, categories).reshape([count, this.latent]);
  }

  /** Uniformly random categories, one-hot: `[count, variables · categories]`. */
  samplePrior(count: number, { generator }: { generator?: Generator | undefined } = {}): Tensor {
    const scores = gumbel([count, this.variables, this.categories], { generator });
    return hardMax(scores).reshape([count, this.latent]);
  }
}
