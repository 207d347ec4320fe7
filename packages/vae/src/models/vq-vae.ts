import { arange, full, type Generator, parameter, rand, type Tensor, where, zeros } from '@varigrad/core';
import { checkAmount, checkOptions, checkTensor, checkWhole, type OptionNames } from '@varigrad/core/checks';
import { batchMean, wholeBatch, withRowsPerImage } from '@varigrad/core/compile';
import { type Description, uniform } from '@varigrad/nn';
import { entropy } from '../distributions/categorical.js';
import { straightThrough } from '../distributions/gumbel.js';
import { checkElboArguments, type Elbo, type ElboOptions, refuseKlWeights } from '../elbo.js';
import { CodeModel, type CodeModelOptions } from './code-model.js';
import { IMAGE_MODEL_OPTIONS } from './image-model.js';

/** Options of `VQVAE`. */
export interface VQVAEOptions extends CodeModelOptions {
  /** Number of vectors in an image's code, N. Default 10. */
  vectors?: number;
  /** Length of each vector, D. Default 8. */
  width?: number;
  /** Number of vectors in the codebook, K. Default 64. */
  codebookSize?: number;
  /** Weight of the commitment loss. Default 0.25. */
  commitment?: number;
  /**
   * A codebook vector is restarted if its share of use, averaged over about 100 steps, falls below this fraction of 1/K: it is replaced
   * by one of the encoder's vectors of the batch. The average starts at 0, so the first step restarts every codebook vector whose share
   * in it is below 100·restartBelow/K. Default 0.03; 0 turns restarts off.
   */
  restartBelow?: number;
}

const VQVAE_OPTIONS: OptionNames<VQVAEOptions> = {
  vectors: true,
  width: true,
  codebookSize: true,
  commitment: true,
  restartBelow: true,
  ...IMAGE_MODEL_OPTIONS,
};

/** Decay per step of the average use. */
const DECAY = 0.99;

/**
 * The vector-quantized VAE: each of the encoder's N vectors is replaced by the nearest vector of a learned codebook. q(z|x) is
 * deterministic and p(z) uniform, so the KL is N·log K for every image. Training adds two terms to −ELBO: ‖sg(e) − z‖², which moves the
 * codebook towards the encoder, and commitment·‖z − sg(e)‖², which moves the encoder towards the codebook. The gradient bypasses the
 * quantization z → e.
 * @see van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937
 */
export class VQVAE extends CodeModel {
  readonly kind = 'vq-vae';
  readonly vectors: number;
  readonly width: number;
  /** `[codebookSize, width]` */
  readonly codebook: Tensor;
  /** Average share of each codebook vector in recent training batches, `[codebookSize]`; 0 before training. */
  readonly usage: Tensor;
  readonly #commitment: number;
  readonly #restartBelow: number;

  /** @throws ArgumentError if vectors, width or codebookSize is not a whole number above 0, or another number is negative */
  constructor(options: VQVAEOptions = {}) {
    checkOptions('VQVAE', options, VQVAE_OPTIONS);
    const {
      vectors = 10,
      width = 8,
      codebookSize = 64,
      commitment = 0.25,
      restartBelow = 0.03,
      ...rest
    } = options;
    const { generator } = rest;
    for (const [name, value] of Object.entries({ vectors, width, codebookSize }))
      checkWhole('VQVAE', name, value);
    for (const [name, value] of Object.entries({ commitment, restartBelow }))
      checkAmount('VQVAE', name, value);
    super(rest, vectors * width, undefined, 'VQVAE');
    this.vectors = vectors;
    this.width = width;
    const bound = 1 / codebookSize;
    this.codebook = parameter(uniform(zeros([codebookSize, width]), -bound, bound, { generator }));
    this.usage = zeros([codebookSize]);
    this.#commitment = commitment;
    this.#restartBelow = restartBelow;
  }

  override describe(): Description {
    return [`${this.vectors} vectors`, `commitment ${this.#commitment}`];
  }

  /** null: the codes are deterministic. */
  noise(_count: number, _generator?: Generator): Tensor | null {
    return null;
  }

  /** Indices of the nearest codebook vectors: `[batch, pixels]` → `[batch, vectors]`. */
  codeIndices(x: Tensor): Tensor {
    return this.#nearest(this.#encode(x)).reshape([x.shape[0]!, this.vectors]);
  }

  /** Share of each codebook vector in the codes of these images, `[codebookSize]`; the sum is 1. */
  codeShares(x: Tensor): Tensor {
    return this.#sharesOf(this.#encode(x));
  }

