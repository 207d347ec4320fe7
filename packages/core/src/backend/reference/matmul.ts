import type { Activation } from '../../functions/kinds.js';
import { unaryFunctions } from '../../functions/reference.generated.js';
import type { HostArray, Kernels, MatmulSpec } from '../backend.js';
import type { Allocate } from './elementwise.js';

type Products = Pick<Kernels<HostArray>, 'matmul' | 'linear'>;

export function matmulKernels(allocate: Allocate): Products {
  const matmul = (a: HostArray, b: HostArray, spec: MatmulSpec): HostArray => {
    const { batch, m, n, k } = spec;
    const out = allocate(batch * m * n);
    for (let item = 0; item < batch; item++) {
      const left = rowsOf(allocate, a.subarray(item * spec.strideA), m, k, spec.transposeA);
      const right = rowsOf(allocate, b.subarray(item * spec.strideB), n, k, !spec.transposeB);
      multiply(out.subarray(item * m * n, (item + 1) * m * n), left, right, m, n, k);
    }
    return out;
  };
  return {
    matmul,
    linear(x, weight, bias, activation) {
      const [m, k] = x.shape as [number, number];
      const n = weight.shape[0]!;
      const flags = { transposeA: false, transposeB: true, strideA: 0, strideB: 0 };
      const out = matmul(x.values, weight.values, { batch: 1, m, n, k, ...flags });
      addBias(out, bias, n);
      return activate(out, activation);
    },
  };
}

function addBias(out: HostArray, bias: HostArray | null, n: number): void {
  if (bias === null) return;
  for (let i = 0; i < out.length; i++) out[i]! += bias[i % n]!;
}

function activate(out: HostArray, activation: Activation): HostArray {
  if (activation === 'none') return out;
  const f = unaryFunctions[activation];
  for (let i = 0; i < out.length; i++) out[i] = f(out[i]!);
  return out;
}

/** A matrix as `[count, k]` rows: the matrix itself, or a transposed copy if it is stored as `[k, count]`. */
function rowsOf(allocate: Allocate, x: HostArray, count: number, k: number, inColumns: boolean): HostArray {
  if (!inColumns) return x;
  const rows = allocate(count * k);
  for (let i = 0; i < k; i++) {
    for (let r = 0; r < count; r++) rows[r * k + i] = x[i * count + r]!;
  }
  return rows;
}

/**
 * out[i, j] = Σ left[i, ·]·right[j, ·]: both operands are read along their rows. It computes four rows times four rows
 * at a time, so that each number read from memory is used four times. Sums are in float64.
 */
function multiply(out: HostArray, left: HostArray, right: HostArray, m: number, n: number, k: number): void {
  for (let i = 0; i < m; i += 4) {
    for (let j = 0; j < n; j += 4) {
      if (i + 4 <= m && j + 4 <= n) tile(out, left, right, i, j, n, k);
      else edge(out, left, right, i, Math.min(m, i + 4), j, Math.min(n, j + 4), n, k);
    }
  }
}

/** Sixteen sums at once, each in a variable that the compiler keeps in a register. */
// biome-ignore format: the sums are laid out as a 4 × 4 tile
function tile(
  out: HostArray, left: HostArray, right: HostArray, i: number, j: number, n: number, k: number,
): void {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
  let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  const [l0, l1, l2, l3] = [i * k, (i + 1) * k, (i + 2) * k, (i + 3) * k];
  const [r0, r1, r2, r3] = [j * k, (j + 1) * k, (j + 2) * k, (j + 3) * k];
  for (let p = 0; p < k; p++) {
    const a0 = left[l0 + p]!, a1 = left[l1 + p]!;
    const a2 = left[l2 + p]!, a3 = left[l3 + p]!;
    const b0 = right[r0 + p]!, b1 = right[r1 + p]!;
    const b2 = right[r2 + p]!, b3 = right[r3 + p]!;
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
    s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
    s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
  }
  const first = i * n + j;
  out.set([s00, s01, s02, s03], first);
  out.set([s10, s11, s12, s13], first + n);
  out.set([s20, s21, s22, s23], first + 2 * n);
  out.set([s30, s31, s32, s33], first + 3 * n);
}

/** The remaining elements at the borders, one sum at a time. */
function edge(
  out: HostArray,
  left: HostArray,
  right: HostArray,
  i0: number,
  i1: number,
  j0: number,
  j1: number,
  n: number,
  k: number,
): void {
  for (let i = i0; i < i1; i++) {
    for (let j = j0; j < j1; j++) {
      let total = 0;
      for (let p = 0; p < k; p++) total += left[i * k + p]! * right[j * k + p]!;
      out[i * n + j] = total;
    }
  }
}
