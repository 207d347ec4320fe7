/** The operations of the explorer's presets as plain float64 loops, for comparison with the graphs. */
import type { GraphNode } from '@varigrad/core/trace';

/** An array in float64. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

type Rule = (inputs: readonly Plain[], node: GraphNode) => readonly number[];

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Index in an array of shape `from` of the element that is broadcast to index `i` of shape `to`. */
function broadcastPlace(i: number, to: readonly number[], from: readonly number[]): number {
  let [place, stride, rest] = [0, 1, i];
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const length = from[axis - to.length + from.length] ?? 1;
    const coordinate = rest % to[axis]!;
    rest = Math.floor(rest / to[axis]!);
    if (length > 1) place += coordinate * stride;
    stride *= length;
  }
  return place;
}

const elementwise =
  (f: (a: number, b: number, c: number) => number): Rule =>
  (inputs, { output: { shape } }) =>
    Array.from({ length: sizeOf(shape) }, (_, i) => {
      const [a, b, c] = inputs.map((x) => x.values[broadcastPlace(i, shape, x.shape)]!);
      return f(a!, b!, c!);
    });

function product(a: Plain, b: Plain, transposeB: boolean): number[] {
  const [rows, inner] = a.shape as [number, number];
  const columns = b.shape[transposeB ? 0 : 1]!;
  return Array.from({ length: rows * columns }, (_, place) => {
    const [i, j] = [Math.floor(place / columns), place % columns];
    let total = 0;
    for (let k = 0; k < inner; k++) {
      total += a.values[i * inner + k]! * b.values[transposeB ? j * inner + k : k * columns + j]!;
    }
    return total;
  });
}

const linear: Rule = ([x, weight, bias], { params }) => {
  const { activation } = params as { activation: string };
  const columns = weight!.shape[0]!;
  return product(x!, weight!, true)
    .map((u, i) => u + (bias?.values[i % columns] ?? 0))
    .map((u) => (activation === 'relu' ? Math.max(u, 0) : u));
};

/** Sums over axes of arrays with at most two axes. */
const sum: Rule = ([x], { params, output }) => {
  const { axes } = params as { axes: readonly number[] };
  const totals = new Array<number>(sizeOf(output.shape)).fill(0);
  const columns = x!.shape[1] ?? 1;
  x!.values.forEach((value, i) => {
    const kept = [Math.floor(i / columns), i % columns].slice(0, x!.shape.length);
    const remaining = kept.map((c, axis) => ({ c, axis })).filter(({ axis }) => !axes.includes(axis));
    const place = remaining.reduce((at, { c, axis }) => at * x!.shape[axis]! + c, 0);
    totals[place] = totals[place]! + value;
  });
  return totals;
};

const logSoftmax: Rule = ([x]) => {
  const columns = x!.shape[1]!;
  return x!.values.map((value, i) => {
    const start = i - (i % columns);
    const row = x!.values.slice(start, start + columns);
    return value - Math.log(row.reduce((total, u) => total + Math.exp(u), 0));
  });
};

const gather: Rule = ([x, index]) => {
  const [from, to] = [x!.shape[1]!, index!.shape[1]!];
  return index!.values.map((column, i) => x!.values[Math.floor(i / to) * from + column]!);
};

/** The values of each operation's result, by the operation's name. */
export const naive: Readonly<Record<string, Rule>> = {
  add: elementwise((a, b) => a + b),
  sub: elementwise((a, b) => a - b),
  mul: elementwise((a, b) => a * b),
  div: elementwise((a, b) => a / b),
  ge: elementwise((a, b) => Number(a >= b)),
  where: elementwise((condition, a, b) => (condition === 0 ? b : a)),
  neg: elementwise((a) => -a),
  square: elementwise((a) => a * a),
  exp: elementwise((a) => Math.exp(a)),
  sigmoidCrossEntropy: elementwise((x, t) => {
    const p = 1 / (1 + Math.exp(-x));
    return -t * Math.log(p) - (1 - t) * Math.log(1 - p);
  }),
  mulExp: elementwise((a, b) => a * Math.exp(b)),
  standardNormalKl: elementwise((mu, logVar) => 0.5 * (mu * mu + Math.exp(logVar) - 1 - logVar)),
  clamp: ([x], { params }) => {
    const { min, max } = params as { min: number; max: number };
    return x!.values.map((value) => Math.min(Math.max(value, min), max));
  },
  matmul: ([a, b], { params }) => product(a!, b!, (params as { transposeB: boolean }).transposeB),
  reshape: ([x]) => x!.values,
  linear,
  sum,
  logSoftmax,
  gather,
};
