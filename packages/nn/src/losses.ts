/** Losses. `reduction` says how the values of the elements or examples are combined. */
import {
  ArgumentError,
  apply,
  broadcastShapes,
  formatShape,
  mulExp,
  type Op,
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
  checkUnitInterval,
  checkValues,
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
  const { reduction = 'mean' } = options;
  checkChoice(op, 'reduction', reduction, REDUCTIONS);
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

/** @throws ShapeError for a scalar, which lacks the axis that the loss works along */
function checkAxes(op: string, name: string, t: Tensor, expected: string): void {
  if (t.rank === 0) throw new ShapeError(op, [t.shape], `${name} must be ${expected}, found a scalar`);
}

const checkTarget = (op: string, target: Tensor): void =>
  checkValues(target, (values) => checkUnitInterval(op, 'targets', values, 'divide grey values by 255'));

/**
 * Binary cross-entropy from logits: max(x, 0) − x·t + log1p(e^−|x|). Finite for every finite logit. An infinite logit costs 0 if
 * it is right, and ∞ otherwise.
 * @param logits - any shape; @param target - t in [0, 1], same shape
 * @returns nats per element (reduced)
 * @throws ArgumentError if a target is outside [0, 1]; ShapeError if the shapes differ
 */
export function bceWithLogits(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('bceWithLogits', { logits, target }, options);
  checkSameShape('bceWithLogits', logits, target);
  checkTarget('bceWithLogits', target);
  return reduce(sigmoidCrossEntropy(logits, target), options);
}

/** max(ln p, −100) and max(ln(1 − p), −100). */
function boundedLogs(p: Tensor): readonly [Tensor, Tensor] {
  return [p.log().clamp({ min: -100 }), p.neg().log1p().clamp({ min: -100 })];
}

/**
 * The cross-entropy of p and t, whose value is the third operand. The derivative for p is that of the formula without its bounds,
 * limited near 0 and 1: the bounded logarithms have slope 0 or ∞ there.
 */
const bceOp: Op<readonly [Tensor, Tensor, Tensor]> = {
  name: 'bce',
  shape: ([, , value]) => value,
  forward: (_, [, , value]) => value.values,
  vjp: (dy, [p, t]) => [
    // (p − t) / (p (1 − p))
    () => dy.mul(p.sub(t)).div(p.mul(p.neg().add(1)).clamp({ min: 1e-12 })),
    () => {
      const [logP, logQ] = boundedLogs(p);
      return dy.mul(logQ.sub(logP));
    },
    null,
  ],
};

/**
 * Binary cross-entropy from probabilities: −t ln p − (1 − t) ln(1 − p), with logarithms of at least −100, as in PyTorch. The
 * derivative is (p − t) / max(p (1 − p), 1e-12). Prefer `bceWithLogits`, which loses no precision near 0 and 1.
 * @param probabilities - p in [0, 1], any shape; @param target - t in [0, 1], same shape
 * @returns nats per element (reduced)
 * @throws ArgumentError if a probability or a target is outside [0, 1]; ShapeError if the shapes differ
 */
export function bce(probabilities: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('bce', { probabilities, target }, options);
  checkSameShape('bce', probabilities, target);
  checkValues(probabilities, (values) =>
    checkUnitInterval('bce', 'probabilities', values, 'use bceWithLogits for logits'),
  );
  checkTarget('bce', target);
  const t = target.detach();
  const [logP, logQ] = boundedLogs(probabilities.detach());
  const value = t.mul(logP).add(t.neg().add(1).mul(logQ)).neg();
  return reduce(apply(bceOp, [probabilities, target, value], undefined), options);
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
 * Gaussian negative log-likelihood, ½(ln 2π + logVar + ((x − mu)/σ)²) with σ = e^(½ logVar), including the constant.
 * @param mu - mean, a number or a tensor of the shape of x
 * @param logVar - log σ², a number or a tensor that broadcasts to the shape of x
 * @param target - x, any shape
 * @returns nats per element (reduced)
 * @throws ShapeError if mu and x differ in shape, or if logVar does not broadcast to this shape
 */
export function gaussianNll(
  mu: TensorLike,
  logVar: TensorLike,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  for (const [name, value] of Object.entries({ mu, logVar }))
    if (typeof value !== 'number') checkTensor('gaussianNll', value, name, 'a tensor or a number');
  checkTensor('gaussianNll', target, 'target');
  checkLossOptions('gaussianNll', 'mu, logVar, target, ', options);
  if (typeof mu !== 'number') checkSameShape('gaussianNll', mu, target);
  const logVariance = typeof logVar === 'number' ? tensor(logVar) : logVar;
  const { shape } = target;
  if (!sameShape(broadcastShapes('gaussianNll', logVariance.shape, shape), shape))
    throw new ShapeError(
      'gaussianNll',
      [logVariance.shape, shape],
      `logVar ${formatShape(logVariance.shape)} does not broadcast to the shape of mu and target, ${formatShape(shape)} — expand mu and target`,
    );
  const deviations = mulExp(target.sub(mu), logVariance.mul(-0.5));
  const constants = logVariance.add(Math.log(2 * Math.PI));
  return reduce(deviations.square().add(constants).mul(0.5), options);
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
  checkAxes('klStandardNormal', 'mu', mu, '[batch, latent]');
  return reduce(standardNormalKl(mu, logVar).sum({ axis: -1 }), options);
}

/** A diagonal Gaussian, given by its mean and LOG-VARIANCE, each `[batch, latent]`. */
export interface DiagonalGaussian {
  mu: Tensor;
  logVar: Tensor;
}

/**
 * KL(q ‖ p) of each dimension of two diagonal Gaussians, ½ (logVar_p − logVar_q + (σ_q² + (mu_q − mu_p)²)/σ_p² − 1): the KL to
 * N(0, 1) after both are shifted and scaled so that p is N(0, 1).
 * @returns nats, `[batch, latent]`
 * @throws ShapeError if the shapes differ
 */
export function klNormalPerDimension(q: DiagonalGaussian, p: DiagonalGaussian): Tensor {
  checkGaussians('klNormalPerDimension', q, p);
  const mu = mulExp(q.mu.sub(p.mu), p.logVar.mul(-0.5)); // (mu_q − mu_p)/σ_p
  return standardNormalKl(mu, q.logVar.sub(p.logVar));
}

/**
 * KL(q ‖ p) of two diagonal Gaussians: `klNormalPerDimension`, summed over the last axis.
 * @returns nats per example: `[batch]` with reduction 'none', their mean by default
 * @throws ShapeError if the shapes differ
 */
export function klNormal(q: DiagonalGaussian, p: DiagonalGaussian, options: LossOptions = {}): Tensor {
  checkGaussians('klNormal', q, p);
  checkLossOptions('klNormal', 'q, p, ', options);
  return reduce(klNormalPerDimension(q, p).sum({ axis: -1 }), options);
}

function checkGaussians(op: string, q: DiagonalGaussian, p: DiagonalGaussian): void {
  for (const [name, value] of Object.entries({ q, p })) {
    if (typeof value?.mu !== 'object' || typeof value.logVar !== 'object')
      throw new ArgumentError(
        op,
        `${name} must be { mu, logVar }, found ${describeValue(value)} — write ${op}({ mu, logVar }, { mu, logVar })`,
      );
    checkTensor(op, value.mu, `${name}.mu`);
    checkTensor(op, value.logVar, `${name}.logVar`);
  }
  for (const t of [q.logVar, p.mu, p.logVar]) checkSameShape(op, q.mu, t);
  checkAxes(op, 'q.mu', q.mu, '[batch, latent]');
}

/**
 * Cross-entropy of classes, −Σ_c t_c · logSoftmax(x)_c, with the classes along axis 1, or along axis 0 if x has one axis.
 * @param logits - x, `[batch, classes, …]` or `[classes]`
 * @param target - class numbers `[batch, …]` or `[]`, or probabilities t of the shape of x
 * @returns nats per example and position: `[batch, …]` with reduction 'none', their mean by default
 * @throws ShapeError if the target has another shape; ArgumentError for a class that does not exist
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkArguments('crossEntropy', { logits, target }, options);
  checkAxes('crossEntropy', 'logits', logits, '[batch, classes, …] or [classes]');
  const axis = logits.rank === 1 ? 0 : 1;
  const positions = logits.shape.filter((_, i) => i !== axis);
  if (sameShape(target.shape, positions)) {
    checkClasses(target, logits.shape[axis]!);
    const picked = logits.logSoftmax({ axis }).gather(target.unsqueeze(axis), { axis });
    return reduce(picked.squeeze(axis).neg(), options);
  }
  if (!sameShape(logits.shape, target.shape))
    throw new ShapeError(
      'crossEntropy',
      [logits.shape, target.shape],
      `target ${formatShape(target.shape)} for logits ${formatShape(logits.shape)} — it must be class numbers ${formatShape(positions)} or probabilities ${formatShape(logits.shape)}`,
    );
  const logP = logits.logSoftmax({ axis });
  // A class with probability 0 that must not occur costs nothing; 0·(−∞) would be NaN.
  const isImpossible = logP.eq(Number.NEGATIVE_INFINITY).mul(target.eq(0));
  return reduce(isImpossible.where(0, logP).mul(target).sum({ axis }).neg(), options);
}

function checkClasses(target: Tensor, classes: number): void {
  checkValues(target, (values) => {
    for (const value of values) {
      if (!(Number.isInteger(value) && value >= 0 && value < classes))
        throw new ArgumentError(
          'crossEntropy',
          `target contains ${value} — class numbers are whole numbers from 0 to ${classes - 1}`,
        );
    }
  });
}
