import type { Activation } from '../../functions/kinds.js';
import type { MatmulSpec } from '../backend.js';
import { type Places, type Program, placesOf } from './program.js';

/** Positions in a result of m rows and n columns: computed from a flat position, or given by the mode (see `Driver.grids`). */
function positionsOf(size: number, batched: boolean, grids: boolean): Places<'item' | 'row' | 'column'> {
  if (grids) {
    const at = { item: 'this.thread.z', row: 'this.thread.y', column: 'this.thread.x' };
    return { variant: 'grid', ready: '', at };
  }
  const column = 'remainder(this.thread.x, N)';
  if (!batched) {
    const { at, ...rest } = placesOf(size, { row: 'div(this.thread.x, N)', column });
    return { ...rest, at: { item: '0', ...at } };
  }
  const row = 'div(remainder(this.thread.x, MN), N)';
  return placesOf(size, { item: 'div(this.thread.x, MN)', row, column });
}

/** The axes of a result, for a mode with `Driver.grids`. */
export function gridOf(batch: number, m: number, n: number): number[] {
  return batch === 1 ? [n, m] : [n, m, batch];
}

/** A matrix product, one sum per thread. Integers are those of `dotIntegers`. */
export function dotProgram({ batch, m, n, transposeA, transposeB }: MatmulSpec, grids: boolean): Program {
  const batched = batch > 1;
  const { variant, ready, at } = positionsOf(batch * m * n, batched, grids);
  const item = (stride: string) => (batched ? `${at.item} * ${stride} + ` : '');
  const a = transposeA ? `k * M + ${at.row}` : `${at.row} * K + k`;
  const b = transposeB ? `${at.column} * K + k` : `k * N + ${at.column}`;
  return {
    name: `dot ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} ${batched ? 'batched' : ''} ${variant}`,
    arrays: ['a', 'b'],
    integers: ['MN', 'M', 'N', 'K', 'strideA', 'strideB'],
    numbers: [],
    body: `${ready}let sum = 0.0;
for (let k = 0; k < K; k++) {
  sum += a[${item('strideA')}${a}] * b[${item('strideB')}${b}];
}
return sum;`,
  };
}

/** Integer arguments of `dotProgram`. */
export function dotIntegers({ m, n, k, strideA, strideB }: MatmulSpec): number[] {
  return [m * n, m, n, k, strideA, strideB];
}

export const ACTIVATIONS: Readonly<Record<Activation, (sum: string) => string>> = {
  none: (sum) => sum,
  relu: (sum) => `relu(${sum})`,
  sigmoid: (sum) => `sigmoid(${sum})`,
  tanh: (sum) => `tanh_(${sum})`,
};

/** activation(x · weightᵀ + bias) of `size` elements; integers are MN, N and K. */
export function linearProgram(
  size: number,
  biased: boolean,
  activation: Activation,
  grids: boolean,
): Program {
  const { variant, ready, at } = positionsOf(size, false, grids);
  const sum = biased ? `sum + bias[${at.column}]` : 'sum';
  return {
    name: `linear ${biased ? 'biased' : ''} ${activation} ${variant}`,
    arrays: biased ? ['x', 'w', 'bias'] : ['x', 'w'],
    integers: ['MN', 'N', 'K'],
    numbers: [],
    body: `${ready}let sum = 0.0;
for (let k = 0; k < K; k++) {
  sum += x[${at.row} * K + k] * w[${at.column} * K + k];
}
return ${ACTIVATIONS[activation](sum)};`,
  };
}
