/** Functions as graphs for any batch size, and what such a graph refuses. */
import {
  conv2d,
  convTranspose2d,
  createReference,
  grad,
  noGrad,
  rand,
  type Tensor,
  tensor,
  withBackend,
  zeros,
} from '@varigrad/core';
import { type ExportOptions, exportGraph, type NamedTensors, toOnnx } from '@varigrad/core/export';
import { caseInputs, opCases, toTensor } from '@varigrad/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOnnx } from '../helpers/onnx-file.js';
import { runOnnx } from '../helpers/onnx-interpreter.js';

const ROWS: ExportOptions = { inputs: { x: ['batch', 3] } };

const graphOf = (f: (x: Tensor) => Tensor) => exportGraph(({ x }: NamedTensors) => ({ y: f(x!) }), ROWS);

/** The function at a batch size, through the file. */
function throughFile(f: (x: Tensor) => Tensor, batch: number, x = rand([batch, 3])): void {
  const right = f(x);
  const file = readOnnx(toOnnx(graphOf(f)));
  const { y } = runOnnx(file, { x: { shape: [batch, 3], data: [...x.dataSync()] } });
  assert.equal(y!.shape, right.shape);
  right.dataSync().forEach((value, i) => {
    const isClose = value === y!.data[i] || Math.abs(value - y!.data[i]!) < 1e-6;
    assert.ok(isClose, `element ${i}: ${y!.data[i]} for ${value}`);
  });
}

test('lengths that differ between batch sizes are multiples of the batch size', () => {
  const { nodes, inputs, outputs } = graphOf((x) => x.reshape([3 * x.shape[0]!]).add(1));
  assert.equal(inputs, { x: 0 });
  const batch = { times: 1, plus: 0 };
  assert.equal(
    nodes.map(({ op, shape }) => [op, shape]),
    [
      ['input', [batch, 3]],
      ['reshape', [{ times: 3, plus: 0 }]],
      ['constant', []],
      ['add', [{ times: 3, plus: 0 }]],
    ],
  );
  assert.equal(nodes[1]!.params, { shape: [{ times: 3, plus: 0 }] });
  assert.equal(outputs, { y: 3 });
});

const dynamic: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'every pair of rows': (x) => x.unsqueeze(1).sub(x.unsqueeze(0)),
  'a product of two batches': (x) => x.matmul(x, { transposeB: true }),
  'two lengths that depend on the batch, in a reshape': (x) =>
    x.matmul(x, { transposeB: true }).reshape([1, x.shape[0]!, 1, x.shape[0]!]),
  'a new batch axis': (x) => x.mul(0).add(tensor([1, 2, 3]).expand([x.shape[0]!, 3])),
  'zeros of the shape of the batch': (x) => zeros(x.shape).add(x.exp()),
  'all rows but the first': (x) => x.slice(1).add(0),
  'every pair of rows but the first': (x) => {
    const rest = x.slice(1).matmul(x.slice(1), { transposeB: true });
    return rest.reshape([1, rest.shape[0]!, 1, rest.shape[0]!]).add(0);
  },
  'the last row': (x) => x.slice(-1).mul(x),
  'rows repeated': (x) =>
    x
      .unsqueeze(1)
      .expand([x.shape[0]!, 2, 3])
      .reshape([2 * x.shape[0]!, 3]),
  'a detached tensor': (x) => x.mul(2).detach().add(x),
  'a detached tensor of another shape': (x) =>
    x
      .mul(2)
      .reshape([3 * x.shape[0]!])
      .detach()
      .mul(3),
};

for (const [name, f] of Object.entries(dynamic))
  test(`any batch size: ${name}`, () => {
    for (const batch of [1, 2, 7]) throughFile(f, batch);
  });

test('infinities have the results of the library', () => {
  const x = tensor([
    [Infinity, 1, 2],
    [-Infinity, -1, 3],
  ]);
  throughFile((t) => t.gelu(), 2, x);
  throughFile((t) => t.atan2(t), 2, x);
  throughFile((t) => t.atan2(t.neg()), 2, x);
  throughFile((t) => t.atan2(1), 2, x);
});

