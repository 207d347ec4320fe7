import {
  type Backend,
  type BinaryKind,
  createReference,
  createWasm,
  type Kernels,
  type ReduceKind,
  type UnaryKind,
} from '@varigrad/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  binaryNumber,
  reduceNumber,
  unaryNumber,
} from '../../packages/core/src/backend/wasm/module.generated.js';

// Shapes that reach every path: whole vectors and remainders, one chunk and many, threads.
const reference = createReference();
const single = createWasm({ threads: 1 });
const double = createWasm({ threads: 2 });

let seed = 1;
/** Reproducible numbers between −1 and 1, times `scale`. */
function numbers(size: number, scale = 2): Float32Array {
  return Float32Array.from({ length: size }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return scale * (seed / 2 ** 31 - 1);
  });
}

function close(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  rtol: number,
  atol: number,
  what: string,
): void {
  assert.is(found.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [found[i]!, expected[i]!];
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    assert.ok(Math.abs(a - b) <= atol + rtol * Math.abs(b), `${what}[${i}]: ${a}, reference ${b}`);
  }
}

/** Runs a kernel on all backends: wasm must agree with the reference, and one thread with two bit for bit. */
function compare(what: string, run: (k: Kernels) => unknown, rtol = 1e-6, atol = 0): void {
  const [expected, one, two] = [reference, single, double].map(
    (b: Backend) => run(b.kernels) as Float32Array,
  );
  close(one!, expected!, rtol, atol, what);
  const different = one!.findIndex((value, i) => !Object.is(value, two![i]));
  assert.is(different, -1, `${what}: two threads differ from one at ${different}`);
}

const operand = (shape: number[], scale?: number) => ({
  values: numbers(
    shape.reduce((a, b) => a * b, 1),
    scale,
  ),
  shape,
});
const SPECIAL = Float32Array.of(
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  1e-40,
  -1e-40,
  88,
  -88,
  104,
  1e30,
  -1e30,
  0.5,
);

for (const kind of Object.keys(unaryNumber) as UnaryKind[]) {
  test(`unary ${kind} agrees with the reference, special values included`, () => {
    const positive = ['log', 'sqrt', 'rsqrt', 'log1p'].includes(kind);
    for (const size of [0, 1, 3, 4, 7, 1000, 70_001]) {
      const x = numbers(size, 4);
      if (positive) for (let i = 0; i < size; i++) x[i] = Math.abs(x[i]!);
      compare(`${kind} ${size}`, (k) => k.unary(kind, x), 1e-6, 1e-7);
    }
    compare(`${kind} special`, (k) => k.unary(kind, SPECIAL), 1e-6, 1e-44);
  });
}

const LAYOUTS: [number[], number[], number[]][] = [
  [[5], [5], [5]],
  [[70_003], [70_003], [70_003]],
  [[70_003], [], [70_003]],
  [[], [9000], [9000]],
  [[300, 257], [257], [300, 257]],
  [
    [300, 257],
    [300, 1],
    [300, 257],
  ],
  [
    [1, 257],
    [300, 1],
    [300, 257],
  ],
  [
    [3, 1, 5],
    [1, 4, 1],
    [3, 4, 5],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 5],
    [2, 3, 4, 5],
  ],
  [[0, 3], [3], [0, 3]],
  [[1], [1], [1]],
];

for (const kind of Object.keys(binaryNumber) as BinaryKind[]) {
  test(`binary ${kind} agrees with the reference for every broadcasting`, () => {
    for (const [a, b, out] of LAYOUTS) {
      const [x, y] = [operand(a), operand(b)];
      if (kind === 'pow') for (let i = 0; i < x.values.length; i++) x.values[i] = Math.abs(x.values[i]!);
      compare(`${kind} [${a}] [${b}]`, (k) => k.binary(kind, x, y, out), 2e-6, 1e-6);
    }
    const all = [...SPECIAL].flatMap((p) => [...SPECIAL].map((q) => [p, q] as const));
    const [x, y] = [0, 1].map((side) => ({
      values: Float32Array.from(all, (pair) => pair[side]!),
      shape: [all.length],
    }));
    if (!['sigmoidCrossEntropy', 'elu'].includes(kind)) {
      compare(`${kind} special`, (k) => k.binary(kind, x!, y!, [all.length]), 1e-6, 1e-44);
    }
  });
}

