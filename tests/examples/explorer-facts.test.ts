import { formatShape, type Tensor, tensor } from '@varigrad/core';
import { formulaOf, type Graph, recordGraph } from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { formatBytes, formatNumber, formatParams } from '../../examples/explorer/src/format.js';
import { heatMap, statistics } from '../../examples/explorer/src/heat-map.js';
import { type NodeFacts, nodeFacts } from '../../examples/explorer/src/node-facts.js';
import { presets } from '../../examples/explorer/src/presets/list.js';
import type { Scene } from '../../examples/explorer/src/state.js';
import { stepsOf } from '../../examples/explorer/src/steps.js';

const sceneFrom = (graph: Graph): Scene => ({ graph, steps: stepsOf(graph) });
const sceneOf = (id: string): Scene => sceneFrom(presets.find((preset) => preset.id === id)!.run().graph);

/** Facts of a named node, by default after the last step. */
function factsOf(scene: Scene, name: string, step: number = scene.steps.length - 1): NodeFacts {
  return nodeFacts(scene, step, scene.graph.nodes.find((node) => node.name === name)!.id);
}

const scalar = sceneOf('scalar');

test('an operation before and after its computation, and after backward', () => {
  const at = (step: number) => {
    const { value, gradient, complete } = factsOf(scalar, 'q', step);
    return [value?.values?.[0], gradient?.values?.[0], complete];
  };
  assert.equal(at(1), [undefined, undefined, false]);
  assert.equal(at(2), [4.5, undefined, false]);
  assert.equal(at(4), [4.5, 9, false]);
  assert.equal(at(5), [4.5, 9, true]);
});

test('each operand has its rule, its vector-Jacobian product and the sum so far', () => {
  const { formula, operands } = factsOf(scalar, 'product');
  assert.equal(formula, ['y = a · b']);
  const told = operands.map(({ letter, title, rule, part, sum, parts }) => {
    return [letter, title, rule, part?.values?.[0], sum?.values?.[0], parts];
  });
  assert.equal(told, [
    ['a', 'x', '∂L/∂a = dy · b', 4.5, 13.5, 2],
    ['b', 'y', '∂L/∂b = dy · a', 27, 27, 1],
  ]);
  const before = factsOf(scalar, 'product', 5).operands;
  assert.equal([before[0]!.part, before[0]!.sum!.values], [undefined, [9]]);
});

test('a leaf is complete only when its last consumer has sent its part', () => {
  assert.is(factsOf(scalar, 'x', 5).complete, false);
  assert.is(factsOf(scalar, 'x', 6).complete, true);
  assert.equal(factsOf(scalar, 'x').formula, ['a leaf that requires a gradient: a parameter']);
});

test('a broadcast operand names the axes along which its gradient was summed', () => {
  const scene = sceneOf('broadcasting');
  const { operands } = factsOf(scene, 'y');
  assert.is(operands[1]!.title, 'rows');
  assert.is(operands[1]!.reduction, 'summed over axis 1, along which [3, 1] was repeated to [3, 4]');
  assert.is(operands[0]!.reduction, '');
  assert.equal(operands[1]!.part!.values, [8, 24, 40]);
  const both = recordGraph(() =>
    tensor([[1, 2]])
      .requiresGrad_()
      .add(tensor(1).requiresGrad_())
      .named('y')
      .sum(),
  );
  assert.is(
    factsOf(sceneFrom(both), 'y').operands[1]!.reduction,
    'summed over axes 0 and 1, along which [] was repeated to [1, 2]',
  );
});

test('a sentence says why there is no gradient', () => {
  const waiting = (id: string, name: string, step?: number) => factsOf(sceneOf(id), name, step).waiting;
  assert.is(waiting('scalar', 'q', 0), 'backward has not reached it yet');
  assert.is(waiting('detached-bad', 'z'), 'detached: backward ends here');
  assert.match(waiting('detached-bad', 'encoder.weight'), 'every path from the loss to it is cut');
  assert.is(waiting('broadcasting', 'X'), 'it requires no gradient');
  const first = recordGraph(() => tensor([1, 2]).requiresGrad_().mul(2).named('y'));
  assert.is(factsOf(sceneFrom(first), 'y').waiting, 'backward was not called in this recording');
});