test('what is not computed for a result is left out', () => {
  const { nodes } = graphOf((x) => {
    x.exp().add(rand([1]));
    return x.neg();
  });
  assert.equal(
    nodes.map(({ op }) => op),
    ['input', 'neg'],
  );
});

test('a function that is not the same for every batch size and argument is refused with the operation', () => {
  const refused: Readonly<Record<string, [(x: Tensor) => Tensor, RegExp]>> = {
    'a mean over the batch': [
      (x) => x.mean(),
      /^exportGraph: a constant must be the same for every batch size/,
    ],
    'a random number': [(x) => x.add(rand([1])), /a constant must .* pass random numbers as arguments/],
    'random rows': [(x) => x.add(rand(x.shape)), /the number of elements of a constant/],
    'a number read from the argument': [(x) => x.mul(x.dataSync()[0]!), /a constant must be the same/],
    'half of the batch': [
      (x) => x.slice(0, Math.floor(x.shape[0]! / 2)),
      /the shape of slice, 1, 1, 128, must be .* batches of 2, 3, 257/,
    ],
    'at most a hundred rows': [(x) => x.slice(0, 100), /the shape of slice, 2, 3, 100, must be/],
    'an operation per row': [(x) => x.split(1).reduce((sum, row) => sum.add(row)), /the operations? /],
    'another result': [(x) => [x.exp(), x.neg()].at(x.shape[0] === 2 ? 0 : 1)!, /the operations? /],
    'another operation': [(x) => (x.shape[0] === 2 ? x.exp() : x.neg()), /the operation exp must/],
    'a change in place': [(x) => x.assign(x.neg()), /changes a tensor in place — switch the model/],
    'a gradient': [(x) => grad((t) => t.sum())(x), /calls backward/],
  };
  for (const [name, [f, message]] of Object.entries(refused)) assert.throws(() => graphOf(f), message, name);
});

test('a number other than a length that depends on the batch size is refused with the operation', () => {
  const images: ExportOptions = { inputs: { x: [1, 3, 'batch', 5] } };
  const [kernel, transposed] = [rand([2, 3, 2, 2]), rand([3, 1, 2, 2])];
  const fileOf = (f: (x: Tensor) => Tensor, options = ROWS) =>
    toOnnx(exportGraph(({ x }: NamedTensors) => ({ y: f(x!) }), options));
  assert.throws(
    () => fileOf((x) => x.clamp({ max: x.shape[0]! })),
    /^toOnnx: clamp: a bound must not depend on the batch size — export a function in which it is fixed$/,
  );
  assert.throws(() => fileOf((x) => x.clamp({ min: -x.shape[0]! })), /an option of clamp/);
  assert.throws(
    () =>
      fileOf((x) =>
        x.pad(
          [
            [0, 0],
            [1, 1],
          ],
          { value: x.shape[0]! },
        ),
      ),
    /^toOnnx: pad: the value must not/,
  );
  assert.throws(
    () => fileOf((x) => conv2d(x, kernel), images),
    /^toOnnx: conv2d: the size of an image or a window must not depend on the batch size/,
  );
  assert.throws(() => fileOf((x) => convTranspose2d(x, transposed), images), /: convTranspose2d: the/);
});

test('a function that returns no tensors by name is refused', () => {
  const refused: readonly [unknown, RegExp][] = [
    [
      undefined,
      /must return tensors by name, found undefined — write \(\{ x \}\) => \(\{ y: x\.exp\(\) \}\)$/,
    ],
    [tensor([1]), /must return tensors by name, found a tensor \[1\]/],
    [[tensor([1])], /must return tensors by name, found \[a tensor \[1\]\]/],
    [{}, /must return tensors by name, found \{\}/],
    [Promise.resolve({}), /^exportGraph: the function is asynchronous/],
  ];
  for (const [value, message] of refused)
    assert.throws(() => exportGraph(() => value as never, ROWS), message);
});