test('where agrees with the reference', () => {
  for (const [a, b, out] of LAYOUTS) {
    const [c, x, y] = [operand(a), operand(b), operand(out)];
    for (let i = 0; i < c.values.length; i += 2) c.values[i] = 0;
    compare(`where [${a}] [${b}]`, (k) => k.where(c, x, y, out));
    compare(`where scalar [${a}]`, (k) => k.where(c, { values: Float32Array.of(7), shape: [] }, y, out));
  }
});

for (const kind of Object.keys(reduceNumber) as ReduceKind[]) {
  test(`reduce ${kind} agrees with the reference over any axes`, () => {
    const cases: [number[], number[]][] = [
      [[7], [0]],
      [[100_003], [0]],
      [[300, 257], [1]],
      [[300, 257], [0]],
      [
        [300, 257],
        [0, 1],
      ],
      [[6, 50, 70], [1]],
      [
        [6, 50, 70],
        [0, 2],
      ],
      [
        [2, 3, 4, 5],
        [1, 3],
      ],
      [
        [5, 3, 2, 9],
        [0, 2, 3],
      ],
      [
        [128, 7, 14, 14],
        [0, 2, 3],
      ],
      [[4, 5], []],
      [[3, 1], [1]],
      [[1], [0]],
    ];
    for (const [shape, axes] of cases) {
      const x = operand(shape, 5);
      compare(`${kind} [${shape}] over [${axes}]`, (k) => k.reduce(kind, x, axes), 2e-6, 1e-5);
    }
    const special = {
      values: Float32Array.of(1, NaN, Infinity, 1, -Infinity, -Infinity, 3, 4),
      shape: [4, 2],
    };
    compare(`${kind} special`, (k) => k.reduce(kind, special, [1]));
    compare(`${kind} special columns`, (k) => k.reduce(kind, special, [0]));
    compare(`${kind} special, outer axes`, (k) => k.reduce(kind, { ...special, shape: [2, 2, 2] }, [0, 2]));
    if (kind === 'sum' || kind === 'logSumExp')
      compare(`${kind} over an empty axis`, (k) =>
        k.reduce(kind, { values: new Float32Array(0), shape: [3, 0] }, [1]),
      );
    compare(`${kind} over an empty first axis`, (k) =>
      k.reduce(kind, { values: new Float32Array(0), shape: [0, 3, 2] }, [0, 2]),
    );
  });
}

test('matmul agrees with the reference for all transposes, batches and odd sizes', () => {
  const sizes = [
    [1, 1, 1],
    [4, 8, 4],
    [5, 9, 3],
    [33, 70, 129],
    [128, 400, 784],
    [20, 400, 128],
    [130, 1030, 400],
    [3, 5, 0],
  ];
  for (const [m, n, k] of sizes as [number, number, number][]) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const [a, b] = [numbers(m * k), numbers(k * n)];
        const spec = { batch: 1, m, n, k, transposeA, transposeB, strideA: 0, strideB: 0 };
        compare(
          `${m}×${k}×${n} ${transposeA} ${transposeB}`,
          (kernels) => kernels.matmul(a, b, spec),
          1e-5,
          1e-4,
        );
      }
    }
  }
  const [a, b] = [numbers(5 * 6 * 7), numbers(7 * 3)];
  const spec = { batch: 5, m: 6, n: 3, k: 7, transposeA: false, transposeB: false, strideA: 42, strideB: 0 };
  compare('batched', (kernels) => kernels.matmul(a, b, spec), 1e-5, 1e-5);
});

