/** compile refuses what it cannot replay, and leaves everything as it was. */
import {
  compile,
  createReference,
  createWasm,
  Generator,
  noGrad,
  parameter,
  randn,
  setBackend,
  type Tensor,
  tensor,
  withBackend,
} from '@varigrad/core';
import { detectAnomaly } from '@varigrad/core/trace';
import { Adam, BatchNorm1d, bceWithLogits, Linear, SGD } from '@varigrad/nn';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const row = (...values: number[]): Tensor => tensor(values);

/** A training step on a small layer; `spoil` does something that is refused, after everything has changed. */
function training(spoil: (calls: number, w: Tensor, optimizer: Adam) => unknown) {
  const generator = new Generator(2);
  const layer = new Linear(3, 2, { generator });
  const norm = new BatchNorm1d(2);
  const optimizer = new Adam([...layer.parameters(), ...norm.parameters()]);
  let calls = 0;
  const f = (x: Tensor): Tensor => {
    const loss = norm
      .forward(layer.forward(x.add(randn(x.shape, { generator }))))
      .square()
      .sum();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    layer.bias!.assign(layer.bias!.mul(0.5));
    spoil(Math.min(calls++, 1), layer.weight, optimizer);
    return loss;
  };
  /** Everything that the step changes, as text. */
  const state = (): string =>
    JSON.stringify([
      layer.stateDict(),
      norm.stateDict(),
      optimizer.stateDict(),
      generator.state,
      [...layer.parameters(), ...norm.parameters()].map(
        (p) => p.peekGrad() && Array.from(p.peekGrad()!.dataSync()),
      ),
    ]);
  return { f, state };
}

const x = (): Tensor =>
  tensor(
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    { shape: [4, 3] },
  );

