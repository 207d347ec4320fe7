import {
  ArgumentError,
  formatShape,
  noGrad,
  ones,
  parameter,
  ShapeError,
  type Tensor,
  zeros,
} from '@varigrad/core';
import { type Description, Module } from './module.js';

/** Options of batch normalization. */
export interface BatchNormOptions {
  /** Added to the variance, so that a constant feature is not divided by zero. Default 1e-5. */
  epsilon?: number;
  /** Share of the newest batch in the running statistics. Default 0.1. */
  momentum?: number;
}

/**
 * y = (x − μ)/√(σ² + ε) · weight + bias for each feature (axis 1). In training, μ and σ² are those of the batch, and the running
 * statistics follow them: running ← (1 − momentum)·running + momentum·batch, with the unbiased variance. In evaluation they are the
 * running statistics, so that an image's result does not depend on its batch.
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167
 */
abstract class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly #epsilon: number;
  readonly #momentum: number;

  /** @throws ArgumentError unless epsilon is above 0 and momentum in [0, 1] */
  constructor(features: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {}) {
    super();
    if (!(epsilon > 0)) throw new ArgumentError('BatchNorm', `epsilon is a number above 0, not ${epsilon}`);
    if (!(momentum >= 0 && momentum <= 1))
      throw new ArgumentError('BatchNorm', `momentum is a number from 0 to 1, not ${momentum}`);
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
    this.runningMean = zeros([features]);
    this.runningVar = ones([features]);
    this.#epsilon = epsilon;
    this.#momentum = momentum;
  }

  override describe(): Description {
    return [String(this.weight.size), `epsilon ${this.#epsilon}`, `momentum ${this.#momentum}`];
  }

  /** Rank of the input: features stand at axis 1. */
  protected abstract readonly rank: number;

  /** @throws ShapeError unless x has this layer's rank and features; ArgumentError in training on a single value a feature */
  forward(x: Tensor): Tensor {
    const features = this.weight.shape[0]!;
    if (x.rank !== this.rank || x.shape[1] !== features) {
      const layout = this.rank === 2 ? `[batch, ${features}]` : `[batch, ${features}, height, width]`;
      throw new ShapeError('BatchNorm', [x.shape], `${formatShape(x.shape)} does not fit — x is ${layout}`);
    }
    const aligned = (t: Tensor): Tensor => (this.rank === 2 ? t : t.reshape([features, 1, 1]));
    const { mean, variance } = this.training ? this.#batchStatistics(x) : this.#runningStatistics(aligned);
    const scale = variance.add(this.#epsilon).rsqrt().mul(aligned(this.weight));
    return x.sub(mean).mul(scale).add(aligned(this.bias));
  }

  #runningStatistics(aligned: (t: Tensor) => Tensor): { mean: Tensor; variance: Tensor } {
    return { mean: aligned(this.runningMean), variance: aligned(this.runningVar) };
  }

  /** Mean and biased variance of the batch, with gradients; moves the running statistics. */
  #batchStatistics(x: Tensor): { mean: Tensor; variance: Tensor } {
    const axis = x.shape.flatMap((_, a) => (a === 1 ? [] : [a]));
    const features = x.shape[1]!;
    const count = x.size / features;
    if (count < 2)
      throw new ArgumentError(
        'BatchNorm',
        `a batch of ${count} value(s) a feature has no variance — take larger batches, or call eval()`,
      );
    const mean = x.mean({ axis, keepDims: true });
    const variance = x.sub(mean).square().mean({ axis, keepDims: true });
    noGrad(() => {
      const follow = (running: Tensor, batch: Tensor): void => {
        running.assign(
          running.mul(1 - this.#momentum).add(batch.detach().reshape([features]).mul(this.#momentum)),
        );
      };
      follow(this.runningMean, mean);
      follow(this.runningVar, variance.mul(count / (count - 1)));
    });
    const kept = mean.shape.slice(1); // [features] or [features, 1, 1]
    return { mean: mean.reshape(kept), variance: variance.reshape(kept) };
  }
}

/** Batch normalization of features, `[batch, features]`. */
export class BatchNorm1d extends BatchNorm {
  protected readonly rank = 2;
}

/** Batch normalization of channels, `[batch, channels, height, width]`. */
export class BatchNorm2d extends BatchNorm {
  protected readonly rank = 4;
}