test('in noGrad, the first operation says that backward ends there, the others that they are not on the tape', () => {
  const scene = sceneOf('reparameterization-blocked');
  const waiting = (op: string) => {
    const node = scene.graph.nodes.find((candidate) => candidate.op === op)!;
    return nodeFacts(scene, scene.steps.length - 1, node.id).waiting;
  };
  assert.match(waiting('mul'), /^not on the tape although an operand requires a gradient/);
  assert.match(waiting('exp'), /^no operand requires a gradient/);
});

test('rules of operands without a gradient give the reason, and name no axes', () => {
  const rule = (id: string, name: string, operand: number) => {
    const { rule, graded, reduction } = factsOf(sceneOf(id), name).operands[operand]!;
    return [rule, graded, reduction];
  };
  assert.equal(rule('linear-regression', 'prediction', 0), ['requires no gradient', false, '']);
  assert.equal(rule('broadcasting', 'loss', 1), ['a constant: no gradient is needed', false, '']);
  assert.equal(rule('detached-bad', 'output', 0), ['detached: no gradient is sent', false, '']);
});

test('a linear layer shows its activation, if it has one', () => {
  const scene = sceneOf('vae-step');
  const formulas = scene.graph.nodes
    .filter(({ op }) => op === 'linear')
    .map(({ id }) => nodeFacts(scene, 0, id).formula.join('; '));
  assert.equal([...new Set(formulas)], ['y = f(x Wᵀ + b); f(u) = max(u, 0)', 'y = x Wᵀ + b']);
});

test('a formula that defines its elements is unchanged', () => {
  const x = tensor([1, 2, 3]).requiresGrad_();
  const { formula, operands } = factsOf(sceneFrom(recordGraph(() => x.cumsum().named('c').sum())), 'c');
  assert.equal(formula, ['yᵢ = x₀ + … + xᵢ']);
  assert.is(operands[0]!.rule, 'dxᵢ = dyᵢ + dyᵢ₊₁ + …');
  const eq = recordGraph(() =>
    tensor([1, 2])
      .eq(tensor([1, 3]))
      .named('same'),
  );
  assert.equal(factsOf(sceneFrom(eq), 'same').formula, ['y = [a = b]']);
});

type Matrix = readonly (readonly number[])[];
const transposed = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map((row) => row[j]!));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transposed(b).map((column) => row.reduce((sum, v, k) => sum + v * column[k]!, 0)));

/** The value of a product such as `dy Bᵀ`. */
function evaluate(formula: string, matrices: Readonly<Record<string, Matrix>>): Matrix {
  const factors = formula.split(' ').map((factor) => {
    const matrix = matrices[factor.replace('ᵀ', '')]!;
    return factor.endsWith('ᵀ') ? transposed(matrix) : matrix;
  });
  return times(factors[0]!, factors[1]!);
}

test("matmul's formulas have the transposes of the call, and equal the sent gradients", () => {
  const rows = (t: Tensor): Matrix => {
    const [height, width] = t.shape as [number, number];
    const values = [...t.dataSync()];
    return Array.from({ length: height }, (_, i) => values.slice(i * width, (i + 1) * width));
  };
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const A = tensor(
        transposeA
          ? [
              [1, 4],
              [2, 5],
              [3, -6],
            ]
          : [
              [1, 2, 3],
              [4, 5, -6],
            ],
      ).requiresGrad_();
      const B = tensor(
        transposeB
          ? [
              [1, 0, 2],
              [3, -1, 1],
            ]
          : [
              [1, 3],
              [0, -1],
              [2, 1],
            ],
      ).requiresGrad_();
      const dy = tensor([
        [1, -2],
        [0.5, 3],
      ]);
      const y = A.matmul(B, { transposeA, transposeB });
      y.mul(dy).sum().backward();
      const { value, derivatives } = formulaOf('matmul', { transposeA, transposeB })!;
      const matrices = { A: rows(A), B: rows(B), dy: rows(dy) };
      assert.equal(evaluate(value, matrices), rows(y), value);
      assert.equal(evaluate(derivatives[0]!, matrices), rows(A.grad!), derivatives[0]!);
      assert.equal(evaluate(derivatives[1]!, matrices), rows(B.grad!), derivatives[1]!);
    }
  }
});

const summaryOf = (values: Parameters<typeof tensor>[0]) =>
  recordGraph(() => tensor(values)).nodes[0]!.output;