for (const machine of [createReference(), createWasm({ threads: 1 })]) {
  const test = suite(`${machine.name}: `);
  test.before.each(() => setBackend(machine));

  /** The call after `good` good ones is refused with the message, and changes nothing; so is each one after it. */
  const refused = (spoil: Parameters<typeof training>[0], good: number, message: RegExp): void => {
    const { f, state } = training(spoil);
    const compiled = compile(f);
    for (let i = 0; i < good; i++) compiled(x());
    for (let repeat = 0; repeat < 2; repeat++) {
      const before = state();
      assert.throws(() => compiled(x()), message);
      assert.is(state(), before);
    }
  };

  test('a number that changes is refused at the second call, with its operation and line', () => {
    refused(
      (i, w) => w.mul(i + 1),
      1,
      /mul at compile-refusals\.test\.ts:\d+: 2 was 1 in the call before — pass it as a tensor/,
    );
    refused(
      (i, w) => w.clamp({ min: i / 8 }),
      1,
      /at compile-refusals\.test\.ts:\d+: 0\.125 was 0 in the call before — pass/,
    );
    refused((i, w) => w.add(row(1, 2, i)), 1, /add at compile-refusals\.test\.ts:\d+: 1 was 0 in/);
    refused(
      (i, w) => w.slice(0, 1 + (i % 2)),
      1,
      /same kernels at each call: .*compile-refusals\.test\.ts:\d+/,
    );
    refused(
      (i, w) => (i === 0 ? w.exp() : w.log()),
      1,
      /other numbers|log at compile-refusals\.test\.ts:\d+ (?:has other|took)/,
    );
    refused(
      (i, w) => i > 0 && w.exp(),
      1,
      /exp at compile-refusals\.test\.ts:\d+ is new — compile a function for each case/,
    );
  });

  test('other tensors from outside than in the call before', () => {
    const choices = [parameter(row(1)), parameter(row(2))];
    refused((i, w) => w.mul(choices[i % 2]!), 1, /mul at .*an operand from outside is another tensor/);
  });

  test('reading a value', () => {
    refused(
      (_, w) => w.sum().itemSync(),
      0,
      /values are read by dataSync\(\) at compile-refusals\.test\.ts:\d+.*return the tensor/,
    );
    refused((_, w) => String(w), 0, /values are read by dataSync\(\)/);
  });

  test('an error in the middle of the function', () => {
    refused(
      () => {
        throw new Error('own error');
      },
      0,
      /^own error$/,
    );
    refused(
      (i) => {
        if (i > 0) throw new Error('own error');
      },
      1,
      /^own error$/,
    );
    refused((_, w) => w.matmul(row(1, 2)), 0, /matmul/);
  });

  test('an error after a gradient that was read grew and was set to null', () => {
    const w = parameter(row(1, 2));
    w.sum().backward();
    const { grad } = w;
    const compiled = compile((t: Tensor) => {
      t.mul(w).sum().backward();
      w.zeroGrad();
      return w.matmul(row(1));
    });
    assert.throws(() => compiled(row(3, 4)), /matmul/);
    assert.is(w.grad, grad);
    assert.equal(Array.from(w.grad!.dataSync()), [1, 1]);
  });

  test('settings that replays would not repeat', () => {
    refused(
      (_, __, optimizer) => {
        optimizer.learningRate = 0.1;
      },
      0,
      /the learning rate is set at compile-refusals/,
    );
    const other = new Generator(1);
    refused(
      () => {
        other.state = new Generator(4).state;
      },
      0,
      /the state of a generator is set at/,
    );
  });

  test('an argument that is changed in place', () => {
    const compiled = compile((t: Tensor) => t.assign(t.mul(2)));
    const own = row(1);
    assert.throws(() => compiled(own), /an argument is changed in place/);
    assert.is(own.itemSync(), 1);
  });

  test('results that are no tensors', () => {
    for (const [value, words] of [
      [undefined, 'undefined'],
      [3, '3'],
      [null, 'null'],
      ['a', "'a'"],
      [{ loss: 1 }, '1'],
      [[row(1), 2], '2'],
      [new Map(), 'Map'],
    ] as const) {
      const compiled = compile((() => value) as never);
      assert.throws(
        () => compiled(),
        (error: Error) =>
          error.message.includes('must return a tensor, an array') && error.message.includes(words),
      );
    }
  });

  test('an asynchronous function', () => {
    const { f, state } = training(() => undefined);
    const compiled = compile((async (t: Tensor) => f(t)) as never) as (t: Tensor) => unknown;
    const before = state();
    assert.throws(() => compiled(x()), /promise|async/);
    assert.is(state(), before);
  });

  test('a function that calls itself', () => {
    const compiled: (t: Tensor) => Tensor = compile((t: Tensor) => compiled(t));
    assert.throws(() => compiled(row(1)), /calls itself — call the plain function inside of it/);
  });

  test('arguments that are no tensors, or on another backend', () => {
    const compiled = compile((t: Tensor) => t.mul(2)) as (t: unknown) => Tensor;
    assert.throws(() => compiled(3), /argument 0 must be a tensor, found 3 — pass the number as tensor/);
    assert.throws(() => compiled([1]), /argument 0 must be a tensor/);
    const device = { ...createReference(), name: 'gpu', memory: 'device' } as const;
    const far = withBackend(device, () => row(1));
    assert.throws(() => compiled(far), /arguments must be on backend '\w+', found argument 0 on 'gpu'/);
  });

  test('operations on two backends', () => {
    const other = createReference();
    const compiled = compile((t: Tensor) => withBackend(other, () => t.mul(2)));
    assert.throws(() => compiled(row(1)), /all operations must run on the backend of the call/);
  });

  test('a call after dispose', () => {
    const compiled = compile((t: Tensor) => t.mul(2));
    for (let i = 0; i < 3; i++) compiled(row(1));
    compiled.dispose();
    compiled.dispose();
    assert.throws(() => compiled(row(1)), /was disposed — compile the function again/);
    assert.is(compiled.program, null);
  });

  test('wrong arguments of compile', () => {
    assert.throws(() => compile(3 as never), /compile: .*function/);
    assert.throws(() => compile(() => row(1), { chek: 1 } as never), /check/);
    assert.throws(() => compile(() => row(1), { check: 0 }), /check must be a whole number above 0/);
  });

  test('with check, a change is found later, too', () => {
    let factor = 2;
    const compiled = compile((t: Tensor) => t.mul(factor), { check: 3 });
    for (let i = 0; i < 4; i++) assert.is(compiled(row(1)).itemSync(), 2);
    factor = 5;
    assert.is(compiled(row(1)).itemSync(), 2, 'not yet due');
    assert.throws(() => compiled(row(1)), /5 was 2 in the call before/);
    factor = 2;
    for (let i = 0; i < 9; i++) assert.is(compiled(row(1)).itemSync(), 2);
    assert.is(compiled.recordings, 2 + 1 + 3);
  });

  test('values of arguments are checked at each call, before anything changes', () => {
    const { f, state } = training(() => undefined);
    const compiled = compile((t: Tensor, target: Tensor) => [f(t), bceWithLogits(row(1, 2), target)]);
    for (let i = 0; i < 5; i++) compiled(x(), row(0, 1));
    const before = state();
    assert.throws(() => compiled(x(), row(0, 2)), /targets lie in \[0, 1\]/);
    assert.is(state(), before);
    assert.throws(() => compiled(x(), row(0, Number.NaN)), /targets contain NaN/);
    compiled(x(), row(0, 1));
  });

  test('a NaN is named by its operation, as in a plain call', () => {
    const w = parameter(row(-1));
    const compiled = compile((t: Tensor) => t.mul(w).sqrt().sum());
    for (let i = 0; i < 3; i++) noGrad(() => compiled(row(-1)));
    assert.throws(() => detectAnomaly(() => compiled(row(1))), /^sqrt: the forward pass made NaN/);
  });

  test('momentum, weight decay and frozen parameters: plain and compiled steps can alternate', () => {
    const make = () => {
      const layer = new Linear(3, 2, { generator: new Generator(1) });
      const optimizer = new SGD(layer.parameters(), { momentum: 0.9, nesterov: true, weightDecay: 0.1 });
      const f = (t: Tensor): Tensor => {
        const loss = layer.forward(t).square().sum();
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      };
      return { layer, optimizer, f };
    };
    const [one, two] = [make(), make()];
    const compiled = compile(two.f);
    for (let i = 0; i < 12; i++) {
      for (const { optimizer, layer } of [one, two]) {
        optimizer.learningRate = 0.01 / (i + 1);
        if (i === 7) layer.weight.requiresGrad_(false);
      }
      const expected = one.f(x()).itemSync();
      assert.is((i % 5 === 4 ? two.f(x()) : compiled(x())).itemSync(), expected);
    }
    assert.equal(two.layer.stateDict(), one.layer.stateDict());
    assert.equal(two.optimizer.stateDict(), one.optimizer.stateDict());
  });

  test.run();
}
