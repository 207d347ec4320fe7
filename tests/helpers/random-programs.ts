/**
 * Random programs of tensor operations: shapes with lengths 0 and 1, negative axes, special values, and masks behind singular
 * functions. A seed gives the same program everywhere.
 */
import { createReference, Generator, type Shape, type Tensor, tensor, withBackend } from '@varigrad/core';
import { unaryRows } from '@varigrad/core/testing';

export interface Input {
  readonly shape: Shape;
  readonly data: readonly number[];
  /** A mask of 0 and 1: it has no gradient. */
  readonly constant: boolean;
}

export interface RandomProgram {
  /** The program as text, one operation per line. */
  readonly text: string;
  readonly inputs: readonly Input[];
  run(inputs: readonly Tensor[]): Tensor;
}

interface Step {
  readonly text: string;
  readonly uses: readonly number[];
  /** Whether the result is an exact copy of operands: rounding cannot move it across a jump. */
  readonly exact?: boolean;
  run(...operands: Tensor[]): Tensor;
}

/** Random choices from one seed. */
class Draws {
  readonly #words: Generator;
  constructor(seed: number) {
    this.#words = new Generator(seed);
  }
  /** A whole number in 0 … n − 1. */
  below(n: number): number {
    return this.#words.words(1)[0]! % n;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  /** A number in ±[0.2, 2.2). */
  number(): number {
    return Math.fround((this.chance(50) ? 1 : -1) * (0.2 + this.below(2000) / 1000));
  }
}

/** Values at which functions have kinks, jumps or singularities. */
export const SPECIAL: readonly number[] = [0, -0, 1, -1, 0, 100, -20, 1e-6, Infinity, -Infinity, Number.NaN];
const STEPS = ['floor', 'ceil', 'round', 'trunc', 'sign'];
const SMOOTH = Object.keys(unaryRows).filter((name) => !STEPS.includes(name) && name in tensor(0));
const SINGULAR = ['sqrt', 'log', 'reciprocal', 'rsqrt', 'log1p', 'log2', 'exp', 'expm1', 'tan', 'square'];
const BINARY = ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'atan2', 'leakyRelu', 'elu'];
const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];
const REDUCTIONS = ['sum', 'mean', 'amax', 'amin', 'logSumExp', 'variance', 'std', 'norm', 'prod'];
const KEEPING = ['softmax', 'logSoftmax', 'cumsum'];

/** A method by its name. */
function call(x: Tensor, name: string, ...args: unknown[]): Tensor {
  return (x[name as 'exp'] as (...list: unknown[]) => Tensor).apply(x, args);
}

const MOST_ELEMENTS = 36;

class Writer {
  readonly draws: Draws;
  readonly inputs: Input[] = [];
  readonly steps: Step[] = [];
  readonly values: Tensor[] = [];
  readonly exact: boolean[] = [];

  constructor(seed: number) {
    this.draws = new Draws(seed);
  }

  get last(): number {
    return this.values.length - 1;
  }

  /** A value: mostly the last one. */
  pick(): number {
    return this.draws.chance(60) ? this.last : this.draws.below(this.values.length);
  }

  axisOf(x: Tensor): number {
    return this.draws.below(x.rank) - (this.draws.chance(50) ? x.rank : 0);
  }

  input(shape: Shape, constant: boolean): void {
    const size = shape.reduce((a, b) => a * b, 1);
    const value = (): number => (this.draws.chance(25) ? this.draws.of(SPECIAL) : this.draws.number());
    const data = Array.from({ length: size }, () => Math.fround(constant ? this.draws.below(2) : value()));
    this.inputs.push({ shape, data, constant });
    this.values.push(tensor(data, { shape: [...shape] }));
    this.exact.push(true);
  }

  /** Adds a step, unless it is refused or its result is too large. */
  add(step: Step | null): void {
    if (step === null) return;
    const result = step.run(...step.uses.map((i) => this.values[i]!));
    if (result.size > MOST_ELEMENTS) return;
    this.steps.push(step);
    this.values.push(result);
    this.exact.push(step.exact === true && step.uses.every((i) => this.exact[i]));
  }