  /** The nearest codebook vectors, `[batch, vectors · width]`. */
  codes(x: Tensor): Tensor {
    return this.codebook.indexSelect(this.#nearest(this.#encode(x))).reshape([x.shape[0]!, this.latent]);
  }

  /**
   * recon + kl is −ELBO with the current codebook. In training mode, `loss` adds the codebook loss and the commitment loss, summed over
   * the vectors, and unused codebook vectors are restarted.
   * @returns { loss, recon, kl }, scalars in nats per image
   * @throws ArgumentError if beta or freeBits is set: the KL is constant
   */
  elbo(x: Tensor, options: ElboOptions = {}): Elbo {
    checkElboArguments(x, options);
    refuseKlWeights('a VQ-VAE', options);
    const batch = x.shape[0]!;
    const z = this.#encode(options.input ?? x); // [batch · vectors, width]
    if (this.training) this.#restartUnused(z.detach(), options.generator);
    const nearest = this.codebook.indexSelect(this.#nearest(z)); // [batch · vectors, width]
    const quantized = straightThrough(nearest, z).reshape([batch, this.latent]);
    const recon = this.likelihood.logProb(this.decode(quantized), x).mean().neg();
    const kl = full([], this.vectors * Math.log(this.codebook.shape[0]!));
    const bound = recon.add(kl);
    if (!this.training) return { loss: bound, recon, kl };
    const follow = nearest.sub(z.detach()).square().sum();
    const commit = z.sub(nearest.detach()).square().sum();
    return { loss: bound.add(follow.add(commit.mul(this.#commitment)).div(batch)), recon, kl };
  }

  /** Uniformly random codebook vectors: `[count, vectors · width]`. Better samples need a learned model of `codeIndices`. */
  samplePrior(count: number, options: { generator?: Generator | undefined } = {}): Tensor {
    const { generator } = options;
    return this.codebook
      .indexSelect(draws(count * this.vectors, this.codebook.shape[0]!, generator))
      .reshape([count, this.latent]);
  }

  #encode(x: Tensor): Tensor {
    return this.encoder.forward(x).reshape([x.shape[0]! * this.vectors, this.width]);
  }

  /**
   * argmin ‖z − e‖², without a gradient: `[rows, width]` → `[rows]`. The squares are added up one dimension at a time, from the
   * differences: ‖z‖² − 2 z·e + ‖e‖² would cancel where vectors are close to each other.
   */
  #nearest(z: Tensor): Tensor {
    const rows = z.detach().split(1, { axis: 1 }); // width × [rows, 1]
    const codes = this.codebook.detach().transpose().split(1, { axis: 0 }); // width × [1, codebookSize]
    const distances = rows
      .map((row, i) => row.sub(codes[i]!).square())
      .reduce((sum, squares) => sum.add(squares));
    return distances.neg().argmax({ axis: 1 });
  }

  #sharesOf(z: Tensor): Tensor {
    const isNearest = this.#nearest(z).unsqueeze(1).eq(arange(this.codebook.shape[0]!)); // [rows, size]
    return batchMean(isNearest, { axis: 0 });
  }

  /** Updates the usage, and replaces unused codebook vectors by vectors of the encoder. @param z - `[rows, width]` */
  #restartUnused(z: Tensor, generator: Generator | undefined): void {
    if (this.#restartBelow === 0) return;
    const size = this.codebook.shape[0]!;
    const usage = this.usage.mul(DECAY).add(this.#sharesOf(z).mul(1 - DECAY)); // [size]
    const isUnused = usage.lt(this.#restartBelow / size);
    const all = wholeBatch(z);
    const chosen = withRowsPerImage(0, () => draws(size, all.shape[0]!, generator)); // not one per image
    const candidates = all.indexSelect(chosen); // [size, width]
    this.codebook.assign(where(isUnused.unsqueeze(1), candidates, this.codebook.detach()));
    this.usage.assign(where(isUnused, 1 / size, usage));
  }
}

/** `count` random whole numbers from 0 to below `size`, `[count]`. */
function draws(count: number, size: number, generator?: Generator): Tensor {
  // The product can be rounded up to size.
  return rand([count], { generator })
    .mul(size)
    .floor()
    .clamp({ max: size - 1 });
}

/**
 * exp H(p) = exp(−Σ p log p): the number of evenly used codebook vectors with the same entropy. From 1 (one vector is used) to the size
 * of the codebook.
 * @param shares - p, sum 1, `[codebookSize]`; @returns a scalar
 */
export function perplexity(shares: Tensor): Tensor {
  checkTensor('perplexity', shares, 'shares');
  return entropy(shares.log()).exp();
}
