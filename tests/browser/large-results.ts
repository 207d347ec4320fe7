import { Generator, randn } from '@varigrad/core';

/** Results of operations that are large enough to be shared among threads, on the current backend. */
export function largeResults(): Float32Array[] {
  const generator = new Generator(3);
  const a = randn([300, 517], { generator });
  const b = randn([517, 403], { generator });
  const x = randn([1021, 999], { generator });
  const row = randn([999], { generator });
  const results = [
    a,
    a.matmul(b),
    b.matmul(a, { transposeA: true, transposeB: true }),
    x.add(row),
    x.mul(x),
    x.exp(),
    x.tanh(),
    x.sum(),
    x.sum({ axis: 0 }),
    x.sum({ axis: 1 }),
    x.softmax({ axis: 1 }),
    x.logSumExp({ axis: 0 }),
  ];
  return results.map((t) => Float32Array.from(t.dataSync()));
}
