/** Matrix products. */

import type { Activation } from '../../../functions/kinds.js';
import type { Kernels, MatmulSpec, Operand } from '../../backend.js';
import { activationNumber } from '../module.generated.js';
import type { Context } from './context.js';

type Values = Float32Array;

/** Workers are started from this many multiply-adds on. */
const MANY_PRODUCTS = 200_000;

/** The last argument of `gemm`: programs replace it by the address of a chain. */
const NO_CHAIN = 0;

/** The addresses and sizes of one product, C = activation(op(A) · op(B) + bias); `bias` is 0 for none. */
interface Product {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: number;
  readonly activation: Activation;
}

export function matmulKernels(context: Context): Pick<Kernels<Values>, 'matmul' | 'linear'> {
  const { memory, pool } = context;
  const start = (products: number) => {
    if (products >= MANY_PRODUCTS) pool.ensureStarted();
  };
  return {
    matmul(a: Values, b: Values, spec: MatmulSpec): Values {
      const { batch, m, n, k, strideA, strideB, transposeA, transposeB } = spec;
      start(m * n * k);
      return memory.compute(batch * m * n, (c) => {
        const [p, q] = [memory.addressOf(a), memory.addressOf(b)];
        const workspace = workspaceOf(context);
        const shared = { m, n, k, transposeA, transposeB, bias: 0, activation: 'none' } as const;
        for (let item = 0; item < batch; item++) {
          const places = { a: p + 4 * item * strideA, b: q + 4 * item * strideB, c: c + 4 * item * m * n };
          multiply(context, { ...shared, ...places }, workspace);
        }
      });
    },

    linear(x: Operand<Values>, weight: Operand<Values>, bias: Values | null, activation: Activation): Values {
      const [m, k] = x.shape as [number, number];
      const n = weight.shape[0]!;
      start(m * n * k);
      return memory.compute(m * n, (c) => {
        const [a, b] = [memory.addressOf(x.values), memory.addressOf(weight.values)];
        const added = bias === null ? 0 : memory.addressOf(bias);
        const product = { a, b, c, m, n, k, transposeA: false, transposeB: true, bias: added, activation };
        multiply(context, product, workspaceOf(context));
      });
    },
  };
}

function workspaceOf({ wasm, memory, pool }: Context): number {
  return memory.temporary(wasm.gemmWorkspace(pool.limit));
}

function multiply({ wasm, memory }: Context, product: Product, workspace: number): void {
  const { a, b, c, m, n, k, transposeA, transposeB, bias, activation } = product;
  if (m === 0 || n === 0) return;
  const flags = [transposeA, transposeB, bias, activationNumber[activation]] as const;
  if (k > 0) {
    wasm.gemm(a, b, c, m, n, k, ...flags, workspace, NO_CHAIN);
    return;
  }
  // For k = 0 the sums are 0. One product with a zero is computed, so that bias and activation are applied.
  const zero = memory.temporary(4 * Math.max(m, n));
  wasm.runFill(zero, 0, Math.max(m, n));
  wasm.gemm(zero, zero, c, m, n, 1, ...flags, workspace, NO_CHAIN);
}
