/** Losses. `reduction` says how the values of the elements or examples are combined. */
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
import {
  checkChoice,
  checkOptions,
  checkTensor,
  describeValue,
  type OptionNames,
} from '@varigrad/core/checks';

/** 'none' keeps every value, 'mean' (default) averages them, 'sum' adds them. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options of every loss. */
export interface LossOptions {
  /** Default 'mean'. */
  reduction?: Reduction;
}

const LOSS_OPTIONS: OptionNames<LossOptions> = { reduction: true };
const REDUCTIONS: Readonly<Record<Reduction, true>> = { none: true, mean: true, sum: true };

/** @param tensors - the arguments before the options, by the names in the signature */
function checkArguments(op: string, tensors: Readonly<Record<string, unknown>>, options: LossOptions): void {
  for (const name in tensors) checkTensor(op, tensors[name], name);
  checkLossOptions(op, `${Object.keys(tensors).join(', ')}, `, options);
}

function checkLossOptions(op: string, before: string, options: LossOptions): void {
  checkOptions(op, options, LOSS_OPTIONS, before);
  checkChoice(op, 'reduction', options.reduction ?? 'mean', REDUCTIONS);
}

function reduce(values: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  switch (reduction) {
    case 'none':
      return values;
    case 'mean':
      return values.mean();
    case 'sum':
      return values.sum();
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

/** Targets must lie in [0, 1]. Checked in host memory only: reading from a device would stall it. */
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
 * @throws ArgumentError if a target is outside [0, 1]; ShapeError if the shapes differ
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('bceWithLogits', { logits, target }, options);
  checkSameShape('bceWithLogits', logits, target);
  checkUnitInterval('bceWithLogits', target);
  return reduce(sigmoidCrossEntropy(logits, target), options);
}

/**
 * Binary cross-entropy from probabilities: −t ln p − (1 − t) ln(1 − p), with logarithms of at least −100, as in PyTorch.
 * Prefer `bceWithLogits`, which loses no precision near 0 and 1.
 * @param probabilities - p in [0, 1], any shape; @param target - t in [0, 1], same shape
 * @returns nats per element (reduced)
 * @throws ArgumentError if a target is outside [0, 1]; ShapeError if the shapes differ
 */
export function bce(probabilities: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('bce', { probabilities, target }, options);
  checkSameShape('bce', probabilities, target);
  checkUnitInterval('bce', target);
  const logP = probabilities.log().clamp({ min: -100 });
  const logQ = probabilities.neg().log1p().clamp({ min: -100 });
  return reduce(target.mul(logP).add(target.neg().add(1).mul(logQ)).neg(), options);
}

/**
 * Squared error (x − t)² of each element (reduced).
 * @param prediction - x, any shape; @param target - t, same shape
 * @throws ShapeError if the shapes differ
 */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('mse', { prediction, target }, options);
  checkSameShape('mse', prediction, target);
  return reduce(prediction.sub(target).square(), options);
}

/**
 * Gaussian negative log-likelihood, ½(ln 2π + logVar + (x − mu)²·e^−logVar), including the constant.
 * @param mu - mean; @param logVar - log σ², a number or a tensor that broadcasts against mu; @param target - x, the shape of mu
 * @returns nats per element (reduced)
 * @throws ShapeError if mu and target differ in shape
 */
export function gaussianNll(
  mu: Tensor,
  logVar: TensorLike,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  checkTensor('gaussianNll', mu, 'mu');
  if (typeof logVar !== 'number') checkTensor('gaussianNll', logVar, 'logVar', 'a tensor or a number');
  checkTensor('gaussianNll', target, 'target');
  checkLossOptions('gaussianNll', 'mu, logVar, target, ', options);
  checkSameShape('gaussianNll', mu, target);
  const logVariance = typeof logVar === 'number' ? tensor(logVar) : logVar;
  const squares = target.sub(mu).square().mul(logVariance.neg().exp());
  return reduce(
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
  checkArguments('klStandardNormal', { mu, logVar }, options);
  checkSameShape('klStandardNormal', mu, logVar);
  return reduce(standardNormalKl(mu, logVar).sum({ axis: -1 }), options);
}

/** A diagonal Gaussian, given by its mean and LOG-VARIANCE, each `[batch, latent]`. */
export interface DiagonalGaussian {
  mu: Tensor;
  logVar: Tensor;
}

/**
 * KL(q ‖ p) of two diagonal Gaussians, ½ Σⱼ (logVar_p − logVar_q + (σ_q² + (mu_q − mu_p)²)/σ_p² − 1), summed over the last axis.
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the shapes differ
 */
export function klNormal(q: DiagonalGaussian, p: DiagonalGaussian, options: LossOptions = {}): Tensor {
  checkGaussian(q, 'q');
  checkGaussian(p, 'p');
  checkLossOptions('klNormal', 'q, p, ', options);
  for (const t of [q.logVar, p.mu, p.logVar]) checkSameShape('klNormal', q.mu, t);
  const logRatio = q.logVar.sub(p.logVar);
  const distance = q.mu.sub(p.mu).square().mul(p.logVar.neg().exp());
  // e^r − 1 − r by expm1 is exact even if the two variances nearly agree.
  const perDimension = logRatio.expm1().sub(logRatio).add(distance).mul(0.5);
  return reduce(perDimension.sum({ axis: -1 }), options);
}

function checkGaussian(value: DiagonalGaussian, name: 'q' | 'p'): void {
  if (typeof value?.mu !== 'object' || typeof value.logVar !== 'object')
    throw new ArgumentError(
      'klNormal',
      `${name} must be { mu, logVar }, found ${describeValue(value)} — write klNormal({ mu, logVar }, { mu, logVar })`,
    );
  checkTensor('klNormal', value.mu, `${name}.mu`);
  checkTensor('klNormal', value.logVar, `${name}.logVar`);
}

/**
 * Cross-entropy of classes, −Σ_c t_c · logSoftmax(x)_c.
 * @param logits - `[batch, classes]`; @param target - class numbers `[batch]`, or probabilities `[batch, classes]`
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the target has another shape; ArgumentError for a class that does not exist
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('crossEntropy', { logits, target }, options);
  const [batch] = logits.shape;
  const logP = logits.logSoftmax();
  if (logits.rank === 2 && target.rank === 1 && target.shape[0] === batch) {
    const picked = logP.gather(target.reshape([batch!, 1]), { axis: 1 }).squeeze(1);
    return reduce(picked.neg(), options);
  }
  checkSameShape('crossEntropy', logits, target);
  return reduce(logP.mul(target).sum({ axis: -1 }).neg(), options);
}
