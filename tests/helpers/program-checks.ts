/** Checks of one random program: wasm against reference, and gradients against differences in float64. */
import {
  type Backend,
  createReference,
  createWasm,
  gradients,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { type GradientRecord, withRecorder } from '@varigrad/core/trace';
import { type RandomProgram, SPECIAL } from './random-programs.js';

const exact = createReference(Float64Array);
const plain = createReference();
const fast = createWasm({ threads: 1 });

/** The value of a program and its gradients, for given weights of the finite results. */
interface Outcome {
  readonly value: Float64Array;
  readonly gradients: readonly Float64Array[];
}

type Points = readonly (readonly number[])[];

const numbers = (t: Tensor): Float64Array => Float64Array.from(t.dataSync());

function valueAt(on: Backend, program: RandomProgram, points: Points): Float64Array {
  return withBackend(on, () =>
    numbers(program.run(points.map((data, i) => tensor([...data], { shape: program.inputs[i]!.shape })))),
  );
}

function outcome(on: Backend, program: RandomProgram, points: Points, weights: Float64Array): Outcome {
  return withBackend(on, () => {
    const xs = points.map((data, i) => tensor([...data], { shape: program.inputs[i]!.shape }));
    const variables = xs.filter((_, i) => !program.inputs[i]!.constant).map((x) => x.requiresGrad_());
    const y = program.run(xs);
    const value = numbers(y);
    if (!y.requiresGrad) return { value, gradients: variables.map((x) => new Float64Array(x.size)) };
    const dy = tensor(weights, { shape: y.shape });
    return { value, gradients: gradients(y, variables, { dy }).map(numbers) };
  });
}

/** Weights of the results: 0 where the result is not finite, and about 1/|y| where it is large. */
function weightsOf(value: Float64Array): Float64Array {
  return value.map((y, i) =>
    Number.isFinite(y) && Math.abs(y) < 1e30 ? (0.5 + (i % 3)) / Math.max(1, Math.abs(y)) : 0,
  );
}

const kindOf = (x: number): string => (Number.isFinite(x) ? 'finite' : String(x));

/** The sensitivity of a number to the rounding of inputs and of operations. */
function slack(right: number, precise: number, moved: readonly number[]): number {
  const spread = Math.max(...moved.map((value) => Math.abs(value - precise)));
  return 1e-5 * Math.abs(right) + 1e-6 + 20 * Math.abs(right - precise) + 30 * spread;
}

/** Differences between wasm and reference, where rounding of 10⁻⁷ does not explain them. */
function backendProblems(program: RandomProgram, points: Points): string[] {
  const weights = weightsOf(valueAt(plain, program, points));
  const [right, found, precise] = [plain, fast, exact].map((on) => outcome(on, program, points, weights)) as [
    Outcome,
    Outcome,
    Outcome,
  ];
  const moved = [1, -1, 3].map((k) =>
    outcome(
      exact,
      program,
      points.map((data) => data.map((x, i) => x * (1 + k * (i % 2 === 0 ? 1e-7 : -1e-7)))),
      weights,
    ),
  );
  const lists = (o: Outcome): Float64Array[] => [o.value, ...o.gradients];
  return lists(right).flatMap((list, part) =>
    Array.from(list).flatMap((wanted, i) => {
      const [got, sure] = [lists(found)[part]![i]!, lists(precise)[part]![i]!];
      const near = moved.map((o) => lists(o)[part]![i]!);
      const stable = near.every((value) => kindOf(value) === kindOf(sure)) && kindOf(sure) === kindOf(wanted);
      const equal = kindOf(got) === kindOf(wanted);
      if (equal && (!Number.isFinite(got) || Math.abs(got - wanted) <= slack(wanted, sure, near))) return [];
      if (!stable) return [];
      const what = part === 0 ? 'value' : `gradient ${part - 1}`;
      return [`${what}[${i}]: reference ${wanted}, wasm ${got}, float64 ${sure}`];
    }),
  );
}

/** d total / d shift by five-point differences; NaN where two steps disagree, or the derivatives to the right and left. */
function slopeOf(total: (shift: number) => number, h: number): { slope: number; doubt: number } {
  const at = new Map([-4, -2, -1, 0, 1, 2, 4].map((k) => [k, total(k * h)] as const));
  const [wide, narrow] = [2, 1].map((k) => {
    const near = at.get(k)! - at.get(-k)!;
    const far = at.get(2 * k)! - at.get(-2 * k)!;
    return (8 * near - far) / (12 * k * h);
  }) as [number, number];
  const side = (k: number): number => (4 * at.get(k)! - at.get(2 * k)! - 3 * at.get(0)!) / (2 * k * h);
  const doubt = Math.abs(wide - narrow);
  const kink = Math.abs(side(1) - side(-1));
  const size = Math.max(Math.abs(narrow), 1e-3);
  return { slope: doubt <= 1e-5 * size && kink <= 1e-3 * size ? narrow : Number.NaN, doubt };
}

/** Operations whose gradient is a sum. Infinite terms of both signs make it NaN. */
const SUMMING = ['expand', 'softmax', 'logSoftmax', 'cumsum', 'indexSelect', 'matmul'];

/** Whether an operation may turn a gradient without NaN into one with NaN. */
function mayMakeNaN({ op, index, dy, input, out }: GradientRecord): boolean {
  if (op === 'pow' && index === 1) return true; // the exponent of a negative base
  const infinite = dy.dataSync().some((x) => Math.abs(x) === Number.POSITIVE_INFINITY);
  return infinite && (SUMMING.includes(op) || input.size < out.size);
}

/** Whether every NaN of the gradients is due: it comes from `mayMakeNaN`, or infinite gradients of two uses add up. */
function allowsNaN(program: RandomProgram, points: Points, weights: Float64Array): boolean {
  let allowed = true;
  const isNaNIn = (t: Tensor): boolean => t.dataSync().some(Number.isNaN);
  const gradient = (record: GradientRecord): void => {
    if (isNaNIn(record.gradient) && !isNaNIn(record.dy)) allowed &&= mayMakeNaN(record);
  };
  withRecorder({ operation: () => {}, gradient }, () => outcome(exact, program, points, weights));
  return allowed;
}

/** What the differences say: problems, and how many derivatives they could decide. */
function differenceProblems(program: RandomProgram, points: Points): { problems: string[]; decided: number } {
  const value = valueAt(exact, program, points);
  const weights = weightsOf(value);
  const { gradients: slopes } = outcome(exact, program, points, weights);
  const variables = program.inputs.flatMap((input, i) => (input.constant ? [] : [i]));
  const problems: string[] = [];
  let decided = 0;
  variables.forEach((input, k) => {
    points[input]!.forEach((x, at) => {
      const total = (shift: number): number => {
        const moved = points.map((data, i) => (i === input ? data.with(at, x + shift) : data));
        return valueAt(exact, program, moved).reduce(
          (sum, y, i) => sum + (weights[i] === 0 ? 0 : weights[i]! * y),
          0,
        );
      };
      const h = 1e-4 * Math.max(1e-3, Math.min(1, Math.abs(x) || 1));
      const { slope, doubt } = slopeOf(total, h);
      if (Number.isNaN(slope)) return; // a kink, a singular point, or rounding in the differences
      decided++;
      const found = slopes[k]![at]!;
      if (Number.isNaN(found) && allowsNaN(program, points, weights)) return;
      // At a special value two kinks may cancel, or a comparison may jump: conventions decide, and only NaN is wrong.
      if (SPECIAL.includes(x) && !Number.isNaN(found)) return;
      if (!(Math.abs(found - slope) <= 3 * doubt + 1e-5 * Math.abs(slope) + 1e-6))
        problems.push(`gradient ${k}[${at}] at ${x}: ${found}, differences ${slope}`);
    });
  });
  return { problems, decided };
}

/** Runs all checks of a program. */
export function checkProgram(program: RandomProgram): { problems: string[]; decided: number } {
  const points = program.inputs.map((input) => input.data);
  const differences = differenceProblems(program, points);
  return {
    problems: [...backendProblems(program, points), ...differences.problems],
    decided: differences.decided,
  };
}
