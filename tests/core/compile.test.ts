/** compile: replays give the same values as the function itself, and see everything that may change between calls. */
import {
  compile,
  createReference,
  createWasm,
  Generator,
  indexAdd,
  manualSeed,
  noGrad,
  parameter,
  rand,
  randn,
  setBackend,
  type Tensor,
  tensor,
  updateInPlace,
} from '@varigrad/core';
import { recordGraph } from '@varigrad/core/trace';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const row = (...values: number[]): Tensor => tensor(values);

for (const machine of [createReference(), createWasm({ threads: 1 }), createWasm({ threads: 2 })]) {
  const test = suite(`${machine.description}: `);
  test.before.each(() => setBackend(machine));

  test('a function of one argument is recorded twice and then replayed', () => {
    let runs = 0;
    const f = (x: Tensor): Tensor => {
      runs++;
      return x.mul(2).exp().sum();
    };
    const compiled = compile(f);
    for (let i = 0; i < 6; i++) {
      const x = row(i, i / 3, -i);
      assert.is(compiled(x).itemSync(), x.mul(2).exp().sum().itemSync());
    }
    assert.is(runs, 2);
    assert.is(compiled.recordings, 2);
  });

  test('each shape and each mode of gradients is a signature of its own', () => {
    const compiled = compile((x: Tensor) => x.square().sum());
    for (let i = 0; i < 4; i++) for (const size of [1, 2, 3]) compiled(rand([size]));
    assert.is(compiled.recordings, 6);
    for (let i = 0; i < 3; i++) noGrad(() => compiled(rand([1])));
    assert.is(compiled.recordings, 8);
    compiled(rand([1]));
    assert.is(compiled.recordings, 8);
  });

  test('many shapes print a note; many comparisons do not', () => {
    const notes: unknown[] = [];
    const { warn } = console;
    console.warn = (note: unknown) => notes.push(note);
    try {
      const compared = compile((x: Tensor) => x.square(), { check: 1 });
      for (let i = 0; i < 40; i++) compared(row(i));
      assert.is(compared.recordings > 20, true);
      assert.equal(notes, []);
      const shaped = compile((x: Tensor) => x.square());
      for (let size = 1; size < 30; size++) shaped(rand([size]));
      assert.is(notes.length, 1);
      assert.match(String(notes[0]), /combinations of shapes and settings were recorded/);
    } finally {
      console.warn = warn;
    }
  });

  test('results are new tensors without history that keep their values', () => {
    const w = parameter(row(1, 2));
    const compiled = compile((x: Tensor) => x.mul(w));
    const results = [1, 2, 3, 4, 5].map((i) => compiled(row(i, i)));
    results.forEach((result, i) => {
      assert.equal(numbers(result), [i + 1, 2 * (i + 1)]);
      assert.is(result.requiresGrad, false);
    });
  });

  test('a tensor, an array and an object can be returned, also arguments, parameters and one tensor twice', () => {
    const w = parameter(row(7));
    const one = compile((x: Tensor) => x);
    const list = compile((x: Tensor) => {
      const y = x.add(1);
      return [x, w, y, y, y.reshape([1, 1])];
    });
    const named = compile((a: Tensor, b: Tensor) => ({ sum: a.add(b), b }));
    for (let i = 0; i < 4; i++) {
      const x = row(i);
      const same = one(x);
      assert.equal(numbers(same), [i]);
      assert.ok(same !== x);
      assert.equal(list(x).map(numbers), [[i], [7], [i + 1], [i + 1], [i + 1]]);
      assert.equal(list(x)[4]!.shape, [1, 1]);
      const { sum, b } = named(x, row(10));
      assert.equal([numbers(sum), numbers(b)], [[i + 10], [10]]);
    }
    list(row(1))[1]!.assign(row(0));
    assert.equal(numbers(w), [7], 'a returned parameter is a copy');
  });

  test('the same tensor for two arguments is a signature of its own', () => {
    const compiled = compile((a: Tensor, b: Tensor) => a.sub(b));
    const x = row(5);
    for (let i = 0; i < 3; i++) {
      assert.equal(numbers(compiled(x, x)), [0]);
      assert.equal(numbers(compiled(x, row(2))), [3]);
    }
  });

  test('an argument that the function also uses from outside', () => {
    const [w, v] = [row(3), row(4)];
    const compiled = compile((x: Tensor) => x.mul(w));
    for (let i = 0; i < 3; i++) assert.equal(numbers(compiled(w)), [9]);
    assert.throws(() => compiled(v), /mul at .* has other operands/);
    const other = compile((x: Tensor) => x.mul(w));
    for (let i = 0; i < 3; i++) assert.equal(numbers(other(v)), [12]);
    assert.equal(numbers(other(row(5))), [15]);
    assert.is(other.recordings, 3, 'the first tensor with other values is compared');
    for (const [x, product] of [
      [w, 9],
      [row(6), 18],
      [w, 9],
    ] as const)
      assert.equal(numbers(other(x)), [product]);
  });

  test('an argument that the function changes from outside is refused, also after other arguments', () => {
    const state = parameter(row(3)).requiresGrad_(false);
    const compiled = compile((x: Tensor) => {
      state.assign(state.mul(2));
      return x.add(state);
    });
    for (let i = 1; i < 4; i++) assert.equal(numbers(compiled(row(1))), [3 * 2 ** i + 1]);
    assert.throws(() => compiled(state), /an argument is changed in place/);
    assert.equal(numbers(state), [24]);
  });

  test('parameters that change between calls are read anew, also after they moved', () => {
    const w = parameter(row(1));
    const plain = row(1);
    const compiled = compile((x: Tensor) => x.mul(w).add(plain));
    for (let i = 1; i < 5; i++) {
      w.assign(row(i));
      plain.assign(row(10 * i));
      assert.equal(numbers(compiled(row(1))), [11 * i]);
    }
    assert.is(compiled.recordings, 2);
    plain.persist();
    assert.equal(numbers(compiled(row(1))), [44]);
    w.storage.keep();
    for (let i = 1; i < 5; i++) {
      w.assign(row(i));
      assert.equal(numbers(compiled(row(1))), [40 + i]);
    }
  });

  test('values that the function changes in place change in replays', () => {
    const total = tensor([0]).persist();
    const unsaved = tensor([1]);
    const compiled = compile((x: Tensor) => {
      updateInPlace([total], (k) => k.accumulate(total.values, x.values));
      updateInPlace([unsaved], (k) => k.scale(unsaved.values, 2));
      return total.add(unsaved);
    });
    for (let i = 1; i <= 6; i++) assert.equal(numbers(compiled(row(1))), [i + 2 ** i]);
    assert.equal([numbers(total), numbers(unsaved)], [[6], [64]]);
  });

  test('tensors that the function makes and changes in place are made anew by each replay', () => {
    const compiled = compile((x: Tensor) => {
      const sum = tensor([1, 2]);
      const before = sum.clone();
      sum.assign(sum.add(x));
      const y = x.mul(2);
      const copy = y.clone();
      y.assign(y.mul(5));
      return [sum, before, y, copy];
    });
    for (let i = 1; i < 6; i++) {
      const expected = [
        [i + 1, i + 2],
        [1, 2],
        [10 * i, 10 * i],
        [2 * i, 2 * i],
      ];
      assert.equal(compiled(row(i, i)).map(numbers), expected);
    }
  });

  test('an update counts as a change in place for a graph that was made before', () => {
    const w = parameter(row(2));
    const compiled = compile((x: Tensor) => {
      updateInPlace([w], (k) => k.scale(w.values, 2));
      return x.mul(w.detach());
    });
    for (let i = 0; i < 3; i++) compiled(row(1));
    const loss = w.square().sum();
    compiled(row(1));
    assert.throws(() => loss.backward(), /changed in place/);
  });

  test('random draws continue the stream, in any order of compiled and plain calls', () => {
    const f = (x: Tensor, generator: Generator): Tensor =>
      x.add(randn([5], { generator })).add(rand([5], { generator }));
    const [one, two] = [new Generator(3), new Generator(3)];
    const compiled = compile((x: Tensor) => f(x, one));
    for (let i = 0; i < 9; i++) {
      const x = rand([5]);
      const found = i % 4 === 3 ? f(x, one) : compiled(x);
      assert.equal(numbers(found), numbers(f(x, two)));
      assert.equal(one.state, two.state);
    }
    one.state = new Generator(9).state;
    assert.equal(numbers(compiled(row(0, 0, 0, 0, 0))), numbers(f(row(0, 0, 0, 0, 0), new Generator(9))));
  });

  test('the default generator is the one at the time of the call', () => {
    const compiled = compile((x: Tensor) => x.add(rand([3])));
    const zero = row(0, 0, 0);
    for (let i = 0; i < 4; i++) {
      manualSeed(i);
      const found = numbers(compiled(zero));
      manualSeed(i);
      assert.equal(found, numbers(rand([3])));
    }
  });

  test('inside another compiled function and inside a trace, the function runs as it is', () => {
    const inner = compile((x: Tensor) => x.mul(2));
    const outer = compile((x: Tensor) => inner(x).add(1));
    for (let i = 0; i < 4; i++) assert.equal(numbers(outer(row(i))), [2 * i + 1]);
    assert.is(inner.recordings, 0);
    const graph = recordGraph(() => outer(row(1).requiresGrad_()));
    assert.ok(graph.nodes.some(({ op }) => op === 'mul'));
  });

  test('the program lists kernels with shapes, bytes and lifetimes', () => {
    const compiled = compile((x: Tensor) => x.mul(2).exp().sum());
    assert.is(compiled.program, null);
    for (let i = 0; i < 3; i++) compiled(rand([3, 4]));
    const program = compiled.program!;
    assert.is(program.kernels, 3);
    const text = String(program);
    assert.match(text, /^3 kernels in \d+ steps, \d+ bytes/);
    assert.match(text, /binary\(mul, #0 \[3, 4\], #\d+ \[\], \[3, 4\]\) +48 B/);
    assert.match(text, /sum at compile\.test\.ts:\d+/);
  });

  test('constants are computed once, and unused kernels are left out', () => {
    const compiled = compile((x: Tensor) => {
      x.exp();
      return x.add(tensor([1, 2]).square().sum().expand([2]));
    });
    for (let i = 0; i < 4; i++) assert.equal(numbers(compiled(row(i, 1))), [i + 5, 6]);
    assert.is(compiled.program!.kernels, 1);
  });

  test('an index that a replay computes outside of the axis changes nothing else', () => {
    const x = tensor([1, 2, 3]);
    const compiled = compile((places: Tensor) => {
      const index = places.mul(2).clone();
      const rows = x.reshape([3, 1]).indexSelect(index);
      return [rows, indexAdd(places.add(1), index, 3), x.add(0)];
    });
    for (let i = 0; i < 3; i++) compiled(row(0, 1));
    for (const places of [row(0, 50), row(-1, 1e9), row(Number.NaN, 1)]) {
      compiled(places);
      assert.equal(numbers(compiled(row(1, 0))[0]!), [3, 1]);
      assert.equal(numbers(compiled(row(1, 0))[2]!), [1, 2, 3]);
    }
  });

  test('empty tensors', () => {
    const compiled = compile((x: Tensor) => [x.mul(2), x.sum()]);
    for (let i = 0; i < 4; i++) {
      const [none, sum] = compiled(tensor([], { shape: [0, 3] }));
      assert.equal([none!.shape, sum!.itemSync()], [[0, 3], 0]);
    }
  });

  test.run();
}
