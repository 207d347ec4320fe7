import { withBackend } from '../backend/current.js';
import { createReference } from '../backend/reference/reference.js';
import { gradients } from '../backward.js';
import {
  checkArray,
  checkFunction,
  checkTensor,
  describeValue,
  isArrayOf,
  refusePromise,
} from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { tensor } from '../create.js';
import { ArgumentError, formatShape, VarigradError } from '../errors.js';
import type { Tensor } from '../methods.js';
import { Generator } from '../random.js';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** 1 (default): checks the gradient. 2: also checks the gradient of the gradient. */
  order?: 1 | 2;
  /** Step of the finite differences along a direction with components in [−1, 1]; default 1e-3. */
  epsilon?: number;
  /** Largest accepted relative error; default 1e-6. */
  tolerance?: number;
  /** Seed of the random directions; default 0. */
  seed?: number;
  /** Name of `f` in error messages; default: the function's name. */
  name?: string;
  /** Numbers of the inputs to check; default: all. The others (for example indices) stay constant. */
  wrt?: readonly number[];
}

const GRADCHECK_OPTIONS: OptionNames<GradcheckOptions> = {
  order: true,
  epsilon: true,
  tolerance: true,
  seed: true,
  name: true,
  wrt: true,
};

/** Thrown by `gradcheck` if an analytic derivative differs from the numeric one. */
export class GradcheckError extends VarigradError {
  override readonly name = 'GradcheckError';
  /** Number of the input along which the derivative was taken. */
  readonly input: number;
  readonly order: 1 | 2;
  readonly analytic: number;
  readonly numeric: number;

  constructor(message: string, input: number, order: 1 | 2, analytic: number, numeric: number) {
    super('gradcheck', message);
    this.input = input;
    this.order = order;
    this.analytic = analytic;
    this.numeric = numeric;
  }
}

/** A function of float64 arrays, and its partial derivatives. */
interface Differentiable {
  value(points: readonly Float64Array[]): number;
  gradient(points: readonly Float64Array[]): readonly Float64Array[];
}

/** Derivatives smaller than this are compared absolutely: the rounding of the differences dominates them. */
const SMALL = 1e-3;

/**
 * Compares the gradients of `f` with finite differences, in float64 on the reference backend.
 *
 * With a fixed random vector w, L(x) = Σ w·f(x) is a scalar. For each input, the directional derivative ⟨∂L/∂x, v⟩ along
 * a random v must equal (8(L(x + εv) − L(x − εv)) − (L(x + 2εv) − L(x − 2εv))) / 12ε, the central difference without
 * its ε² error term. Order 2 repeats this with ⟨∂L/∂x, u⟩ in place of L, as a function of x and of w.
 *
 * Inputs must be more than 2ε away from kinks.
 * @param f - any tensor function; it is called on float64 copies of `inputs`
 * @returns the largest relative error, |analytic − numeric| / max(|analytic|, |numeric|, 0.001)
 * @throws GradcheckError naming f, the input, and both values; ArgumentError for another order, or an input that does not exist
 */
export function gradcheck(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): number {
  checkFunction('gradcheck', f);
  checkArray('gradcheck', 'the inputs', inputs, 'f, ');
  for (const x of inputs) checkTensor('gradcheck', x, 'each input');
  checkOptions('gradcheck', options, GRADCHECK_OPTIONS, 'f, inputs, ');
  const { order = 1, epsilon = 1e-3, tolerance = 1e-6, seed = 0, name = f.name || 'f' } = options;
  const wrt = options.wrt ?? inputs.map((_, i) => i);
  if (order !== 1 && order !== 2)
    throw new ArgumentError('gradcheck', `order must be 1 or 2, found ${describeValue(order)}`);
  if (!isArrayOf(wrt, (i) => typeof i === 'number' && i in inputs))
    throw new ArgumentError(
      'gradcheck',
      `wrt must be numbers of the ${inputs.length} inputs, from 0, found ${describeValue(wrt)}`,
    );
  const points = inputs.map((t) => Float64Array.from(t.dataSync()));
  return withBackend(createReference(Float64Array), () => {
    const draws = new Generator(seed);
    const shapes = inputs.map((t) => t.shape);
    const copies = points.map((p, i) => tensor(p, { shape: shapes[i]! }));
    const out = refusePromise('gradcheck', f(...copies));
    checkTensor('gradcheck', out, 'the value of the function');
    const weigh = weights(out, draws);
    const scalar = (...xs: Tensor[]): Tensor =>
      f(...xs)
        .mul(weigh.tensor())
        .sum();
    const first = differentiable(scalar, shapes, wrt);
    let worst = check(first, points, 1);
    if (order === 2) {
      const directions = points.map((p) => direction(p.length, draws));
      const slope = slopeOf(f, shapes, wrt, directions);
      const all = [...points, weigh.values];
      const second = differentiable(slope, [...shapes, weigh.shape], [...wrt, points.length]);
      worst = Math.max(worst, check(second, all, 2));
    }
    return worst;

    function check(g: Differentiable, at: readonly Float64Array[], degree: 1 | 2): number {
      const analyticGradients = g.gradient(at);
      const places = degree === 1 ? wrt : [...wrt, points.length];
      let largest = 0;
      places.forEach((input, k) => {
        const v = direction((at[input] as Float64Array).length, draws);
        const analytic = dot(analyticGradients[k] as Float64Array, v);
        const numeric = difference(g, at, input, v, epsilon);
        const error = Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric), SMALL);
        if (!(error < tolerance)) {
          throw new GradcheckError(
            describe(name, input, shapes, degree, analytic, numeric, tolerance),
            input,
            degree,
            analytic,
            numeric,
          );
        }
        largest = Math.max(largest, error);
      });
      return largest;
    }
  });
}