  /** Another value that broadcasts against value i, or null. */
  partner(i: number, among: (j: number) => boolean = () => true): number | null {
    const shape = this.values[i]!.shape;
    const fits = (other: Shape): boolean =>
      other.every((n, a) => {
        const m = shape[a - other.length + shape.length] ?? 1;
        return n === m || n === 1 || m === 1;
      });
    const found = this.values.flatMap((t, j) => (fits(t.shape) && among(j) ? [j] : []));
    return found.length === 0 ? null : this.draws.of(found);
  }
}

type Maker = (w: Writer) => Step | null;

const smooth: Maker = (w) => {
  const [i, name] = [w.pick(), w.draws.of(SMOOTH)];
  return { text: `v${i}.${name}()`, uses: [i], run: (x) => call(x, name) };
};

const jump: Maker = (w) => {
  const [i, name] = [w.pick(), w.draws.of(STEPS)];
  return w.exact[i] ? { text: `v${i}.${name}()`, uses: [i], run: (x) => call(x, name) } : null;
};

const binary: Maker = (w) => {
  const [i, name] = [w.pick(), w.draws.of(BINARY)];
  // At x = 0 the value of these two does not depend on a slope that is not finite, but the derivative does.
  const sloped = name === 'leakyRelu' || name === 'elu';
  const j = w.draws.chance(25) || sloped ? null : w.partner(i);
  if (j !== null) return { text: `v${i}.${name}(v${j})`, uses: [i, j], run: (x, y) => call(x, name, y) };
  const number = w.draws.of([0, 1, 2, 3, -1, 0.5, 1.7]);
  return { text: `v${i}.${name}(${number})`, uses: [i], run: (x) => call(x, name, number) };
};

/** The 0/1 mask of an input, or a comparison of values that no rounding can change. */
function maskFor(w: Writer, i: number): { text: string; use: number; of(x: Tensor): Tensor } | null {
  const use = w.partner(i, (j) => w.exact[j]!);
  if (use === null) return null;
  const name = w.draws.of(COMPARISONS);
  const number = w.draws.of([0, 0, 1, -1]);
  return { text: `v${use}.${name}(${number})`, use, of: (x) => call(x, name, number) };
}

const masked: Maker = (w) => {
  const i = w.pick();
  const mask = maskFor(w, i);
  if (mask === null) return null;
  const [name, other] = [w.draws.of(SINGULAR), w.draws.of([0, 1, -2])];
  return {
    text: `${mask.text}.where(v${i}.${name}(), ${other})`,
    uses: [i, mask.use],
    run: (x, m) => mask.of(m).where(call(x, name), other),
  };
};

const CUTS: readonly (readonly [text: string, cut: (x: Tensor) => Tensor])[] = [
  ['relu()', (x) => x.relu()],
  ['clamp({ min: 0 })', (x) => x.clamp({ min: 0 })],
  ['clamp({ max: 1 })', (x) => x.clamp({ max: 1 })],
  ['maximum(0)', (x) => x.maximum(0)],
  ['minimum(2)', (x) => x.minimum(2)],
  ['abs()', (x) => x.abs()],
  ['leakyRelu(0)', (x) => x.leakyRelu(0)],
];

/** A function that cuts off, before or after a singular one. */
const cutOff: Maker = (w) => {
  const [i, name, [text, cut]] = [w.pick(), w.draws.of(SINGULAR), w.draws.of(CUTS)];
  return w.draws.chance(50)
    ? { text: `v${i}.${text}.${name}()`, uses: [i], run: (x) => call(cut(x), name) }
    : { text: `v${i}.${name}().${text}`, uses: [i], run: (x) => cut(call(x, name)) };
};

const clamp: Maker = (w) => {
  const i = w.pick();
  const options = w.draws.of([{ min: 0 }, { max: 1 }, { min: -1, max: 0.5 }, { min: 0.3 }, { max: -0.1 }]);
  return { text: `v${i}.clamp(${JSON.stringify(options)})`, uses: [i], run: (x) => x.clamp(options) };
};

const reduce: Maker = (w) => {
  const i = w.pick();
  const x = w.values[i]!;
  if (x.rank === 0) return null;
  const name = w.draws.of([...REDUCTIONS, ...KEEPING]);
  const axis = w.axisOf(x);
  if (['amax', 'amin'].includes(name) && x.shape.at(axis) === 0) return null;
  const whole = w.draws.chance(20) && !KEEPING.includes(name) && x.size > 0;
  const options = {
    ...(whole ? {} : { axis }),
    ...(KEEPING.includes(name) ? {} : { keepDims: w.draws.chance(50) }),
    ...(name === 'norm' ? { p: w.draws.of([1, 2, 2, 3, 0.5]) } : {}),
  };
  return { text: `v${i}.${name}(${JSON.stringify(options)})`, uses: [i], run: (t) => call(t, name, options) };
};

