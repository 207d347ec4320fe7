/** Extreme arguments in float32: results stay finite and accurate where the formula as written would not. */
import {
  createReference,
  createWasm,
  init,
  setBackend,
  sigmoidCrossEntropy,
  type Tensor,
  tensor,
} from '@varigrad/core';
import { assertClose } from '@varigrad/core/testing';
import { test } from 'uvu';

const numbers = (t: Tensor): Float64Array => Float64Array.from(t.dataSync());
const gradOf = (f: (x: Tensor) => Tensor, values: number[]): Float64Array => {
  const x = tensor(values).requiresGrad_();
  f(x).sum().backward();
  return numbers(x.grad as Tensor);
};

await init({ backend: 'reference' });

for (const backend of [createReference(), createWasm({ threads: 1 })]) {
  const on = (name: string, run: () => void): void => {
    test(`${name} (${backend.name})`, () => {
      setBackend(backend);
      try {
        run();
      } finally {
        setBackend(createReference());
      }
    });
  };

  on('softmax and logSoftmax are as accurate for large logits as for small ones', () => {
    for (const offset of [0, 1e3, -1e4, 1e6]) {
      const x = tensor([offset, offset, offset + 1]);
      const e = Math.E;
      assertClose(numbers(x.softmax()), [1 / (2 + e), 1 / (2 + e), e / (2 + e)], { rtol: 3e-7 });
      const lse = Math.log(2 + e);
      assertClose(numbers(x.logSoftmax()), [-lse, -lse, 1 - lse], { rtol: 3e-7 });
      const gradient = gradOf((t) => t.logSumExp(), [offset, offset, offset + 1]);
      assertClose(gradient, [1 / (2 + e), 1 / (2 + e), e / (2 + e)], { rtol: 3e-7 });
    }
  });

  on('logits of ±1e4 and beyond', () => {
    const x = [-1e30, -1e4, 1e4, 1e30];
    assertClose(numbers(tensor(x).softplus()), [0, 0, 1e4, 1e30]);
    assertClose(numbers(tensor(x).logSigmoid()), [-1e30, -1e4, 0, 0]);
    assertClose(numbers(tensor(x).sigmoid()), [0, 0, 1, 1]);
    assertClose(numbers(sigmoidCrossEntropy(tensor(x), 1)), [1e30, 1e4, 0, 0]);
    assertClose(numbers(sigmoidCrossEntropy(tensor(x), 0)), [0, 0, 1e4, 1e30]);
    assertClose(
      gradOf((t) => sigmoidCrossEntropy(t, 1), x),
      [-1, -1, 0, 0],
    );
    assertClose(
      gradOf((t) => t.softplus(), x),
      [0, 0, 1, 1],
    );
    assertClose(
      gradOf((t) => t.tanh(), x),
      [0, 0, 0, 0],
    );
    assertClose(
      gradOf((t) => t.gelu(), [-100, 100]),
      [0, 1],
    );
  });

  on('expm1, log1p and softplus keep their digits for small arguments', () => {
    assertClose(numbers(tensor([1e-10, -1e-7]).expm1()), [Math.fround(1e-10), Math.fround(-1e-7)], {
      rtol: 3e-7,
    });
    assertClose(numbers(tensor([1e-10, -1e-7]).log1p()), [Math.fround(1e-10), Math.fround(-1e-7)], {
      rtol: 3e-7,
    });
    assertClose(numbers(tensor([-30]).softplus()), [Math.exp(-30)], { rtol: 1e-6 });
  });

  on('logSumExp of a masked row equals that of the unmasked elements', () => {
    assertClose(numbers(tensor([-Infinity, 2, 2]).logSumExp()), [2 + Math.LN2], { rtol: 3e-7 });
    assertClose(numbers(tensor([-Infinity, 2, 2]).softmax()), [0, 0.5, 0.5]);
    assertClose(numbers(tensor([-Infinity, -Infinity]).logSumExp()), [-Infinity]);
  });
}

test.run();
