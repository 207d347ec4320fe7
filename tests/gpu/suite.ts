/**
 * Checks of a GPU backend. Each function returns the list of problems, which is empty if the check passes.
 * They do not depend on Node, so that the same checks run in a page.
 */
import { type Backend, createReference } from '@varigrad/core';
import { type BackendDifference, compareBackends, edgeCases, opCases } from '@varigrad/core/testing';

/** Largest error of the op-case table, forward and gradients; see `BackendDifference.error`. */
export const TABLE_TOLERANCE = 2e-5;

/** The whole op-case table against reference, with the cases of special values and masks. */
export function tableDifferences(machine: Backend): Promise<BackendDifference[]> {
  const cases = [...opCases, ...edgeCases];
  return compareBackends(createReference(), machine, { tolerance: TABLE_TOLERANCE, cases });
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
