import { checkNumber, checkTensor } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { formatShape, type Shape, ShapeError, VarigradError } from '../errors.js';
import { flattenNested, type NestedArray } from '../nested-arrays.js';
import { sameShape, unravelIndex } from '../shape.js';
import type { Tensor } from '../tensor.js';

/** An operand of `assertClose`: a tensor in host memory, nested arrays, or a typed array (which has no shape). */
export type Comparable = Tensor | NestedArray | ArrayLike<number>;

/** Tolerances: |actual − expected| ≤ atol + rtol·|expected|. */
export interface Closeness {
  /** Default 1e-5. */
  rtol?: number;
  /** Default 0. */
  atol?: number;
}

const CLOSENESS: OptionNames<Closeness> = { rtol: true, atol: true };

interface Flat {
  readonly data: ArrayLike<number>;
  /** null for a typed array, which has no shape. */
  readonly shape: Shape | null;
}

/**
 * Checks that the shapes are equal and that |actual − expected| ≤ atol + rtol·|expected| for every element.
 * NaN equals NaN, and an infinity equals only itself. A typed array fits every shape with the same number of elements.
 * @throws ShapeError if shapes differ; VarigradError with the worst element if values differ; ArgumentError for other operands, such as
 * promises, and for tolerances below 0
 */
export function assertClose(actual: Comparable, expected: Comparable, options: Closeness = {}): void {
  checkOptions('assertClose', options, CLOSENESS, 'actual, expected, ');
  const { rtol = 1e-5, atol = 0 } = options;
  for (const [name, tolerance] of Object.entries({ rtol, atol }))
    checkNumber('assertClose', name, tolerance, tolerance >= 0, 'of at least 0');
  const [a, e] = [flat(actual), flat(expected)];
  const shape = sharedShape(a, e);
  let [wrong, worst, worstExcess] = [0, 0, -1];
  for (let i = 0; i < e.data.length; i++) {
    const allowed = atol + rtol * Math.abs(e.data[i]!);
    const excess = excessOf(a.data[i]!, e.data[i]!, allowed);
    if (excess > 0) wrong++;
    if (excess > worstExcess) [worst, worstExcess] = [i, excess];
  }
  if (wrong === 0) return;
  const [found, wanted] = [a.data[worst]!, e.data[worst]!];
  throw new VarigradError(
    'assertClose',
    `${wrong} of ${e.data.length} elements differ, most at ${formatShape(unravelIndex(worst, shape))}: ` +
      `expected ${wanted}, found ${found} (difference ${Math.abs(found - wanted)}, rtol ${rtol}, atol ${atol})`,
  );
}

/** How much a difference exceeds the tolerance; infinite if one side is not finite and the other is not equal to it. */
function excessOf(actual: number, expected: number, allowed: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const difference = Math.abs(actual - expected);
  if (!Number.isFinite(difference)) return Number.POSITIVE_INFINITY;
  return Math.max(0, difference - allowed);
}

function sharedShape(a: Flat, e: Flat): Shape {
  const [left, right] = [a.shape ?? e.shape, e.shape ?? a.shape];
  const fits = left === null || right === null || sameShape(left, right);
  if (!fits || a.data.length !== e.data.length) {
    const shapes = [a, e].map((side) => side.shape ?? [side.data.length]);
    throw new ShapeError(
      'assertClose',
      shapes,
      `shapes differ: found ${shapes.map(formatShape).join(', expected ')}`,
    );
  }
  return left ?? [e.data.length];
}

function flat(x: Comparable): Flat {
  if (typeof x === 'number' || Array.isArray(x)) return flattenNested(x);
  if (isList(x)) return { data: x, shape: null };
  checkTensor('assertClose', x, 'an operand', 'a tensor, a number or an array of numbers');
  return { data: (x as Tensor).dataSync(), shape: (x as Tensor).shape };
}

function isList(x: unknown): x is ArrayLike<number> {
  return typeof x === 'object' && x !== null && 'length' in x;
}
