/** compile: gradients inside compiled functions, and those that a call leaves behind. */
import {
  compile,
  createReference,
  createWasm,
  gradients,
  parameter,
  setBackend,
  type Tensor,
  tensor,
} from '@varigrad/core';
import { clipGradNorm, Dropout } from '@varigrad/nn';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const row = (...values: number[]): Tensor => tensor(values);

for (const machine of [createReference(), createWasm({ threads: 1 }), createWasm({ threads: 2 })]) {
  const test = suite(`${machine.description}: `);
  test.before.each(() => setBackend(machine));

  test('gradients of arguments and of tensors from outside', () => {
    const w = parameter(row(3));
    const compiled = compile((x: Tensor) => {
      const y = x.square().mul(w).sum();
      const [dx] = gradients(y, [x]);
      return { y, dx: dx! };
    });
    for (let i = 1; i < 5; i++) {
      const { y, dx } = compiled(row(i).requiresGrad_());
      assert.equal([numbers(y), numbers(dx)], [[3 * i * i], [6 * i]]);
    }
  });

  test('backward leaves the gradients where a plain call does', () => {
    const w = parameter(row(3));
    const compiled = compile((x: Tensor) => {
      w.zeroGrad();
      const loss = x.mul(w).square().sum();
      loss.backward();
      return loss;
    });
    const kept: Tensor[] = [];
    for (let i = 1; i < 6; i++) {
      compiled(row(i));
      kept.push(w.grad!);
    }
    assert.equal(
      kept.map(numbers),
      [1, 2, 3, 4, 5].map((i) => [6 * i * i]),
      'each gradient that was read keeps its values',
    );
    w.zeroGrad();
    assert.is(w.grad, null);
    compiled(row(1));
    w.mul(2).sum().backward();
    assert.equal(numbers(w.grad!), [8], 'a plain backward adds to it');
    compiled(row(1));
    assert.equal(numbers(w.grad!), [6]);
  });

  test('two functions that train the same parameter, and the end of one of them', () => {
    const w = parameter(row(3));
    const make = (factor: number) =>
      compile((x: Tensor) => {
        w.zeroGrad();
        const loss = x.mul(w).mul(factor).sum();
        loss.backward();
        return loss;
      });
    const [one, two] = [make(1), make(10)];
    for (let i = 1; i < 6; i++) {
      one(row(i));
      if (i % 2 === 0) assert.equal(numbers(w.grad!), [i]);
      two(row(i));
      assert.equal(numbers(w.grad!), [10 * i]);
      one(row(i));
      assert.equal(numbers(w.grad!), [i]);
    }
    one.dispose();
    for (let i = 0; i < 5; i++) make(i)(row(1, 2, 3, 4));
    two(row(7));
    const kept = w.grad!;
    two.dispose();
    for (let i = 0; i < 3; i++) compile((x: Tensor) => x.add(1))(row(1));
    assert.equal([numbers(kept), numbers(w.grad!)], [[70], [70]]);
  });

  test('gradients accumulate over compiled and plain calls', () => {
    const [w, v] = [parameter(row(3)), parameter(row(3))];
    const f = (x: Tensor, p: Tensor): Tensor => {
      const loss = x.mul(p).square().sum();
      loss.backward();
      return loss;
    };
    const compiled = compile((x: Tensor) => f(x, w));
    for (let i = 1; i < 12; i++) {
      if (i % 5 === 0) for (const p of [w, v]) p.zeroGrad();
      compiled(row(i));
      f(row(i), v);
      assert.equal(numbers(w.grad!), numbers(v.grad!));
    }
  });

  test('the gradient of an argument is set on the argument of the call', () => {
    const compiled = compile((x: Tensor) => {
      const y = x.square().sum();
      y.backward();
      return y;
    });
    for (let i = 1; i < 5; i++) {
      const x = row(i).requiresGrad_();
      compiled(x);
      assert.equal(numbers(x.grad!), [2 * i]);
    }
  });

  test('a parameter that is frozen or thawed is recorded anew', () => {
    const w = parameter(row(3));
    const compiled = compile((x: Tensor) => {
      const y = x.requiresGrad_(true).mul(w);
      return y;
    });
    for (let i = 0; i < 4; i++) {
      w.requiresGrad_(i % 2 === 0);
      assert.equal(numbers(compiled(row(2))), [6]);
    }
  });

  test('a gradient that the function sets and returns is returned as a copy', () => {
    const w = parameter(row(2));
    const compiled = compile((x: Tensor) => {
      const half = x.mul(0.5);
      w.grad = half;
      return half;
    });
    for (let i = 1; i < 5; i++) {
      const half = compiled(row(i));
      assert.equal(numbers(w.grad!), [i / 2]);
      clipGradNorm([w], 0.1);
      assert.equal(numbers(half), [i / 2], `call ${i}`);
    }
  });

  test('a function that freezes and thaws a parameter by itself is replayed', () => {
    const [w, v] = [parameter(row(2)), parameter(row(3))];
    const compiled = compile((x: Tensor) => {
      v.zeroGrad();
      w.requiresGrad_(false);
      const loss = x.mul(w).mul(v).sum();
      w.requiresGrad_();
      loss.backward();
      return loss;
    });
    for (let i = 1; i < 6; i++) {
      compiled(row(i));
      assert.equal([w.grad, numbers(v.grad!)], [null, [2 * i]]);
    }
    assert.is(compiled.recordings, 2);
  });

  test('flags and training mode are those of a plain call', () => {
    const [w, layer] = [parameter(row(2)), new Dropout()];
    const compiled = compile((x: Tensor) => {
      layer.eval();
      const y = layer.forward(x.mul(w));
      w.requiresGrad_(false);
      return y;
    });
    for (let i = 0; i < 5; i++) {
      w.requiresGrad_();
      layer.train();
      compiled(row(1));
      assert.equal([w.requiresGrad, layer.training], [false, false], `call ${i}`);
    }
    assert.is(compiled.recordings, 2);
  });

  test('an error after flags and the training mode were set', () => {
    const [w, layer] = [parameter(row(1, 2)), new Dropout()];
    const compiled = compile(() => {
      w.requiresGrad_(false);
      layer.eval();
      return w.matmul(row(1));
    });
    assert.throws(() => compiled(), /matmul/);
    assert.equal([w.requiresGrad, layer.training], [true, true]);
  });

  test.run();
}
