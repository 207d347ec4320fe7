import type { Backend, HostArray } from '../backend/backend.js';
import { withBackend } from '../backend/current.js';
import { gradients } from '../backward.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import type { Shape } from '../errors.js';
import type { Tensor } from '../methods.js';
import { Generator } from '../random.js';
import { sameShape } from '../shape.js';
import { type Grid, gridOf } from './naive.js';
import { caseInputs, type OpCase, toTensor } from './op-case.js';
import { opCases } from './op-cases.js';

/** Options of `compareBackends`. */
export interface CompareOptions {
  /** Largest accepted error; default 1e-5. See `BackendDifference.error` for its definition. */
  tolerance?: number;
  /** The cases to run. Default: the whole table. */
  cases?: readonly OpCase[];
  /** Seed of the operands; default 0. */
  seed?: number;
}

const COMPARE_OPTIONS: OptionNames<CompareOptions> = { tolerance: true, cases: true, seed: true };

/** A result in which two backends differ by more than the tolerance. */
export interface BackendDifference {
  /** Label of the case. */
  readonly case: string;
  /** 'forward', or 'gradient of input 1'. */
  readonly what: string;
  /**
   * Largest |a − b| / max(|b|, mean |b|) over all elements, with 10⁵·2⁻¹²⁶ in place of the mean for cases of special values;
   * Infinity if the shapes differ or only one side is NaN.
   */
  readonly error: number;
}

/**
 * Runs every case on two backends, forward and gradients, with the same operands.
 * @param expected - the backend that is assumed to be right
 * @returns the results that differ; empty if the two backends agree
 */
export async function compareBackends(
  expected: Backend,
  actual: Backend,
  options: CompareOptions = {},
): Promise<BackendDifference[]> {
  checkOptions('compareBackends', options, COMPARE_OPTIONS, 'expected, actual, ');
  const { tolerance = 1e-5, cases = opCases, seed = 0 } = options;
  const differences: BackendDifference[] = [];
  for (const c of cases) {
    const inputs = caseInputs(c, seed);
    const believed = await Promise.all(results(expected, c, inputs, seed));
    const found = await Promise.all(results(actual, c, inputs, seed));
    believed.forEach((right, i) => {
      const what = i === 0 ? 'forward' : `gradient of input ${c.wrt[i - 1]}`;
      const error = difference(found[i] as Result, right, c.edge === true);
      if (!(error <= tolerance)) differences.push({ case: c.label, what, error });
    });
  }
  return differences;
}

interface Result {
  readonly data: HostArray;
  readonly shape: Shape;
}

/** The value, and the gradients for a random dy. */
function results(backend: Backend, c: OpCase, inputs: readonly Grid[], seed: number): Promise<Result>[] {
  const tensors = withBackend(backend, () => {
    const xs = inputs.map(toTensor);
    const variables = c.wrt.map((i) => (xs[i] as Tensor).requiresGrad_());
    const y = c.run(...xs);
    if (!y.requiresGrad) return [y];
    const words = new Generator(seed + 1).words(y.size);
    const dy = toTensor(
      gridOf(
        y.shape,
        Array.from(words, (word) => Math.fround(word / 2 ** 31 - 1)),
      ),
    );
    return [y, ...gradients(y, variables, { dy })];
  });
  return tensors.map(async (t) => ({ data: await t.data(), shape: t.shape }));
}

/** Below the smallest normal number, GPUs may return 0. This floor is 10⁵ times larger. */
const EDGE_FLOOR = 1e5 * 2 ** -126;

function difference(found: Result, right: Result, edge: boolean): number {
  if (!sameShape(found.shape, right.shape)) return Number.POSITIVE_INFINITY;
  const finite = Array.from(right.data).filter(Number.isFinite);
  const mean = finite.reduce((total, x) => total + Math.abs(x), 0) / Math.max(1, finite.length);
  let largest = 0;
  for (let i = 0; i < right.data.length; i++) {
    const [a, b] = [found.data[i]!, right.data[i]!];
    if (Object.is(a, b) || a === b) continue;
    const error = Math.abs(a - b) / Math.max(Math.abs(b), edge ? EDGE_FLOOR : mean);
    largest = Number.isFinite(error) ? Math.max(largest, error) : Number.POSITIVE_INFINITY;
  }
  return largest;
}
