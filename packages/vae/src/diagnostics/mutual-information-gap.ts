import { ArgumentError } from '@varigrad/core';
import { checkArray, checkOptions, checkWhole } from '@varigrad/core/checks';
import { checkValues } from '../checks.js';

/** How well the factors of images are separated in their codes. */
export interface MutualInformationGap {
  /** The mean of `gaps`, from 0 to 1. */
  readonly mig: number;
  /** The gap of each factor. */
  readonly gaps: readonly number[];
  /** I(z_d; v_k) in nats, one row per factor and one column per dimension of the code. */
  readonly information: readonly (readonly number[])[];
}

/**
 * The mutual information gap: for each factor v_k, the difference between the largest and the second largest I(z_d; v_k) over the
 * dimensions d, divided by the entropy H(v_k). 1: each factor is in one dimension of its own. Each dimension is divided into bins of one
 * width between its least and its largest value. With few images, I is too large by about (bins − 1)(values − 1)/(2 · count) nats.
 * @param codes - the code of each image, `[count · latent]`, for example the means of q(z|x)
 * @param factors - the whole-numbered value of each factor of each image, one array `[count]` per factor
 * @param options - `bins`: default 20
 * @throws ArgumentError if the lengths do not fit, a code is not finite, or a factor has one value only
 * @see Chen et al. 2018, arXiv:1802.04942, eq. 6; the bins are those of Locatello et al. 2019, arXiv:1811.12359
 */
export function mutualInformationGap(
  codes: ArrayLike<number>,
  factors: readonly ArrayLike<number>[],
  options: { bins?: number } = {},
): MutualInformationGap {
  const op = 'mutualInformationGap';
  checkValues(op, 'codes', codes);
  checkArray(op, 'factors', factors, 'codes, ');
  checkOptions(op, options, { bins: true }, 'codes, factors, ');
  const { bins = 20 } = options;
  checkWhole(op, 'bins', bins, 2);
  const count = factors[0]?.length ?? 0;
  const latent = codes.length / count;
  if (!(Number.isInteger(latent) && latent > 1 && factors.every(({ length }) => length === count)))
    throw new ArgumentError(
      op,
      `expected codes [count · latent] of at least 2 dimensions and factors [count], found ${codes.length} codes and factors of length ${factors.map(({ length }) => length).join(', ')}`,
    );
  const columns = Array.from({ length: latent }, (_, d) =>
    binned(
      Float64Array.from({ length: count }, (_, i) => codes[i * latent + d]!),
      bins,
    ),
  );
  const rows = factors.map((factor) => {
    const entropy = entropyOf(factor);
    if (entropy === 0)
      throw new ArgumentError(op, 'a factor has the same value for all images — leave it out');
    const information = columns.map((column) => mutualInformation(column, factor));
    const [first = 0, second = 0] = information.toSorted((a, b) => b - a);
    return { information, gap: (first - second) / entropy };
  });
  const gaps = rows.map(({ gap }) => gap);
  return {
    mig: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
    gaps,
    information: rows.map(({ information }) => information),
  };
}

/** The bin of each value; all are 0 if the values are equal. */
function binned(values: Float64Array, bins: number): Uint32Array {
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  if (!Number.isFinite(most - least))
    throw new ArgumentError('mutualInformationGap', `codes must be finite, found ${least} to ${most}`);
  return Uint32Array.from(values, (v) =>
    most === least ? 0 : Math.min(bins - 1, Math.floor((bins * (v - least)) / (most - least))),
  );
}

/** −Σ p log p of the values, in nats. */
function entropyOf(values: ArrayLike<number | string>): number {
  const counts = new Map<number | string, number>();
  for (let i = 0; i < values.length; i++) counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / values.length) * Math.log(n / values.length), 0);
}

/** I(a; b) = H(a) + H(b) − H(a, b). */
function mutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pairs = Array.from(a, (value, i) => `${value} ${b[i]}`);
  return Math.max(0, entropyOf(a) + entropyOf(b) - entropyOf(pairs));
}
