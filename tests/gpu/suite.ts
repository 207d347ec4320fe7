/**
 * Checks of a GPU backend. Each function returns the list of problems, which is empty if the check passes.
 * They do not depend on Node, so that the same checks run in a page.
 */
import { type Backend, createReference, type HostArray, type Kernels } from '@varigrad/core';
import {
  type BackendDifference,
  binaryRows,
  compareBackends,
  edgeCases,
  opCases,
  unaryRows,
} from '@varigrad/core/testing';

/** Largest error of the op-case table, forward and gradients; see `BackendDifference.error`. */
export const TABLE_TOLERANCE = 2e-5;

/** The whole op-case table against reference, with the cases of special values and masks. */
export function tableDifferences(machine: Backend): Promise<BackendDifference[]> {
  const cases = [...opCases, ...edgeCases];
  return compareBackends(createReference(), machine, { tolerance: TABLE_TOLERANCE, cases });
}

const UNARY = Object.keys(unaryRows) as Parameters<Kernels['unary']>[0][];
const BINARY = Object.keys(binaryRows) as Parameters<Kernels['binary']>[0][];

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
/** Special values, and values at which functions overflow, underflow or switch their formula. */
const SPECIAL = [
  ...[0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e-3, -1e-3, 1e-6, 1e-10, -1e-10, 1e-30, 10, -10, 20, -20, 50, -50],
  ...[88.5, 89, -87, -100, -110, 200, -200, 1e4, -1e4, 1e10, -1e10, 3e38, -3e38, INF, -INF, NAN, 0.99999],
  ...[1.00001, 0.9, 1.1, Math.PI, 4.2, 5.5, -5.5, 14, -14, 15],
].map(Math.fround);

/**
 * Every elementwise function for arguments where drivers differ. Results must match reference.
 * Zeros of either sign are equal, and numbers below 2⁻¹²⁶ count as zero.
 */
export async function specialValueErrors(machine: Backend, tolerance = 1e-5): Promise<string[]> {
  const reference = createReference() as Backend<HostArray>;
  const smooth = Array.from({ length: 800 }, (_, i) => Math.fround((i - 400) / 37 + 0.00123));
  const wrong: string[] = [];
  const line = Float32Array.from([...SPECIAL, ...smooth]);
  for (const kind of UNARY) {
    const { gpuMost = INF } = unaryRows[kind]!;
    const x = line.filter((v) => !(Math.abs(v) > gpuMost && v < INF));
    const found = await machine.download(machine.kernels.unary(kind, machine.upload(x)));
    wrong.push(...errors(kind, [x], found, reference.kernels.unary(kind, x), tolerance));
  }
  const p = Float32Array.from(SPECIAL.flatMap((a) => SPECIAL.map(() => a)));
  const q = Float32Array.from(SPECIAL.flatMap(() => SPECIAL));
  const shape = [p.length];
  const [a, b] = [machine.upload(p), machine.upload(q)].map((values) => ({ values, shape })) as [
    never,
    never,
  ];
  for (const kind of BINARY) {
    const found = await machine.download(machine.kernels.binary(kind, a, b, shape));
    const right = reference.kernels.binary(kind, { values: p, shape }, { values: q, shape }, shape);
    wrong.push(...errors(kind, [p, q], found, right, tolerance));
  }
  return wrong;
}

function errors(
  name: string,
  args: readonly Float32Array[],
  found: HostArray,
  right: HostArray,
  tolerance: number,
): string[] {
  return Array.from(right).flatMap((w, i) => {
    const f = found[i] as number;
    const close = Math.abs(f - w) <= tolerance * Math.abs(w) + 2 ** -126;
    if (Object.is(f, w) || f === w || close) return [];
    return [`${name}(${args.map((x) => x[i]).join(', ')}) must be ${w}, found ${f}`];
  });
}

const ROWS: readonly (readonly number[])[] = [
  [1, NAN, 3, NAN],
  [INF, 1, INF],
  [-INF, -INF],
  [INF, -INF],
  [NAN],
  [-INF, 1],
  [-INF, NAN],
  [1e30, -1e30],
  [88, 89, 100],
  [2, 2, 1],
];

/** Reductions and argmax of special values. */
export async function specialReductionErrors(machine: Backend): Promise<string[]> {
  const reference = createReference() as Backend<HostArray>;
  const wrong: string[] = [];
  for (const row of ROWS) {
    const x = Float32Array.from(row);
    const shape = [x.length];
    for (const kind of ['sum', 'max', 'min', 'logSumExp'] as const) {
      const found = await machine.download(
        machine.kernels.reduce(kind, { values: machine.upload(x), shape }, [0]),
      );
      const right = reference.kernels.reduce(kind, { values: x, shape }, [0]);
      wrong.push(...errors(`${kind} of [${row.join(', ')}]`, [], found, right, 1e-6));
    }
    const spec = { outer: 1, length: x.length, inner: 1 };
    const found = await machine.download(machine.kernels.argmax(machine.upload(x), spec));
    wrong.push(...errors(`argmax of [${row.join(', ')}]`, [], found, reference.kernels.argmax(x, spec), 0));
  }
  return wrong;
}

/** Sizes at which drivers fold launches, and at which reductions become trees. */
export async function sizeErrors(machine: Backend): Promise<string[]> {
  const wrong: string[] = [];
  const expect = (what: string, found: number, right: number, tolerance = 0) => {
    if (!(Math.abs(found - right) <= tolerance * Math.abs(right))) {
      wrong.push(`${what} must be ${right}, found ${found}`);
    }
  };
  const n = 5_000_011; // more than 65,535 groups of 64 threads
  const counted = Float32Array.from({ length: n }, (_, i) => i % 1009);
  const x = machine.upload(counted);
  const turned = await machine.download(
    machine.kernels.strided(x, { shape: [n], strides: [-1], offset: n - 1 }),
  );
  for (const i of [0, 1, 65_535 * 64, n - 1]) expect(`flip[${i}]`, turned[i] as number, (n - 1 - i) % 1009);
  const [total] = await machine.download(machine.kernels.reduce('sum', { values: x, shape: [n] }, [0]));
  expect(
    'sum',
    total as number,
    counted.reduce((sum, v) => sum + v, 0),
    1e-6,
  );
  const rows = await machine.download(
    machine.kernels.reduce('max', { values: x, shape: [71, 70_422] } as never, [1]),
  );
  for (const row of [0, 35, 70]) expect(`max[${row}]`, rows[row] as number, 1008);
  return wrong;
}
