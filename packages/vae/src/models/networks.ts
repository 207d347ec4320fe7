import type { Activation, Generator, Tensor } from '@varigrad/core';
import { Linear, Module } from '@varigrad/nn';
import type { Posterior } from '../elbo.js';

/** Options that all networks share. */
export interface NetworkOptions {
  /** Nonlinearity of the hidden layers. Default 'relu'. */
  activation?: Activation;
  /** Source of the initial weights. */
  generator?: Generator;
}

/** Fully connected layers with an activation after each. */
export class HiddenLayers extends Module {
  readonly layers: Linear[];
  /** Width of the last layer. */
  readonly outFeatures: number;

  constructor(
    inFeatures: number,
    widths: readonly number[],
    { activation = 'relu', ...options }: NetworkOptions = {},
  ) {
    super();
    this.layers = widths.map(
      (width, i) => new Linear(widths[i - 1] ?? inFeatures, width, { ...options, activation }),
    );
    this.outFeatures = widths.at(-1) ?? inFeatures;
  }

  /** `[batch, inFeatures]` → `[batch, outFeatures]` */
  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

/** x → q(z|x): hidden layers, then one linear head for the mean and one for the log-variance. */
export class GaussianEncoder extends Module {
  readonly hidden: HiddenLayers;
  readonly mu: Linear;
  readonly logVar: Linear;

  constructor(inFeatures: number, widths: readonly number[], latent: number, options: NetworkOptions = {}) {
    super();
    this.hidden = new HiddenLayers(inFeatures, widths, options);
    const { activation: _, ...init } = options;
    this.mu = new Linear(this.hidden.outFeatures, latent, init);
    this.logVar = new Linear(this.hidden.outFeatures, latent, init);
  }

  /** `[batch, inFeatures]` → two `[batch, latent]` */
  forward(x: Tensor): Posterior {
    const h = this.hidden.forward(x);
    return { mu: this.mu.forward(h), logVar: this.logVar.forward(h) };
  }
}

/** z → the likelihood's parameters: hidden layers, then one linear layer. */
export class Decoder extends Module {
  readonly hidden: HiddenLayers;
  readonly out: Linear;

  constructor(
    inFeatures: number,
    widths: readonly number[],
    outFeatures: number,
    options: NetworkOptions = {},
  ) {
    super();
    this.hidden = new HiddenLayers(inFeatures, widths, options);
    const { activation: _, ...init } = options;
    this.out = new Linear(this.hidden.outFeatures, outFeatures, init);
  }

  /** `[batch, inFeatures]` → `[batch, outFeatures]` */
  forward(z: Tensor): Tensor {
    return this.out.forward(this.hidden.forward(z));
  }
}
