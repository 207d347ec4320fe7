/** Losses. `reduction` says what happens to the values of single elements or examples. */
import {
  ArgumentError,
  formatShape,
  ShapeError,
  sameShape,
  sigmoidCrossEntropy,
  standardNormalKl,
  type Tensor,
  type TensorLike,
  tensor,
} from '@varigrad/core';

/** 'none' keeps every value, 'mean' (default) averages, 'sum' adds up. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options of every loss. */
export interface LossOptions {
  reduction?: Reduction;
}

function reduce(op: string, values: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  switch (reduction) {
    case 'none':
      return values;
    case 'mean':
      return values.mean();
    case 'sum':
      return values.sum();
    default:
      throw new ArgumentError(
        op,
        `reduction '${String(reduction)}' is unknown — use 'none', 'mean' or 'sum'`,
      );
  }
}

function checkSameShape(op: string, a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError(
    op,
    [a.shape, b.shape],
    `shapes differ: ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
  );
}

/** Probabilities lie in [0, 1]. Checked in host memory only: reading a device would stall it. */
function checkUnitInterval(op: string, target: Tensor): void {
  const values = target.values;
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  let [low, high] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
    else if (Number.isNaN(value)) throw new ArgumentError(op, 'targets contain NaN — they lie in [0, 1]');
  }
  if (low < 0 || high > 1) {
    throw new ArgumentError(
      op,
      `targets lie in [0, 1], but range from ${low} to ${high} — divide grey values by 255`,
    );
  }
}

/**
 * Binary cross-entropy from logits: max(x, 0) − x·t + log1p(e^−|x|). Finite for every finite logit.
 * @param logits - any shape; @param target - t in [0, 1], same shape
 * @returns nats per element (reduced)
 * @throws ArgumentError if a target leaves [0, 1]; ShapeError if the shapes differ
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('bceWithLogits', logits, target);
  checkUnitInterval('bceWithLogits', target);
  return reduce('bceWithLogits', sigmoidCrossEntropy(logits, target), options);
}

/**
 * Binary cross-entropy from probabilities: −t ln p − (1 − t) ln(1 − p), with logarithms cut at −100 as in PyTorch.
 * Prefer `bceWithLogits`, which loses no precision near 0 and 1.
 * @throws ArgumentError if a target leaves [0, 1]; ShapeError if the shapes differ
 */
export function bce(probabilities: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('bce', probabilities, target);
  checkUnitInterval('bce', target);
  const logP = probabilities.log().clamp({ min: -100 });
  const logQ = probabilities.neg().log1p().clamp({ min: -100 });
  return reduce('bce', target.mul(logP).add(target.neg().add(1).mul(logQ)).neg(), options);
}

/** Squared error (x − t)² of each element (reduced). @throws ShapeError if the shapes differ */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('mse', prediction, target);
  return reduce('mse', prediction.sub(target).square(), options);
}

/**
 * Gaussian negative log-likelihood, ½(ln 2π + logVar + (x − mu)²·e^−logVar): a true density, constant included.
 * @param mu - mean; @param logVar - log σ², fixed or learned, broadcasts against mu; @param target - x, mu's shape
 * @returns nats per element (reduced)
 * @throws ShapeError if mu and target differ in shape
 */
export function gaussianNll(
  mu: Tensor,
  logVar: TensorLike,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  checkSameShape('gaussianNll', mu, target);
  const logVariance = typeof logVar === 'number' ? tensor(logVar) : logVar;
  const squares = target.sub(mu).square().mul(logVariance.neg().exp());
  return reduce(
    'gaussianNll',
    squares
      .add(logVariance)
      .add(Math.log(2 * Math.PI))
      .mul(0.5),
    options,
  );
}

/**
 * KL(N(mu, diag σ²) ‖ N(0, I)) = −½ Σⱼ (1 + logVar − mu² − e^logVar), summed over the last axis.
 * @param mu - `[batch, latent]`; @param logVar - log σ², same shape; e^logVar overflows float32 above about 88
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the shapes differ
 * @see Kingma & Welling 2014, App. B, arXiv:1312.6114
 */
export function klStandardNormal(mu: Tensor, logVar: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('klStandardNormal', mu, logVar);
  return reduce('klStandardNormal', standardNormalKl(mu, logVar).sum({ axis: -1 }), options);
}

/** A diagonal Gaussian by its mean and LOG-VARIANCE, each `[batch, latent]`. */
export interface DiagonalGaussian {
  mu: Tensor;
  logVar: Tensor;
}

/**
 * KL(q ‖ p) of two diagonal Gaussians, ½ Σⱼ (logVar_p − logVar_q + (σ_q² + (mu_q − mu_p)²)/σ_p² − 1), over the last axis.
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the shapes differ
 */
export function klNormal(q: DiagonalGaussian, p: DiagonalGaussian, options: LossOptions = {}): Tensor {
  for (const t of [q.logVar, p.mu, p.logVar]) checkSameShape('klNormal', q.mu, t);
  const logRatio = q.logVar.sub(p.logVar);
  const distance = q.mu.sub(p.mu).square().mul(p.logVar.neg().exp());
  // e^r − 1 − r by expm1: exact also where the two variances nearly agree.
  const perDimension = logRatio.expm1().sub(logRatio).add(distance).mul(0.5);
  return reduce('klNormal', perDimension.sum({ axis: -1 }), options);
}

/**
 * Cross-entropy of classes, −Σ_c t_c · logSoftmax(x)_c.
 * @param logits - `[batch, classes]`; @param target - class numbers `[batch]`, or probabilities `[batch, classes]`
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the target fits neither; ArgumentError for a class that does not exist
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const [batch] = logits.shape;
  const logP = logits.logSoftmax();
  if (logits.rank === 2 && target.rank === 1 && target.shape[0] === batch) {
    const picked = logP.gather(target.reshape([batch!, 1]), { axis: 1 }).squeeze(1);
    return reduce('crossEntropy', picked.neg(), options);
  }
  checkSameShape('crossEntropy', logits, target);
  return reduce('crossEntropy', logP.mul(target).sum({ axis: -1 }).neg(), options);
}
