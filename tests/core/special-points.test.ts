/** norm, prod, einsum, pow and atan2 at zeros, at infinities, and at huge and tiny numbers: values and gradients. */
import { createReference, createWasm, einsum, init, tensor, withBackend } from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradientOf, secondOf } from '../helpers/gradient-of.js';

await init({ backend: 'reference' });
const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;

for (const backend of [createReference(), createWasm({ threads: 1 })]) {
  const on = (name: string, run: () => void): void => {
    test(`${name} (${backend.name})`, () => withBackend(backend, run));
  };

  on('norm: values and gradients at 0, at huge and at tiny numbers', () => {
    for (const p of [2, 1, 3, 0.5, -1, INF, -INF]) {
      assert.equal(
        gradientOf((x) => x.norm({ p }), [0, 0]),
        [0, 0],
        `p = ${p}`,
      );
      assert.equal(
        secondOf((x) => x.norm({ p }), [0, 0]),
        [0, 0],
        `p = ${p}`,
      );
      assert.is(tensor([0, 0]).norm({ p }).itemSync(), 0);
    }
    for (const size of [1e25, 1e-25, 1]) {
      assertClose(tensor([size, size]).norm().itemSync(), Math.SQRT2 * size, { rtol: 1e-6 });
      assertClose(tensor([size, size]).norm({ p: 3 }).itemSync(), 2 ** (1 / 3) * size, { rtol: 1e-6 });
      assertClose(
        gradientOf((x) => x.norm(), [3 * size, 4 * size]),
        [0.6, 0.8],
        { rtol: 1e-6 },
      );
    }
    assert.is(tensor([INF, -1]).norm().itemSync(), INF);
    assert.ok(Number.isNaN(tensor([NAN, 1]).norm().itemSync()));
    assert.equal(
      [
        ...tensor([
          [3, 4],
          [0, 0],
        ])
          .norm({ axis: 1, keepDims: true })
          .dataSync(),
      ],
      [5, 0],
    );
    assert.equal(
      gradientOf(
        (x) => x.norm({ axis: 1 }),
        [
          [3, 0],
          [0, 0],
        ],
      ),
      [1, 0, 0, 0],
    );
    assert.is(tensor([0, 2, -INF]).norm({ p: 0 }).itemSync(), 2);
    assert.equal(
      gradientOf((x) => x.norm({ p: INF }), [3, -3]),
      [0.5, -0.5],
    );
    assert.is(tensor([0, 2]).norm({ p: -1 }).itemSync(), 0);
    assert.equal(
      gradientOf((x) => x.norm({ p: -1 }), [0, 2]),
      [0, 0],
    );
    assert.equal(
      [
        ...tensor(new Float32Array(0), { shape: [2, 0] })
          .norm({ axis: 1 })
          .dataSync(),
      ],
      [0, 0],
    );
  });

  on('prod: the gradient is the product of the others, also next to zeros', () => {
    assert.equal(
      gradientOf((x) => x.prod(), [1, 2, 3]),
      [6, 3, 2],
    );
    assert.equal(
      gradientOf((x) => x.prod(), [0, 2, 3]),
      [6, 0, 0],
    );
    assert.equal(
      gradientOf((x) => x.prod(), [0, 0, 3]),
      [0, 0, 0],
    );
    assert.equal(
      secondOf((x) => x.prod(), [0, 2, 3]),
      [5, 3, 2],
    );
    assert.equal(
      secondOf((x) => x.prod(), [0, 0, 3]),
      [3, 3, 0],
    );
    assert.equal(
      gradientOf(
        (x) => x.prod({ axis: 1 }),
        [
          [1, 2],
          [0, 5],
        ],
      ),
      [2, 1, 5, 0],
    );
    assert.is(
      tensor(new Float32Array(0), { shape: [0] })
        .prod()
        .itemSync(),
      1,
    );
  });

  on('einsum: a matrix square, implicit results, diagonals', () => {
    assert.equal(
      gradientOf(
        (x) => einsum('ij,jk->ik', x, x),
        [
          [1, 2],
          [3, 4],
        ],
      ),
      [7, 11, 9, 13],
    );
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    assert.equal([...einsum('ij,jk', a, a).dataSync()], [7, 10, 15, 22]);
    assert.equal([...einsum('ba', a).dataSync()], [1, 3, 2, 4]);
    assert.is(einsum('ii', a).itemSync(), 5);
    assert.equal(
      gradientOf(
        (x) => einsum('ii', x),
        [
          [1, 2],
          [3, 4],
        ],
      ),
      [1, 0, 0, 1],
    );
  });

  on('pow: the special cases of IEEE 754', () => {
    const cases: [number, number, number][] = [
      ...[INF, -INF, NAN, 0, 3].map((b): [number, number, number] => [1, b, 1]),
      ...[INF, -INF].map((b): [number, number, number] => [-1, b, 1]),
      ...[NAN, INF, -INF, 0, -0, -2].map((a): [number, number, number] => [a, 0, 1]),
      [-1, NAN, NAN],
      [NAN, 2, NAN],
      [-0, -1, -INF],
      [-0, -3, -INF],
      [-0, -2, INF],
      [-0, 3, -0],
      [-0, 2, 0],
      [0, -1, INF],
      [0, 2, 0],
      [0, INF, 0],
      [0, -INF, INF],
      [0.5, INF, 0],
      [0.5, -INF, INF],
      [2, INF, INF],
      [-2, INF, INF],
      [-2, -INF, 0],
      [-INF, 3, -INF],
      [-INF, -3, -0],
      [-INF, 2, INF],
      [INF, -1, 0],
      [-2, 0.5, NAN],
      [-2, 3, -8],
    ];
    const [a, b] = [0, 1].map((i) => tensor(cases.map((c) => c[i]!)));
    const found = a!.pow(b!).dataSync();
    for (const [i, [x, y, right]] of cases.entries())
      assert.ok(Object.is(found[i], right), `${x} ** ${y}: ${found[i]}`);
    for (const [x, y, right] of cases) {
      const alone = tensor(x).pow(y).itemSync();
      assert.ok(Object.is(alone, right), `${x} ** ${y} alone: ${alone}`);
    }
  });

  on('pow: gradients at base 0 and at exponent 0', () => {
    const base = (b: number, a: number): number => gradientOf((x) => x.pow(b), [a])[0]!;
    assert.equal([base(0, 0), base(1, 0), base(2, 0), base(0, NAN), base(0, INF)], [0, 1, 0, 0, 0]);
    assert.equal([base(0.5, 0), base(-1, 0)], [INF, -INF]);
    const exponent = (a: number, b: number): number => gradientOf((x) => tensor(a).pow(x), [b])[0]!;
    assert.equal([exponent(0, -1), exponent(0, 0), exponent(0, 2), exponent(1, 5)], [-INF, 0, 0, 0]);
    assert.ok(Number.isNaN(exponent(-2, 2)));
    assert.equal(
      secondOf((x) => x.pow(2), [0]),
      [2],
    );
    assert.equal([secondOf((x) => x.pow(1), [0]), secondOf((x) => x.pow(0), [0])].flat(), [0, 0]);
  });

  on('atan2 has gradient 0 at the origin, and does not overflow', () => {
    const y = tensor([0, 1e25, 1e-25]).requiresGrad_();
    const x = tensor([0, 1e25, 1e-25]).requiresGrad_();
    y.atan2(x).sum().backward();
    assertClose(y.grad!.dataSync(), [0, 5e-26, 5e24], { rtol: 1e-6 });
    assertClose(x.grad!.dataSync(), [-0, -5e-26, -5e24], { rtol: 1e-6 });
  });
}

test.run();
