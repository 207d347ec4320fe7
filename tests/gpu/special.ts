/**
 * Special values and accuracy of a GPU backend. Each function returns the list of problems. They do not depend on Node, so that
 * the same checks run in a page and on another machine (card.ts).
 */
import {
  type Activation,
  type Backend,
  createReference,
  Generator,
  type HostArray,
  type Kernels,
  type Values,
} from '@varigrad/core';
import { binaryRows, unaryRows } from '@varigrad/core/testing';

type BinaryKind = Parameters<Kernels['binary']>[0];
const UNARY = Object.keys(unaryRows) as Parameters<Kernels['unary']>[0][];
const BINARY = Object.keys(binaryRows) as BinaryKind[];

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const LEAST_NORMAL = 2 ** -126;
/** Special values, and values at which functions overflow, underflow, round or switch their formula. */
const SIZES = [
  ...[0, 1e-30, 1e-10, 1e-6, 1e-3, 0.3, 0.5, 0.9, 0.99999, 1 - 2 ** -24, 1, 1 + 2 ** -23, 1.00001, 1.1, 1.5],
  ...[
    2, 2.5, 3, 3.5, 4, 4.2, 5, 5.5, 7, 10, 14, 15, 16, 17, 20, 33, 50, 87, 88.5, 89, 100, 110, 200, 355, 1e4,
  ],
  ...[Math.PI / 2, Math.PI, 99_999.5, 1e5, 4_988_429, 8_388_607.5, 2 ** 24 - 1, 2 ** 24, 1e10, 1e38, 3e38],
  ...[2 ** 125, 2 ** 126, 2 ** 127, 3.4028234663852886e38, LEAST_NORMAL, 2 * LEAST_NORMAL, INF],
];
const SPECIAL = [...SIZES, ...SIZES.map((size) => -size), NAN].map(Math.fround);

/** Largest error, relative to the right value. GPUs compute exponentials and logarithms to some 10⁻⁶. */
const TOLERANCE = 1e-5;
/** Functions and reductions with another limit. Sines have it in absolute terms. */
const TOLERANCES: Readonly<Record<string, number>> = {
  ...{ pow: 1e-6, sin: 1e-6, cos: 1e-6, tan: 1e-6, div: 4e-7 },
  ...{ sum: 1e-6, max: 1e-6, min: 1e-6, logSumExp: 1e-6, argmax: 0 },
};
const ABSOLUTE: readonly string[] = ['sin', 'cos'];

/** a^b of IEEE 754. */
const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === INF) ? 1 : Math.fround(a ** b);

/**
 * Every elementwise function for arguments where drivers differ. Results must match reference, also in the sign of zero.
 * Numbers below 2⁻¹²⁶ count as zero of either sign, because GPUs flush them.
 */
async function specialValueErrors(machine: Backend): Promise<string[]> {
  const reference = createReference() as Backend<HostArray>;
  const smooth = Array.from({ length: 800 }, (_, i) => Math.fround((i - 400) / 37 + 0.00123));
  const wrong: string[] = [];
  const x = Float32Array.from([...SPECIAL, ...smooth]);
  for (const kind of UNARY) {
    const found = await machine.download(machine.kernels.unary(kind, machine.upload(x)));
    wrong.push(...errors(kind, [x], found, reference.kernels.unary(kind, x)));
  }
  const a = Float32Array.from(SPECIAL.flatMap((v) => SPECIAL.map(() => v)));
  const b = Float32Array.from(SPECIAL.flatMap(() => SPECIAL));
  for (const kind of BINARY) {
    const right = kind === 'pow' ? a.map((v, i) => power(v, b[i]!)) : onPairs(reference, kind, a, b);
    const found = await machine.download(onPairs(machine, kind, a, b));
    // Without a bound in ulp, the terms cancel: they are compared by their own size, 1, and a zero has no certain sign.
    const absolute = binaryRows[kind]!.accuracy?.ulp === INF ? 1e-7 : LEAST_NORMAL;
    wrong.push(...errors(kind, [a, b], found, right, absolute));
  }
  return wrong;
}

function onPairs<V extends Values>(
  { kernels, upload }: Backend<V>,
  kind: BinaryKind,
  a: Float32Array,
  b: Float32Array,
): V {
  const shape = [a.length];
  return kernels.binary(kind, { values: upload(a), shape }, { values: upload(b), shape }, shape);
}

function errors(
  name: string,
  args: readonly ArrayLike<number>[],
  found: HostArray,
  right: HostArray,
  absolute: number = LEAST_NORMAL,
): string[] {
  const tolerance = TOLERANCES[name.split(' ')[0]!] ?? TOLERANCE;
  const shown = (v: number | undefined) => (Object.is(v, -0) ? '-0' : String(v));
  return Array.from(right).flatMap((w, i) => {
    const f = found[i] as number;
    const size = ABSOLUTE.includes(name) ? 1 : Math.abs(w);
    const flushed = (w !== 0 || f !== 0) && Math.abs(w) < LEAST_NORMAL && Math.abs(f) <= LEAST_NORMAL;
    const close = (w !== 0 || absolute > LEAST_NORMAL) && Math.abs(f - w) <= tolerance * size + absolute;
    if (Object.is(f, w) || flushed || close) return [];
    return [`${name}(${args.map((x) => shown(x[i])).join(', ')}) must be ${shown(w)}, found ${shown(f)}`];
  });
}

