/**
 * Fused operations: one kernel each, for numerical stability or speed. Each equals a composite of simpler operations,
 * which a test checks.
 */
import { checkBias } from '../checks/arguments.js';
import { checkChoice, checkOptions, type OptionNames } from '../checks/options.js';
import { formatShape, type Shape, ShapeError } from '../errors.js';
import type { Activation } from '../functions/kinds.js';
import { operandOf } from '../operand.js';
import { sizeOf } from '../shape.js';
import { apply, isGradEnabled } from '../tape.js';
import type { Op, Tensor } from '../tensor.js';
import { chainMul, sigmoidResidual } from './chain.js';
import { type Binary, binary } from './elementwise-op.js';

/**
 * a·eᵇ, finite wherever the product is, although eᵇ alone overflows float32 above 88.72: (x − mu)/σ is
 * mulExp(x − mu, −½ logVar). It is 0 for a = 0, whatever b is. The shapes broadcast.
 */
export const mulExp: Binary = binary('mulExp', (dy, _, b, y) => [
  () => mulExp(dy, b), // ∂(a eᵇ)/∂a = eᵇ
  () => chainMul(dy, y), // ∂(a eᵇ)/∂b = a eᵇ
]);

/**
 * Binary cross-entropy of each element, from logits: max(x, 0) − x·t + log1p(e^−|x|) = −[t ln σ(x) + (1 − t) ln(1 − σ(x))].
 * Finite for any finite x; 0 or ∞ for an infinite x. The loss `bceWithLogits` of `@varigrad/nn` checks the targets and reduces.
 * The arguments are the logits x and the targets t in [0, 1]; the shapes broadcast.
 * @returns nats per element
 */
export const sigmoidCrossEntropy: Binary = binary('sigmoidCrossEntropy', (dy, x, t) => [
  () => chainMul(dy, sigmoidResidual(x, t)), // ∂/∂x = σ(x) − t
  () => chainMul(dy, x).neg(), // ∂/∂t = −x
]);

/**
 * KL(N(mu, σ²) ‖ N(0, 1)) of each element, −½(1 + logVar − mu² − exp logVar), with σ² = exp logVar.
 * The arguments are mu and logVar; the shapes broadcast. The loss `klStandardNormal` of `@varigrad/nn` reduces.
 * @returns nats per element; sum over the latent axis for nats per example
 * @see Kingma & Welling 2014, App. B, arXiv:1312.6114
 */
export const standardNormalKl: Binary = binary('standardNormalKl', (dy, mu, logVar) => [
  () => chainMul(dy, mu), // ∂/∂mu = mu
  () => chainMul(dy, logVar.expm1()).mul(0.5), // ∂/∂logVar = ½(exp logVar − 1)
]);

interface LinearParams {
  readonly activation: Activation;
}

const linearOp: Op<readonly Tensor[], LinearParams> = {
  name: 'linear',
  shape: (shapes) => linearShape(shapes[0] as Shape, shapes[1] as Shape, shapes[2]),
  forward: (k, inputs, { activation }) => {
    const [x, weight, bias] = inputs;
    if (x === undefined || weight === undefined)
      throw new ShapeError('linear', [], 'x and weight are required');
    const inFeatures = weight.shape[1]!;
    const rows = { values: x.values, shape: [sizeOf(x.shape.slice(0, -1)), inFeatures] };
    return k.linear(rows, weight, bias?.values ?? null, activation);
  },
  // With g = dy, or dy where relu(…) ≠ 0, as a matrix [rows, out]: dx = g W, dW = gᵀ x, db = Σ rows of g.
  vjp: (dy, inputs, { activation }, y) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const [outFeatures, inFeatures] = weight.shape as [number, number];
    let cached: Tensor | undefined;
    const g = (): Tensor => {
      const through = activation === 'relu' ? y.where(dy, 0) : dy;
      cached ??= through.reshape([sizeOf(x.shape.slice(0, -1)), outFeatures]);
      return cached;
    };
    const flatX = () => x.reshape([sizeOf(x.shape.slice(0, -1)), inFeatures]);
    return [
      () => g().matmul(weight).reshape(x.shape),
      () => g().matmul(flatX(), { transposeA: true }),
      bias === undefined ? null : () => g().sum({ axis: 0 }),
    ];
  },
};

function linearShape(x: Shape, weight: Shape, bias: Shape | undefined): Shape {
  const [outFeatures, inFeatures] = weight;
  if (weight.length !== 2 || x.length === 0 || x.at(-1) !== inFeatures) {
    const problem = `x ${formatShape(x)} does not fit the weight ${formatShape(weight)}`;
    throw new ShapeError('linear', [x, weight], ([, nameW = 'weight']) =>
      weight.length === 2 && x.at(-1) === outFeatures
        ? `${problem} — the weight must be [out, in]: did you mean ${nameW}.transpose()?`
        : `${problem} — x must be […, in] and the weight [out, in]`,
    );
  }
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== outFeatures)) {
    throw new ShapeError(
      'linear',
      [bias, weight],
      `the bias must be [${outFeatures}], one value per output, found ${formatShape(bias)}`,
    );
  }
  return [...x.slice(0, -1), outFeatures!];
}

/** Options of `linear`. */
export interface LinearOptions {
  /** Applied to each output. Default 'none'. */
  activation?: Activation;
}

const needsGrad = (operand: Tensor): boolean => operand.requiresGrad;

const LINEAR_OPTIONS: OptionNames<LinearOptions> = { activation: true };
const ACTIVATIONS: Readonly<Record<Activation, true>> = { none: true, relu: true, sigmoid: true, tanh: true };

/**
 * activation(x Wᵀ + b), in one kernel. If a gradient is recorded, sigmoid and tanh are operations of their own.
 * @param x - `[…, in]`; @param weight - `[out, in]`; @param bias - `[out]`, or null
 * @returns `[…, out]`
 * @throws ShapeError if the shapes do not fit together
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: LinearOptions = {},
): Tensor {
  checkBias('linear', bias);
  checkOptions('linear', options, LINEAR_OPTIONS, 'x, weight, bias, ');
  const { activation = 'none' } = options;
  checkChoice('linear', 'activation', activation, ACTIVATIONS);
  const pair = [operandOf('linear', x), operandOf('linear', weight)];
  const operands = bias === null ? pair : [...pair, bias];
  if ((activation === 'sigmoid' || activation === 'tanh') && isGradEnabled() && operands.some(needsGrad)) {
    // σ′ and tanh′ depend on the argument: the result, rounded to 1, has lost it.
    return apply(linearOp, operands, { activation: 'none' })[activation]();
  }
  return apply(linearOp, operands, { activation });
}