test('wrong arguments are refused', () => {
  const identity = (inputs: NamedTensors) => inputs;
  for (const shape of ['batch', null, [-1], ['Batch', 1], [0.5]])
    assert.throws(
      () => exportGraph(identity, { inputs: { x: shape as never } }),
      /^exportGraph: the shape of 'x' must be a list of whole numbers ≥ 0 and 'batch', found /,
    );
  assert.throws(
    () => exportGraph(identity, { ...ROWS, names: [1] as never }),
    /names must be pairs of a name and a tensor, found \[1\]/,
  );
  assert.throws(
    () => toOnnx(undefined as never),
    /the graph must be what exportGraph returns, found undefined/,
  );
  assert.throws(
    () => toOnnx(exportGraph(({ x }) => ({ '': x!.neg() }), ROWS)),
    /^toOnnx: the names of arguments and results must not be empty$/,
  );
  assert.throws(() => exportGraph(null as never, ROWS), /exportGraph: the first argument must be a function/);
  assert.throws(() => exportGraph(identity, {} as never), /inputs must be shapes by name, found undefined/);
  assert.throws(() => exportGraph(identity, { ...ROWS, name: [] } as never), /unknown option 'name'/);
  assert.throws(
    () => exportGraph(() => ({ y: 1 }) as never, ROWS),
    /the result 'y' must be a tensor, found 1/,
  );
  assert.throws(() => toOnnx(exportGraph(identity, ROWS)), /must have different names, found two 'x'/);
  assert.throws(
    () =>
      toOnnx(
        graphOf((x) => x.neg()),
        { title: '' } as never,
      ),
    /unknown option 'title'/,
  );
});

test('the file names its version, its producer, its lengths and its constants', () => {
  const weight = rand([2, 3]);
  const graph = exportGraph(({ x }) => ({ y: x!.matmul(weight, { transposeB: true }) }), {
    ...ROWS,
    names: [['layer.weight', weight]],
  });
  const file = readOnnx(toOnnx(graph, { name: 'product', doc: 'x·Wᵀ', metadata: { kind: 'ä' } }));
  assert.is(file.irVersion, 8);
  assert.is(file.opset, 17);
  assert.is(file.producer, 'varigrad');
  assert.is(file.doc, 'x·Wᵀ');
  assert.is(file.name, 'product');
  assert.equal(file.metadata, { kind: 'ä' });
  assert.equal(file.inputs, { x: ['batch', 3] });
  assert.equal(file.outputs, { y: ['batch', 2] });
  assert.equal(file.initializers.get('layer.weight'), { shape: [2, 3], data: [...weight.dataSync()] });
});

/** Operations that a file cannot contain, with the reason. */
const NO_ONNX: readonly RegExp[] = [/a kernel must not be empty/];
const INDEXED = ['indexSelect', 'indexAdd', 'gather', 'scatterAdd'];

test('every operation of the table has an ONNX form, or is refused by name', () => {
  withBackend(createReference(), () => {
    let written = 0;
    for (const c of opCases) {
      const operands = caseInputs(c, 1).map(toTensor);
      // Indices are constants: the arguments are not whole numbers.
      const isConstant = (i: number): boolean => INDEXED.includes(c.op) && c.inputs[i]!.below !== undefined;
      const shapes = operands.flatMap((t, i) => (isConstant(i) ? [] : [[`x${i}`, t.shape] as const]));
      const graph = exportGraph((args) => ({ y: c.run(...operands.map((t, i) => args[`x${i}`] ?? t)) }), {
        inputs: Object.fromEntries(shapes),
      });
      try {
        const file = readOnnx(toOnnx(graph));
        assert.equal(file.outputs.y, noGrad(() => c.run(...operands)).shape, c.label);
        written++;
      } catch (error) {
        assert.ok(
          NO_ONNX.some((reason) => reason.test((error as Error).message)),
          `${c.label}: ${error}`,
        );
      }
    }
    assert.is(opCases.length - written, 4, 'four cases have an empty kernel');
  });
});

test('an operation without an ONNX form is refused by its name', () => {
  const graph = {
    nodes: [{ op: 'overlapAdd', params: {}, inputs: [], shape: [], name: '' }],
    inputs: {},
    outputs: {},
  };
  assert.throws(() => toOnnx(graph), /^toOnnx: the operation overlapAdd has no ONNX form$/);
});

test.run();