/** Random arguments of the functions that GPUs compute from built-in functions of low precision, and quotients of any size. */
async function accuracyErrors(machine: Backend): Promise<string[]> {
  const count = 50_000;
  const words = new Generator(7).words(3 * count);
  const unit = (i: number): number => words[i]! / 2 ** 32;
  const made = (f: (i: number) => number) => Float32Array.from({ length: count }, (_, i) => f(i));
  const anySize = made((i) => 2 ** (252 * unit(i) - 126));
  const angles = [made((i) => 2e5 * unit(i) - 1e5), anySize];
  const wrong: string[] = [];
  for (const kind of ['sin', 'cos', 'tan'] as const) {
    for (const x of angles) {
      const found = await machine.download(machine.kernels.unary(kind, machine.upload(x)));
      wrong.push(...errors(kind, [x], found, Float64Array.from(x, Math[kind])));
    }
  }
  // Half of the bases are near 1, where the logarithm cancels. Exponents make results from 2⁻¹²⁵ to 2¹²⁵.
  const base = made((i) => (i % 2 === 0 ? anySize[i]! : 1 + (unit(i) - 0.5) * 2 ** -(i % 22)));
  const exponent = made((i) => (250 * unit(count + i) - 125) / Math.log2(base[i]!));
  const pairs = {
    pow: [base, exponent],
    div: [anySize, made((i) => 2 ** (252 * unit(2 * count + i) - 126))],
  } as const;
  for (const kind of ['pow', 'div'] as const) {
    const [a, b] = pairs[kind];
    const right = Float64Array.from(a, (v, i) => (kind === 'pow' ? v ** b[i]! : v / b[i]!));
    const found = await machine.download(onPairs(machine, kind, a, b));
    const inRange = (i: number) => right[i]! < 3.4e38;
    const kept = [...right.keys()].filter(inRange);
    const at = (values: HostArray) => Float64Array.from(kept, (i) => values[i]!);
    wrong.push(...errors(kind, [at(a), at(b)], at(found), at(right)));
  }
  return wrong;
}

/** The activations of `linear`, on webgpu a shader of its own: each special value times 1. */
async function activationErrors(machine: Backend): Promise<string[]> {
  const reference = createReference() as Backend<HostArray>;
  const x = Float32Array.from(SPECIAL);
  const run = <V extends Values>({ kernels, upload }: Backend<V>, activation: Activation): V =>
    kernels.linear(
      { values: upload(x), shape: [x.length, 1] },
      { values: upload([1]), shape: [1, 1] },
      null,
      activation,
    );
  const wrong: string[] = [];
  for (const activation of ['none', 'relu', 'sigmoid', 'tanh'] as const) {
    const found = await machine.download(run(machine, activation));
    wrong.push(...errors(`linear with ${activation}`, [x], found, run(reference, activation)));
  }
  return wrong;
}

const ROWS: readonly (readonly number[])[] = [
  [1, NAN, 3, NAN],
  [INF, 1, INF],
  [-INF, -INF],
  [INF, -INF],
  [NAN],
  [-INF, 1],
  [-INF, NAN],
  [NAN, 5],
  [5, NAN],
  [-0, 0],
  [0, -0],
  [-0, -0],
  [1e30, -1e30],
  [88, 89, 100],
  [2, 2, 1],
];

/** Reductions and argmax of special values. */
async function specialReductionErrors(machine: Backend): Promise<string[]> {
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
      wrong.push(...errors(`${kind} of [${row.join(', ')}]`, [], found, right));
    }
    const spec = { outer: 1, length: x.length, inner: 1 };
    const found = await machine.download(machine.kernels.argmax(machine.upload(x), spec));
    wrong.push(...errors(`argmax of [${row.join(', ')}]`, [], found, reference.kernels.argmax(x, spec)));
  }
  return wrong;
}

/** Each returns the list of wrong results. */
export const specialChecks: Readonly<Record<string, (machine: Backend) => Promise<string[]>>> = {
  'elementwise functions of special values': specialValueErrors,
  'accuracy of powers, angles and quotients': accuracyErrors,
  'activations of linear': activationErrors,
  'reductions of special values': specialReductionErrors,
};

/** All of them. */
export async function specialErrors(machine: Backend): Promise<string[]> {
  const wrong: string[] = [];
  for (const check of Object.values(specialChecks)) wrong.push(...(await check(machine)));
  return wrong;
}
