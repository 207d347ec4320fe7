/** PyTorch's samples on a GPU backend. */
import { type Backend, gradients, type Tensor, tensor, withBackend } from '@varigrad/core';
import { cases, type PlainTensor, runs } from '../helpers/torch-cases.js';

/** Largest error, relative to the right value or to the mean magnitude of the result, as in the op-case table. */
const TOLERANCE = 2e-5;

const toTensor = ({ data, shape }: PlainTensor): Tensor => tensor(data, { shape });

export async function torchErrors(machine: Backend): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, { inputs, output, dy, gradients: slopes }] of Object.entries(cases)) {
    const found = withBackend(machine, () => {
      const variables = inputs.map((input) => toTensor(input).requiresGrad_());
      const y = runs[name]!(...variables);
      return [y, ...gradients(y, variables, { dy: toTensor(dy) })];
    });
    for (const [i, right] of [output, ...slopes].entries()) {
      const what = i === 0 ? name : `${name}, gradient of input ${i - 1}`;
      wrong.push(...differences(what, await found[i]!.data(), right.data));
    }
  }
  return wrong;
}

function differences(what: string, found: ArrayLike<number>, right: readonly number[]): string[] {
  const mean = right.reduce((sum, v) => sum + Math.abs(v), 0) / right.length;
  return right.flatMap((w, i) => {
    const error = Math.abs(found[i]! - w);
    return error <= TOLERANCE * Math.max(Math.abs(w), mean)
      ? []
      : [`${what}[${i}] must be ${w}, found ${found[i]}`];
  });
}