test('heat maps: rows, colours by the largest magnitude, values that are not finite', () => {
  const { rows, printed } = heatMap(
    summaryOf([
      [1, -2],
      [0, 4],
    ]),
  )!;
  assert.equal(
    rows.map((row) => row.map(({ level }) => level)),
    [
      [0.25, -0.5],
      [0, 1],
    ],
  );
  assert.is(rows[1]![0]!.place, '[1, 0]');
  assert.is(printed, true);
  const [row] = heatMap(summaryOf([Number.NaN, Number.POSITIVE_INFINITY, -3]))!.rows;
  assert.equal(
    row!.map(({ level, text }) => [level, text]),
    [
      [0, 'NaN'],
      [0, '∞'],
      [-1, '−3'],
    ],
  );
});

test('heat maps: long vectors are wrapped, matrices of a batch are stacked', () => {
  const long = heatMap(summaryOf(Array.from({ length: 70 }, (_, i) => i)))!;
  assert.equal(
    long.rows.map((row) => row.length),
    [32, 32, 6],
  );
  assert.is(long.printed, false);
  const batch = heatMap(summaryOf([[[1, 2]], [[3, 4]]]))!;
  assert.equal(
    batch.rows.map((row) => row.map(({ place }) => place)),
    [
      ['[0, 0, 0]', '[0, 0, 1]'],
      ['[1, 0, 0]', '[1, 0, 1]'],
    ],
  );
  assert.equal(
    heatMap(summaryOf(5))!.rows.map((row) => row.map(({ text }) => text)),
    [['5']],
  );
});

test('heat maps: a large array is shown as block means, each with its range', () => {
  const rows = Array.from({ length: 20 }, (_, y) => Array.from({ length: 40 }, (_, x) => 100 * y + x));
  const map = heatMap(summaryOf(rows))!;
  assert.equal([map.rows.length, map.rows[0]!.length], [16, 16]);
  for (const { place, value } of map.rows.flat()) {
    const [, top, bottom, left, right] = /^rows (\d+)(?:–(\d+))?, columns (\d+)(?:–(\d+))?: mean$/.exec(
      place,
    )!;
    const covered = rows
      .slice(Number(top), Number(bottom ?? top) + 1)
      .flatMap((row) => row.slice(Number(left), Number(right ?? left) + 1));
    const mean = covered.reduce((a, b) => a + b, 0) / covered.length;
    assert.ok(Math.abs(value - mean) <= 1e-3 * mean, `${place}: ${value} ${mean}`);
  }
  assert.equal(
    [map.rows[0]![0]!.place, map.rows[15]![15]!.place],
    ['rows 0–1, columns 0–2: mean', 'rows 19, columns 38–39: mean'],
  );
  const vector = heatMap(summaryOf(Array.from({ length: 1000 }, (_, i) => i)))!;
  assert.equal([vector.rows.length, vector.rows[0]!.length], [8, 32]);
  assert.is(vector.rows[7]![31]!.place, 'elements 997–999: mean');
});

test('statistics of all but very small arrays', () => {
  assert.is(statistics(summaryOf([1, 2, 3])), '');
  const values = [1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1];
  assert.is(statistics(summaryOf(values)), 'min −1 · max 1 · mean 0 · std 1 · norm 3.464');
  assert.match(statistics(summaryOf([...values, Number.NaN])), /1 not finite$/);
});

test('numbers, shapes, options and sizes as text', () => {
  const numbers = [0, -0.375, 1 / 3, 123456, 0.000123, Number.NaN, -Infinity, 1e20, 99999];
  assert.equal(
    numbers.map((number) => formatNumber(number)),
    ['0', '−0.375', '0.3333', '1.23e5', '1.23e−4', 'NaN', '−∞', '1e20', '100000'],
  );
  assert.is(formatShape([]), '[]');
  assert.is(formatShape([2, 3]), '[2, 3]');
  assert.is(formatParams({ axes: [0], keepDims: false }), 'axes: [0], keepDims: false');
  assert.equal([formatParams(undefined), formatParams(0.5)], ['', '0.5']);
  assert.equal([100, 1536, 3 * 2 ** 20].map(formatBytes), ['100 B', '1.5 KiB', '3 MiB']);
});

test.run();