test('linear agrees with the reference for every activation', () => {
  for (const [rows, inputs, outputs] of [
    [1, 3, 5],
    [128, 784, 400],
    [37, 400, 21],
    [4, 0, 3],
  ] as [number, number, number][]) {
    for (const activation of ['none', 'relu', 'sigmoid', 'tanh'] as const) {
      const [x, w, b] = [operand([rows, inputs], 0.1), operand([outputs, inputs]), numbers(outputs)];
      compare(`${activation} ${rows}`, (k) => k.linear(x, w, b, activation), 1e-5, 1e-5);
      compare(`${activation} ${rows} without bias`, (k) => k.linear(x, w, null, activation), 1e-5, 1e-5);
    }
  }
});

test('movement agrees with the reference', () => {
  const x = numbers(3 * 40 * 50);
  const views = [
    { shape: [50, 40, 3], strides: [1, 50, 2000], offset: 0 },
    { shape: [3, 50, 40], strides: [2000, 1, 50], offset: 0 },
    { shape: [2000, 3], strides: [1, 2000], offset: 0 },
    { shape: [3, 4, 5], strides: [2000, 50, 1], offset: 107 },
    { shape: [3, 40, 50], strides: [-2000, 50, -1], offset: 4049 },
    { shape: [6, 3, 40], strides: [0, 2000, 50], offset: 2 },
    { shape: [3, 0], strides: [1, 1], offset: 0 },
    { shape: [], strides: [], offset: 17 },
    { shape: [100, 700], strides: [1, 0], offset: 0 },
  ];
  for (const view of views) compare(`strided [${view.shape}]`, (k) => k.strided(x, view));
  const parts = [operand([2, 3, 4]), operand([2, 5, 4]), operand([2, 0, 4])];
  compare('concat', (k) => k.concat(parts, 1));
  compare('pad', (k) => k.pad(operand7, [1, 0, 2, 3], [0, 2, 1, 0], 9));
  compare('pad vector', (k) => k.pad({ values: numbers7, shape: [7] }, [2], [3], -1));
  compare('pad scalar', (k) => k.pad({ values: Float32Array.of(3), shape: [] }, [], [], 0));
  compare('pad an empty tensor', (k) =>
    k.pad({ values: new Float32Array(0), shape: [0, 2] }, [1, 1], [1, 0], 5),
  );
});

test('windows of images agree with the reference, for one thread and for two', () => {
  for (const [batch, channels, count] of [
    [3, 2, [4, 5]],
    [16, 8, [14, 13]],
  ] as const) {
    for (const [stride, dilation] of [
      [
        [1, 1],
        [1, 2],
      ],
      [
        [2, 2],
        [1, 1],
      ],
      [
        [3, 2],
        [2, 1],
      ],
    ] as const) {
      const kernel = [4, 3] as const;
      const side = (a: 0 | 1): number => (count[a] - 1) * stride[a] + (kernel[a] - 1) * dilation[a] + 1;
      const size = [side(0) + 1, side(1)] as const;
      const spec = { batch, channels, size, kernel, stride, dilation, count };
      const windows = numbers(batch * channels * 12 * count[0] * count[1]);
      compare(`overlapAdd ${stride} ${dilation}`, (k) => k.overlapAdd(windows, spec), 1e-6, 1e-6);
      const view = {
        shape: [channels, ...kernel, batch, ...count],
        strides: [
          ...[size[0] * size[1], dilation[0] * size[1], dilation[1]],
          ...[channels * size[0] * size[1], stride[0] * size[1], stride[1]],
        ],
        offset: 0,
      };
      const images = numbers(batch * channels * size[0] * size[1]);
      compare(`windows ${stride} ${dilation}`, (k) => k.strided(images, view));
    }
  }
});

