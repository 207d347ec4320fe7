/** Lengths of axes that may depend on the batch size. */

/** times·batch + plus, with times ≥ 1. */
export interface BatchLength {
  readonly times: number;
  readonly plus: number;
}

/** A number, or a number that depends on the batch size. */
export type Length = number | BatchLength;

/** Whether two lengths are equal at every batch size. */
export function sameLength(a: Length, b: Length): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.times === b.times && a.plus === b.plus;
}

/** a + b */
export function sumOf(a: Length, b: Length): Length {
  const [p, q] = [a, b].map((length) => (typeof length === 'number' ? { times: 0, plus: length } : length));
  const [times, plus] = [p!.times + q!.times, p!.plus + q!.plus];
  return times === 0 ? plus : { times, plus };
}

/** The length from its values at three batch sizes; undefined if it is not a whole multiple of the batch size plus a constant. */
export function lengthFrom(
  [n0, n1, n2]: readonly [number, number, number],
  [s0, s1, s2]: readonly [number, number, number],
): Length | undefined {
  if (n0 === n1 && n1 === n2) return n0;
  const times = (n1 - n0) / (s1 - s0);
  const plus = n0 - times * s0;
  const fits = Number.isInteger(times) && times > 0 && Number.isInteger(plus) && times * s2 + plus === n2;
  return fits ? { times, plus } : undefined;
}