function describe(
  name: string,
  input: number,
  shapes: readonly Tensor['shape'][],
  order: 1 | 2,
  analytic: number,
  numeric: number,
  tolerance: number,
): string {
  const shape = shapes[input];
  const what = shape === undefined ? 'dy' : `input ${input} (${formatShape(shape)})`;
  const derivative = order === 1 ? 'gradient' : 'second derivative';
  return `${name}: ${derivative} with respect to ${what}: analytic ${analytic}, numeric ${numeric} — they must agree within ${tolerance}`;
}

/** The random w of L = Σ w·f, as values and as a new tensor. */
function weights(out: Tensor, draws: Generator) {
  const values = direction(out.size, draws);
  return { values, shape: out.shape, tensor: () => tensor(values, { shape: out.shape }) };
}

/** ⟨∂L/∂x, u⟩ as a function of the inputs and of w. */
function slopeOf(
  f: (...inputs: Tensor[]) => Tensor,
  shapes: readonly Tensor['shape'][],
  wrt: readonly number[],
  directions: readonly Float64Array[],
): (...inputs: Tensor[]) => Tensor {
  return (...all) => {
    const xs = all.slice(0, -1);
    const variables = wrt.map((i) => xs[i] as Tensor);
    for (const x of variables) x.requiresGrad = true;
    const dy = all.at(-1) as Tensor;
    const y = f(...xs);
    if (!y.requiresGrad) return tensor(0); // f does not depend on the inputs
    const found = gradients(y, variables, { dy, createGraph: true });
    const slopes = found.map((g, k) => {
      const i = wrt[k]!;
      return g.mul(tensor(directions[i] as Float64Array, { shape: shapes[i]! })).sum();
    });
    return slopes.reduce((total, slope) => total.add(slope), tensor(0));
  };
}

function differentiable(
  f: (...inputs: Tensor[]) => Tensor,
  shapes: readonly Tensor['shape'][],
  wrt: readonly number[],
): Differentiable {
  const tensors = (points: readonly Float64Array[]) => points.map((p, i) => tensor(p, { shape: shapes[i]! }));
  return {
    value: (points) => f(...tensors(points)).itemSync(),
    gradient: (points) => {
      const xs = tensors(points);
      const variables = wrt.map((i) => (xs[i] as Tensor).requiresGrad_());
      const y = f(...xs);
      // The derivative does not depend on the inputs, for example the second derivative of a sum.
      if (!y.requiresGrad) return variables.map((x) => new Float64Array(x.size));
      return gradients(y, variables).map((g) => g.dataSync() as Float64Array);
    },
  };
}

/** The derivative of g along v in one input, from four values of g. */
function difference(
  g: Differentiable,
  at: readonly Float64Array[],
  input: number,
  v: Float64Array,
  epsilon: number,
): number {
  const shifted = (steps: number): number =>
    g.value(at.map((p, i) => (i === input ? p.map((x, j) => x + steps * epsilon * v[j]!) : p)));
  return (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * epsilon);
}

function direction(size: number, draws: Generator): Float64Array {
  return Float64Array.from(draws.words(size), (word) => word / 2 ** 31 - 1);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, x, i) => total + x * b[i]!, 0);
}
