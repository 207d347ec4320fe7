/** Fully connected encoders and decoders, and the output layers of any encoder. */
import type { Activation, Generator, Tensor } from '@varigrad/core';
import { checkArray, checkMethod, checkOptions, type OptionNames } from '@varigrad/core/checks';
import { type Layer, Linear, type LinearOptions, Module } from '@varigrad/nn';
import type { Posterior } from '../posteriors/posterior.js';

/** Options that all networks share. */
export interface NetworkOptions {
  /** Activation of the hidden layers. Default 'relu'. */
  activation?: Activation | undefined;
  /** Source of the initial weights. */
  generator?: Generator | undefined;
}

const NETWORK_OPTIONS: OptionNames<NetworkOptions> = { activation: true, generator: true };

function checkBody(op: string, hidden: Body): void {
  checkMethod(op, 'hidden', hidden, 'forward', 'a module with a forward method, such as new HiddenLayers(…)');
}

/** A network without its output layer: `[batch, in]` → `[batch, outFeatures]`. */
export interface Body extends Layer {
  readonly outFeatures: number;
}

/** x → the parameters of q(z|x). */
export interface Encoder extends Module {
  forward(x: Tensor): Posterior;
}

/** Fully connected layers, each followed by the activation. */
export class HiddenLayers extends Module implements Body {
  readonly layers: Linear[];
  /** Width of the last layer. */
  readonly outFeatures: number;

  constructor(inFeatures: number, widths: readonly number[], options: NetworkOptions = {}) {
    super();
    checkArray('HiddenLayers', 'widths', widths, 'inFeatures, ');
    checkOptions('HiddenLayers', options, NETWORK_OPTIONS, 'inFeatures, widths, ');
    const { activation = 'relu', generator } = options;
    this.layers = widths.map(
      (width, i) => new Linear(widths[i - 1] ?? inFeatures, width, { generator, activation }),
    );
    this.outFeatures = widths.at(-1) ?? inFeatures;
  }

  /** `[batch, inFeatures]` → `[batch, outFeatures]` */
  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.forward(h), x);
  }
}

/** x → the parameters of q(z|x): a body, then one linear layer for the mean and one for the log-variance. */
export class GaussianEncoder extends Module implements Encoder {
  readonly hidden: Body;
  readonly mu: Linear;
  readonly logVar: Linear;

  constructor(hidden: Body, latent: number, options: { generator?: Generator | undefined } = {}) {
    super();
    checkBody('GaussianEncoder', hidden);
    this.hidden = hidden;
    this.mu = new Linear(hidden.outFeatures, latent, options);
    this.logVar = new Linear(hidden.outFeatures, latent, options);
  }

  /** `[batch, in]` → mu and logVar, `[batch, latent]`, and the body's features. */
  forward(x: Tensor): Posterior {
    const context = this.hidden.forward(x);
    return { mu: this.mu.forward(context), logVar: this.logVar.forward(context), context };
  }
}

/** x → one row of numbers per image: a body, then one linear layer. Used for deterministic codes and for logits. */
export class PlainEncoder extends Module implements Layer {
  readonly hidden: Body;
  readonly out: Linear;

  constructor(hidden: Body, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkBody('PlainEncoder', hidden);
    this.hidden = hidden;
    this.out = new Linear(hidden.outFeatures, outFeatures, options);
  }

  /** `[batch, in]` → `[batch, outFeatures]` */
  forward(x: Tensor): Tensor {
    return this.out.forward(this.hidden.forward(x));
  }
}

/** z → the likelihood's parameters: hidden layers, then one linear layer. */
export class Decoder extends Module implements Layer {
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
