import { tensor } from '../create.js';
import { formatShape, type Shape } from '../errors.js';
import type { Domain } from '../functions/row.js';
import { Generator } from '../random.js';
import { sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { type Grid, gridOf } from './naive.js';

/** One operand: its shape, and the distribution of its values, which depend on the seed. All values are exact in float32. */
export interface InputSpec extends Domain {
  readonly shape: Shape;
  /** Instead of a distribution: these numbers, repeated to fill the shape. */
  readonly values?: readonly number[];
}

/** One use of a public operation: its inputs, its expected result, and the inputs that have a derivative. */
export interface OpCase {
  /** Name of the exported function. */
  readonly op: string;
  /** The operation, its shapes, and its options. */
  readonly label: string;
  readonly inputs: readonly InputSpec[];
  run(...inputs: Tensor[]): Tensor;
  /** The definition, element by element, on plain arrays. */
  expected(...inputs: Grid[]): Grid;
  /** Numbers of the inputs with a derivative. */
  readonly wrt: readonly number[];
  /** Values of very different size: each is compared by its own magnitude. Finite differences do not apply. */
  readonly edge?: true;
}

/** Optional properties of a case. */
export interface CaseOptions {
  /** Text for the label, such as options of the call. */
  note?: string;
  /** Default: all inputs that are not whole numbers. */
  wrt?: readonly number[];
}

/** A test case of an operation. */
export function opCase(
  op: string,
  inputs: readonly InputSpec[],
  run: OpCase['run'],
  expected: OpCase['expected'],
  options: CaseOptions = {},
): OpCase {
  const shapes = inputs.map((input) => formatShape(input.shape)).join(' ');
  const label = [op, shapes, options.note ?? ''].join(' ').trimEnd();
  const real = inputs.flatMap((input, i) => (input.below === undefined ? [i] : []));
  return { op, label, inputs, run, expected, wrt: options.wrt ?? real };
}

/** The operands of a case as plain arrays. */
export function caseInputs(c: OpCase, seed: number): Grid[] {
  const draws = new Generator(seed);
  return c.inputs.map((spec) => gridOf(spec.shape, drawValues(spec, draws)));
}

/** A plain array as a tensor on the current backend. */
export function toTensor(x: Grid): Tensor {
  return tensor([...x.data], { shape: x.shape });
}

function drawValues(spec: InputSpec, draws: Generator): number[] {
  const { shape, low = -2, high = 2, kinks = [], lattice, below, values } = spec;
  const size = sizeOf(shape);
  if (values !== undefined)
    return Array.from({ length: size }, (_, i) => Math.fround(values[i % values.length]!));
  if (below !== undefined) return Array.from(draws.words(size), (word) => word % below);
  if (lattice !== undefined) {
    const middle = Math.floor(size / 2);
    return Array.from(draws.permutation(size), (k) => lattice.offset + lattice.step * (k - middle));
  }
  return Array.from({ length: size }, () => {
    for (;;) {
      const x = Math.fround(low + (high - low) * (draws.words(1)[0]! / 2 ** 32));
      if (kinks.every((kink) => Math.abs(x - kink) > 0.05)) return x;
    }
  });
}
