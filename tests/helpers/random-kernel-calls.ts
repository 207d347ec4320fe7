/** Random functions of kernels, for tests of recorded programs. */
import type { BinaryKind, Kernels, ReduceKind, UnaryKind } from '@varigrad/core';
import type { Body } from './recorded-programs.js';

/** Reproducible random numbers. */
class Random {
  #seed: number;

  constructor(seed: number) {
    this.#seed = (Math.imul(seed, 2654435761) + 12345) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  values(size: number): Float32Array {
    return Float32Array.from({ length: size }, () => 4 * this.next() - 2);
  }
}

interface Operand {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

const UNARY: readonly UnaryKind[] = ['neg', 'square', 'abs', 'exp', 'tanh', 'relu', 'sigmoid', 'sign', 'sin'];
const BINARY: readonly BinaryKind[] = [
  'add',
  'sub',
  'mul',
  'maximum',
  'lt',
  'chainMul',
  'mulExp',
  'sigmoidResidual',
  'sigmoidCrossEntropy',
];
const REDUCE: readonly ReduceKind[] = ['sum', 'max', 'min', 'logSumExp'];
const LENGTHS = [1, 1, 2, 3, 4, 5, 7, 16, 33];

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const ADAM = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  decoupled: true,
  step: 2,
};
const SGD = {
  learningRate: 0.01,
  momentum: 0.9,
  dampening: 0.1,
  nesterov: false,
  weightDecay: 0.1,
  first: false,
};

/** Stands for two processes with equal values. */
function sumOfTwo(arrays: readonly (Float32Array | Float64Array)[]): void {
  for (const values of arrays) for (let i = 0; i < values.length; i++) values[i]! *= 2;
}

/** The settings of run number `run`: the position of random numbers, two optimizer steps, and an exchange. */
export function settingsOf(run: number): object[] {
  return [
    { key: [run, 5], counter: [2 ** 32 - 3 + run, run] },
    { ...ADAM, step: run + 1 },
    { ...SGD, first: run === 0 },
    { sum: sumOfTwo },
  ];
}

/** A random function: the same calls at each run, because choices depend on the seed alone. */
export function randomBody(seed: number, count = 25, lengths: readonly number[] = LENGTHS): Body {
  const random = new Random(seed);
  const dims = [random.pick(lengths), random.pick(lengths), random.pick(lengths)];
  const shapes = [dims, dims.slice(1), [dims[0]!, dims[1]!], [dims[1]!, dims[2]!]];
  const states = shapes.flatMap((shape) => Array.from({ length: 3 }, () => random.values(size(shape))));
  for (const [i, values] of states.entries())
    if (i % 3 > 0)
      values.forEach((value, j) => {
        values[j] = Math.abs(value);
      });
  const inputs = shapes.slice(0, 2).map((shape) => random.values(size(shape)));
  const index = Float32Array.from({ length: dims[1]! }, () => random.below(dims[1]!));
  const scalar = random.values(1);
  const calls = random.below(2 ** 31);
  return {
    inputs,
    states,
    settings: settingsOf(0),
    run: (kernels, given, own, settings) => {
      const operands = [
        ...given.map((values, i) => ({ values, shape: shapes[i]! })),
        ...own.filter((_, i) => i % 3 === 0).map((values, i) => ({ values, shape: shapes[i]! })),
        { values: scalar, shape: [] },
        { values: index, shape: [dims[1]!] },
      ];
      return new Calls(new Random(calls), kernels, operands, own, index, settings).make(count);
    },
  };
}

/** Makes random calls, one after the other, on the values so far. */
class Calls {
  readonly #random: Random;
  readonly #kernels: Kernels<Float32Array>;
  readonly #operands: Operand[];
  readonly #states: readonly Float32Array[];
  readonly #index: Float32Array;
  readonly #settings: readonly object[];
  readonly #made: Operand[] = [];

  constructor(
    random: Random,
    kernels: Kernels<Float32Array>,
    operands: Operand[],
    states: readonly Float32Array[],
    index: Float32Array,
    settings: readonly object[],
  ) {
    this.#random = random;
    this.#kernels = kernels;
    this.#operands = operands;
    this.#states = states;
    this.#index = index;
    this.#settings = settings;
  }

  make(count: number): Float32Array[] {
    const kinds = [
      () => this.#unary(),
      () => this.#unary(),
      () => this.#binary(),
      () => this.#binary(),
      () => this.#binary(),
      () => this.#where(),
      () => this.#moved(),
      () => this.#moved(),
      () => this.#reduced(),
      () => this.#product(),
      () => this.#product(),
      () => this.#indexed(),
      () => this.#joined(),
      () => this.#convolved(),
      () => this.#drawn(),
      () => this.#changed(),
      () => this.#changed(),
    ];
    for (let i = 0; i < count; i++) {
      const made = this.#random.pick(kinds)();
      if (made === undefined) continue;
      this.#operands.push(made);
      this.#made.push(made);
    }
    const results = this.#made.filter(() => this.#random.next() < 0.2).map(({ values }) => values);
    const last = this.#made.at(-1)?.values;
    return [...new Set([...results, ...(last === undefined ? [] : [last])])];
  }