const move: Maker = (w) => {
  const i = w.pick();
  const x = w.values[i]!;
  const axis = x.rank === 0 ? 0 : w.axisOf(x);
  const step = (text: string, run: (t: Tensor) => Tensor): Step => ({
    text: `v${i}.${text}`,
    uses: [i],
    exact: true,
    run,
  });
  if (x.rank === 0) return step('unsqueeze(0)', (t) => t.unsqueeze(0));
  return w.draws.of([
    () => step('flatten()', (t) => t.flatten()),
    () => step(`unsqueeze(${axis})`, (t) => t.unsqueeze(axis)),
    () => step('squeeze()', (t) => t.squeeze()),
    () => step(`transpose(${axis}, 0)`, (t) => t.transpose(axis, 0)),
    () => step(`flip({ axis: ${axis} })`, (t) => t.flip({ axis })),
    () => step(`slice(-2, 2, { axis: ${axis} })`, (t) => t.slice(-2, 2, { axis })),
    () => step('expand([2, …])', (t) => t.expand([2, ...t.shape])),
    () => step('pad([[1, 0], …])', (t) => t.pad(t.shape.map(() => [1, 0] as const))),
    () => step(`slice(0, 1, { axis: ${axis} })`, (t) => t.slice(0, 1, { axis })),
  ])();
};

const index: Maker = (w) => {
  const i = w.pick();
  const x = w.values[i]!;
  if (x.rank === 0) return null;
  const axis = w.axisOf(x);
  const length = x.shape.at(axis)!;
  if (length === 0) return null;
  const places = Array.from({ length: w.draws.below(4) }, () => w.draws.below(length));
  return {
    text: `v${i}.indexSelect([${places.join(', ')}], { axis: ${axis} })`,
    uses: [i],
    exact: true,
    run: (t) => t.indexSelect(places, { axis }),
  };
};

/** Products of matrices add up 0·Infinity in the kernel, so that their operands must be finite for a gradient of 0 to stay 0. */
const product: Maker = (w) => {
  const i = w.pick();
  const x = w.values[i]!;
  if (x.rank < 2 || !x.dataSync().every(Number.isFinite)) return null;
  return {
    text: `v${i}.matmul(v${i}, { transposeB: true })`,
    uses: [i],
    run: (t) => t.matmul(t, { transposeB: true }),
  };
};

const MAKERS = [
  smooth,
  smooth,
  smooth,
  binary,
  binary,
  binary,
  masked,
  masked,
  cutOff,
  cutOff,
  cutOff,
  cutOff,
  clamp,
  reduce,
  reduce,
  move,
  move,
  index,
  product,
  jump,
];

function randomShape(draws: Draws): number[] {
  return Array.from({ length: draws.below(4) }, () => (draws.chance(4) ? 0 : 1 + draws.below(3)));
}

/** The program of a seed. */
export function randomProgram(seed: number): RandomProgram {
  return withBackend(createReference(Float64Array), () => {
    const w = new Writer(seed);
    const shape = randomShape(w.draws);
    const partly = shape.map((n) => (w.draws.chance(40) ? 1 : n)).slice(w.draws.below(shape.length + 1));
    w.input(shape, true);
    w.input(partly, false);
    w.input(shape, false);
    const count = 2 + w.draws.below(5);
    while (w.steps.length < count) w.add(w.draws.of(MAKERS)(w));
    const { inputs, steps } = w;
    const lines = steps.map((step, i) => `v${i + inputs.length} = ${step.text}`);
    const given = inputs.map((x, i) => `v${i} = [${x.shape.join(', ')}] ${x.data.join(' ')}`);
    return {
      text: [`seed ${seed}`, ...given, ...lines].join('\n'),
      inputs,
      run: (xs) => {
        const values = [...xs];
        for (const step of steps) values.push(step.run(...step.uses.map((k) => values[k]!)));
        return values.at(-1)!;
      },
    };
  });
}
