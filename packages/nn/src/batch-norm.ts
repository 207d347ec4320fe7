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
import { checkNumber, checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { batchMean, batchRows } from '@varigrad/core/compile';
import { type Description, Module } from './module.js';

/** Options of batch normalization. */
export interface BatchNormOptions {
  /** ε, added to the variance, so that a constant feature is not divided by zero. Above 0; default 1e-5. */
  epsilon?: number;
  /** Weight of the latest batch in the running statistics, from 0 to 1. Default 0.1. */
  momentum?: number;
}

const BATCH_NORM_OPTIONS: OptionNames<BatchNormOptions> = { epsilon: true, momentum: true };

/** x minus the mean, in its own shape, and the variance, `[features]` or `[features, 1, 1]`. */
interface Statistics {
  readonly centered: Tensor;
  readonly variance: Tensor;
}

/**
 * y = (x − μ)/√(σ² + ε) · weight + bias for each feature (axis 1). In training, μ and σ² are the mean and the variance of the batch,
 * also if several processes compute its rows.
 * The running statistics follow them: running ← (1 − momentum)·running + momentum·batch, with the unbiased variance.
 * In evaluation, μ and σ² are the running statistics, so the result for an image does not depend on its batch.
 * @see Ioffe & Szegedy 2015, arXiv:1502.03167
 */
abstract class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  // PyTorch's names come first: a state dict has the first name of a tensor, and is loaded from any of them.
  protected readonly running_mean: Tensor;
  protected readonly running_var: Tensor;
  protected readonly num_batches_tracked: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  /** Number of batches in the running statistics, a scalar. */
  readonly numBatchesTracked: Tensor;
  readonly #op: string;
  readonly #rank: 2 | 4;
  readonly #epsilon: number;
  readonly #momentum: number;

  /** @param op - the class, for messages; @param rank - of the input, whose axis 1 holds the features */
  constructor(op: string, rank: 2 | 4, features: number, options: BatchNormOptions) {
    super();
    checkWhole(op, rank === 2 ? 'features' : 'channels', features);
    checkOptions(op, options, BATCH_NORM_OPTIONS, rank === 2 ? 'features, ' : 'channels, ');
    const { epsilon = 1e-5, momentum = 0.1 } = options;
    checkNumber(op, 'epsilon', epsilon, epsilon > 0 && epsilon < Infinity, 'above 0');
    checkNumber(op, 'momentum', momentum, momentum >= 0 && momentum <= 1, 'from 0 to 1');
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
    this.running_mean = zeros([features]);
    this.running_var = ones([features]);
    this.num_batches_tracked = zeros([]);
    this.runningMean = this.running_mean;
    this.runningVar = this.running_var;
    this.numBatchesTracked = this.num_batches_tracked;
    this.#op = op;
    this.#rank = rank;
    this.#epsilon = epsilon;
    this.#momentum = momentum;
  }

  /** The number of batches: files of PyTorch before 0.4.1 lack it, and so do older ones of this library. */
  override optionalNames(): readonly string[] {
    return ['num_batches_tracked'];
  }

  override describe(): Description {
    return [String(this.weight.size), `epsilon ${this.#epsilon}`, `momentum ${this.#momentum}`];
  }

  /**
   * `[batch, features]` or `[batch, channels, height, width]` → the same shape
   * @throws ShapeError if the rank or the number of features differs; ArgumentError in training with one value per feature
   */
  forward(x: Tensor): Tensor {
    checkTensor(this.#op, x, 'x');
    const features = this.weight.shape[0]!;
    if (x.rank !== this.#rank || x.shape[1] !== features) {
      const layout = this.#rank === 2 ? `[batch, ${features}]` : `[batch, ${features}, height, width]`;
      throw new ShapeError(this.#op, [x.shape], `x must be ${layout}, found ${formatShape(x.shape)}`);
    }
    const aligned = (t: Tensor): Tensor => (this.#rank === 2 ? t : t.reshape([features, 1, 1]));
    const { centered, variance } = this.training
      ? this.#batchStatistics(x)
      : this.#runningStatistics(x, aligned);
    const scale = variance.add(this.#epsilon).rsqrt().mul(aligned(this.weight));
    return centered.mul(scale).add(aligned(this.bias));
  }

  #runningStatistics(x: Tensor, aligned: (t: Tensor) => Tensor): Statistics {
    return { centered: x.sub(aligned(this.runningMean)), variance: aligned(this.runningVar) };
  }

  /** x minus the mean of the batch, and the biased variance, with gradients. Updates the running statistics. */
  #batchStatistics(x: Tensor): Statistics {
    const axis = x.shape.flatMap((_, a) => (a === 1 ? [] : [a]));
    const features = x.shape[1]!;
    const count = batchRows(x.size / features);
    if (count < 2)
      throw new ArgumentError(
        this.#op,
        `a batch with ${count} ${count === 1 ? 'value' : 'values'} per feature has no variance — use a larger batch, or call eval()`,
      );
    const mean = batchMean(x, { axis, keepDims: true });
    const centered = x.add(mean.neg()); // the gradient of mean is summed before its sign changes, not after
    const variance = batchMean(centered.square(), { axis, keepDims: true });
    noGrad(() => {
      const follow = (running: Tensor, batch: Tensor): void => {
        running.assign(
          running.mul(1 - this.#momentum).add(batch.detach().reshape([features]).mul(this.#momentum)),
        );
      };
      follow(this.runningMean, mean);
      follow(this.runningVar, variance.mul(count / (count - 1)));
      this.numBatchesTracked.assign(this.numBatchesTracked.add(1));
    });
    return { centered, variance: variance.reshape(variance.shape.slice(1)) };
  }
}

/** Batch normalization of features, `[batch, features]`. */
export class BatchNorm1d extends BatchNorm {
  /** @throws ArgumentError unless features is a whole number above 0, epsilon is above 0, and momentum is in [0, 1] */
  constructor(features: number, options: BatchNormOptions = {}) {
    super('BatchNorm1d', 2, features, options);
  }
}

/** Batch normalization of channels, `[batch, channels, height, width]`. */
export class BatchNorm2d extends BatchNorm {
  /** @throws ArgumentError unless channels is a whole number above 0, epsilon is above 0, and momentum is in [0, 1] */
  constructor(channels: number, options: BatchNormOptions = {}) {
    super('BatchNorm2d', 4, channels, options);
  }
}