  /** An operand, preferably a recent one. */
  #operand(fits: (operand: Operand) => boolean = () => true): Operand {
    const found = this.#operands.filter(fits);
    const recent = found.slice(-4);
    return this.#random.pick(this.#random.next() < 0.6 ? recent : found);
  }

  #unary(): Operand {
    const { values, shape } = this.#operand();
    return { values: this.#kernels.unary(this.#random.pick(UNARY), values), shape };
  }

  /** An operand that can be broadcast to `shape`: one that exists, or a view of one element or of the last axes. */
  #broadcastable(shape: readonly number[]): Operand {
    return this.#operand(({ shape: own }) => {
      const aligned = shape.slice(shape.length - own.length);
      return own.length <= shape.length && own.every((n, i) => n === 1 || n === aligned[i]);
    });
  }

  #binary(): Operand {
    const a = this.#operand();
    const b = this.#broadcastable(a.shape);
    const [left, right] = this.#random.next() < 0.5 ? [a, b] : [b, a];
    return { values: this.#kernels.binary(this.#random.pick(BINARY), left, right, a.shape), shape: a.shape };
  }

  #where(): Operand {
    const a = this.#operand();
    const condition = this.#kernels.unary('relu', this.#broadcastable(a.shape).values);
    const shape = this.#operands.find(({ values }) => values.length === condition.length)?.shape ?? [];
    const fits = shape.length <= a.shape.length && size(shape) === condition.length;
    const mask = fits && size(a.shape) === condition.length ? { values: condition, shape: a.shape } : a;
    return { values: this.#kernels.where(mask, a, this.#broadcastable(a.shape), a.shape), shape: a.shape };
  }

  /** A view: transposed, repeated, a slice, or all in order. */
  #moved(): Operand {
    const { values, shape } = this.#operand(({ shape: own }) => own.length > 0);
    const rest = size(shape.slice(1));
    const [first] = shape as [number];
    const view = this.#random.pick([
      { shape: [rest, first], strides: [1, rest], offset: 0 },
      { shape: [3, first, rest], strides: [0, rest, 1], offset: 0 },
      { shape: [first, rest, 2], strides: [rest, 1, 0], offset: 0 },
      { shape: [first, rest], strides: [rest, 1], offset: 0 },
      { shape: [Math.ceil(first / 2), rest], strides: [rest, 1], offset: rest * Math.floor(first / 2) },
      { shape: [first, 4], strides: [0, 0], offset: first * rest - 1 },
    ]);
    return { values: this.#kernels.strided(values, view), shape: view.shape };
  }

  #reduced(): Operand {
    const x = this.#operand(({ shape }) => shape.length > 0);
    const axes = [...x.shape.keys()].filter(() => this.#random.next() < 0.6);
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    const { outer, length, inner } = {
      outer: size(x.shape.slice(0, 1)),
      length: 1,
      inner: size(x.shape.slice(1)),
    };
    const choice = this.#random.below(6);
    if (choice === 0)
      return {
        values: this.#kernels.argmax(x.values, { outer: 1, length: outer, inner }),
        shape: x.shape.slice(1),
      };
    if (choice === 1)
      return {
        values: this.#kernels.cumsum(x.values, { outer, length: inner, inner: length }),
        shape: x.shape,
      };
    return { values: this.#kernels.reduce(this.#random.pick(REDUCE), x, axes), shape };
  }

  /** A matrix product of an operand with itself or one of a fitting shape, with bias and activation or in a batch. */
  #product(): Operand {
    const a = this.#operand(({ shape }) => shape.length === 2);
    const [m, k] = a.shape as [number, number];
    const choice = this.#random.below(4);
    if (choice === 0) {
      const weight = this.#operand(({ shape }) => shape.length === 2 && shape[1] === k);
      const n = weight.shape[0]!;
      const bias = this.#random.next() < 0.5 ? this.#kernels.fill(n, 0.25) : null;
      const activation = this.#random.pick(['none', 'relu', 'sigmoid', 'tanh'] as const);
      return { values: this.#kernels.linear(a, weight, bias, activation), shape: [m, n] };
    }
    if (choice === 1) {
      const spec = {
        batch: 3,
        m: k,
        n: k,
        k: m,
        transposeA: true,
        transposeB: false,
        strideA: 0,
        strideB: 0,
      };
      return { values: this.#kernels.matmul(a.values, a.values, spec), shape: [3, k, k] };
    }
    const b = this.#operand(({ shape }) => shape.length === 2 && (shape[0] === k || shape[1] === k));
    const transposeB = b.shape[1] === k;
    const n = b.shape[transposeB ? 0 : 1]!;
    const spec = { batch: 1, m, n, k, transposeA: false, transposeB, strideA: 0, strideB: 0 };
    return { values: this.#kernels.matmul(a.values, b.values, spec), shape: [m, n] };
  }

  /** Kernels that read or write along an axis by indices. */
  #indexed(): Operand {
    const index = this.#index;
    const length = index.length;
    const x = this.#operand(({ shape }) => shape.length > 1 && shape[shape.length - 2] === length);
    const outer = size(x.shape.slice(0, -2));
    const inner = x.shape.at(-1)!;
    const spec = { outer, length, inner, count: length };
    if (this.#random.next() < 0.5) {
      const kernel = this.#random.pick(['indexSelect', 'indexAdd'] as const);
      return { values: this.#kernels[kernel](x.values, index, spec), shape: x.shape };
    }
    const repeated = this.#kernels.strided(index, {
      shape: x.shape,
      strides: [...x.shape.slice(2).map(() => 0), 1, 0],
      offset: 0,
    });
    const kernel = this.#random.pick(['gather', 'scatterAdd'] as const);
    return { values: this.#kernels[kernel](x.values, repeated, spec), shape: x.shape };
  }

  #joined(): Operand {
    const x = this.#operand(({ shape }) => shape.length > 0);
    const [first, ...rest] = x.shape as [number, ...number[]];
    const choice = this.#random.below(3);
    if (choice === 0) return { values: this.#kernels.concat([x, x], 0), shape: [2 * first, ...rest] };
    if (choice === 1) {
      const before = x.shape.map((_, axis) => axis % 2);
      const after = x.shape.map((_, axis) => (axis + 1) % 2);
      return { values: this.#kernels.pad(x, before, after, -0.5), shape: x.shape.map((n) => n + 1) };
    }
    const one = [1, 1] as const;
    const spec = {
      batch: first,
      channels: 1,
      size: [1, size(rest)] as const,
      kernel: one,
      stride: one,
      dilation: one,
      count: [1, size(rest)] as const,
    };
    return { values: this.#kernels.overlapAdd(x.values, spec), shape: x.shape };
  }

  /** Convolutions of an operand as one image with one channel, and their gradients. */
  #convolved(): Operand {
    const x = this.#operand(({ shape }) => shape.length === 2);
    const [height, width] = x.shape as [number, number];
    const pair = [1, 1] as const;
    const count = [height, width] as const;
    const shapes = {
      size: count,
      kernel: [3, 1],
      count,
      padding: [1, 0],
      stride: pair,
      dilation: pair,
    } as const;
    const spec = { ...shapes, batch: 1, channels: 1, maps: 2 };
    const weight = this.#kernels.fill(6, 0.3);
    const bias = this.#random.next() < 0.5 ? this.#kernels.fill(2, 0.1) : null;
    const y = this.#kernels.conv2d(x.values, weight, bias, spec);
    const choice = this.#random.below(3);
    if (choice === 0) return { values: y, shape: [2, height, width] };
    if (choice === 1) return { values: this.#kernels.convTranspose2d(y, weight, null, spec), shape: x.shape };
    return { values: this.#kernels.conv2dWeight(x.values, y, spec), shape: [2, 3] };
  }

  #drawn(): Operand {
    const { shape } = this.#operand();
    const kernel = this.#random.pick(['uniform', 'normal'] as const);
    const state = this.#random.next() < 0.7 ? this.#settings[0] : { key: [1, 2], counter: [3, 4] };
    return { values: this.#kernels[kernel](size(shape), state as never), shape };
  }

  /** A kernel that writes in place, on a state or on new values. */
  #changed(): Operand | undefined {
    const place = 3 * this.#random.below(this.#states.length / 3);
    const [param, m, v] = this.#states.slice(place, place + 3) as [Float32Array, Float32Array, Float32Array];
    const fresh = this.#random.next() < 0.4;
    const target = fresh ? this.#kernels.fill(param.length, 0.5) : param;
    const source = this.#operand(({ values }) => values.length === target.length).values;
    const choice = this.#random.below(6);
    if (choice === 0) this.#kernels.assign(target, source);
    else if (choice === 1) this.#kernels.accumulate(target, source);
    else if (choice === 2) this.#kernels.scale(target, 0.75);
    else if (choice === 3) this.#kernels.adamStep(target, source, m, v, this.#settings[1] as never);
    else if (choice === 4)
      this.#kernels.allReduce([target, ...(fresh ? [param] : [])], this.#settings[3] as never);
    else
      this.#kernels.sgdStep(target, source, this.#random.next() < 0.5 ? m : null, this.#settings[2] as never);
    return fresh ? { values: target, shape: [param.length] } : undefined;
  }
}