test('every other element of a row, for all lengths around a vector', () => {
  for (let length = 1; length < 14; length++) {
    const x = numbers(2 * length - 1);
    compare(`${length}`, (k) => k.strided(x, { shape: [length], strides: [2], offset: 0 }));
  }
});
const operand7 = operand([2, 3, 4, 5]);
const numbers7 = numbers(7);

test('index kernels, argmax and cumsum agree with the reference', () => {
  const x = numbers(4 * 6 * 5);
  const spec = { outer: 4, length: 6, inner: 5, count: 3 };
  const places = Float32Array.of(5, 0, 5);
  compare('indexSelect', (k) => k.indexSelect(x, places, spec));
  compare('indexAdd', (k) => k.indexAdd(x.subarray(0, 60), places, spec), 1e-6, 1e-6);
  const index = Float32Array.from({ length: 60 }, (_, i) => (i * 7) % 6);
  compare('gather', (k) => k.gather(x, index, spec));
  compare('scatterAdd', (k) => k.scatterAdd(x.subarray(0, 60), index, spec), 1e-6, 1e-6);
  compare('argmax', (k) => k.argmax(Float32Array.of(1, 3, 3, 2, NaN, 9), { outer: 2, length: 3, inner: 1 }));
  compare('argmax inner', (k) => k.argmax(x, spec));
  compare('cumsum', (k) => k.cumsum(x, spec), 1e-6, 1e-6);
});

test('the random stream is that of the reference', () => {
  for (const size of [0, 1, 5, 16, 100_001]) {
    const state = { key: [7, 9] as const, counter: [2 ** 32 - 3, 1] as const };
    compare(`uniform ${size}`, (k) => k.uniform(size, state), 0, 0);
    compare(`normal ${size}`, (k) => k.normal(size, state), 2e-6, 1e-6);
  }
});

test('updates in place agree with the reference, resident or not', () => {
  const adam = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 3 };
  const sgd = {
    learningRate: 0.1,
    momentum: 0.9,
    dampening: 0.1,
    nesterov: false,
    weightDecay: 0.01,
    first: false,
  };
  const start = [numbers(50_001), numbers(50_001), numbers(50_001), numbers(50_001).map(Math.abs)];
  const run = (b: Backend, resident: boolean, update: (k: Kernels, arrays: Float32Array[]) => void) => {
    const arrays = start.map(
      (values) => (resident ? b.persist(values.slice()) : values.slice()) as Float32Array,
    );
    update(b.kernels, arrays);
    return arrays.map((values) => Array.from(b.downloadSync(values)));
  };
  const updates: Record<string, (k: Kernels, arrays: Float32Array[]) => void> = {
    assign: (k, [a, b]) => k.assign(a!, b!),
    accumulate: (k, [a, b]) => k.accumulate(a!, b!),
    scale: (k, [a]) => k.scale(a!, 0.3),
    adam: (k, [p, g, m, v]) => k.adamStep(p!, g!, m!, v!, { ...adam, decoupled: false }),
    adamW: (k, [p, g, m, v]) => k.adamStep(p!, g!, m!, v!, { ...adam, decoupled: true }),
    sgd: (k, [p, g]) => k.sgdStep(p!, g!, null, sgd),
    momentum: (k, [p, g, b]) => k.sgdStep(p!, g!, b!, sgd),
    nesterov: (k, [p, g, b]) => k.sgdStep(p!, g!, b!, { ...sgd, nesterov: true }),
    first: (k, [p, g, b]) => k.sgdStep(p!, g!, b!, { ...sgd, first: true }),
  };
  for (const [name, update] of Object.entries(updates)) {
    const expected = run(reference, false, update);
    for (const resident of [false, true]) {
      const one = run(single, resident, update);
      for (const [i, values] of one.entries()) close(values, expected[i]!, 1e-5, 1e-6, `${name} array ${i}`);
      assert.equal(run(double, resident, update), one, `${name}: two threads differ from one`);
    }
  }
});

test.run();
