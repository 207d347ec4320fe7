import { Generator, noGrad, randn, type Tensor, tensor } from '@varigrad/core';
import {
  debug,
  detectAnomaly,
  formatProfile,
  type Graph,
  type GraphNode,
  NotFiniteError,
  profile,
  recordGraph,
  toDot,
  toJSON,
  toMermaid,
  trace,
} from '@varigrad/core/trace';
import { VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ops = (graph: Graph): string[] => graph.nodes.map((node) => node.op);
const byName = (graph: Graph, name: string): GraphNode =>
  graph.nodes.find((node) => node.name === name) as GraphNode;

test('a trace contains the values and gradients of the tensors', () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ])
    .requiresGrad_()
    .named('a');
  const b = tensor([10, 20]).requiresGrad_().named('b');
  const graph = trace((x, y) => x.mul(y).add(x).sum(), a, b);
  assert.equal(ops(graph), ['leaf', 'leaf', 'mul', 'add', 'sum']);
  assert.equal(graph.nodes[2]!.inputs, [0, 1]);
  assert.equal(graph.nodes[2]!.output.values, [10, 40, 30, 80]);
  assert.equal(graph.nodes[graph.result]!.output.values, [120 + 50 - 0]);
  // x is used twice: its operations have the two parts, and x has their sum.
  assert.equal(graph.nodes[2]!.inputGradients[0]!.values, [10, 20, 10, 20]);
  assert.equal(graph.nodes[3]!.inputGradients[1]!.values, [1, 1, 1, 1]);
  assert.equal(byName(graph, 'a').gradient!.values, [...a.grad!.dataSync()]);
  assert.equal(byName(graph, 'b').gradient!.values, [...b.grad!.dataSync()]);
  assert.equal(graph.nodes[graph.result]!.gradient!.values, [1]);
  assert.match(graph.nodes[2]!.source, /^trace\.test\.ts:\d+$/);
});

test('the trace of a VAE step has the real operations, shapes, names and gradients', () => {
  const generator = new Generator(1);
  const model = new VAE({ inputSize: 12, hidden: [8], latent: 2, generator });
  const x = randn([3, 12], { generator }).sigmoid().detach().named('pixels');
  const eps = randn([3, 2], { generator }).named('eps');
  const graph = recordGraph(() => model.elbo(x, { eps }).loss, { names: model.namedParameters() });
  const linears = graph.nodes.filter((node) => node.op === 'linear');
  assert.equal(
    linears.map((node) => node.module),
    ['encoder.hidden.layers.0', 'encoder.mu', 'encoder.logVar', 'decoder.hidden.layers.0', 'decoder.out'],
  );
  assert.equal(
    linears.map((node) => node.output.shape),
    [
      [3, 8],
      [3, 2],
      [3, 2],
      [3, 8],
      [3, 12],
    ],
  );
  for (const [name, parameter] of model.namedParameters()) {
    const { gradient } = byName(graph, name);
    assert.equal(gradient!.shape, parameter.shape);
    const found = gradient!.values as number[];
    parameter.grad!.dataSync().forEach((g, i) => {
      assert.ok(Math.abs(g - found[i]!) <= 1e-6 * Math.max(1, Math.abs(g)), `${name}[${i}]`);
    });
  }
  assert.ok(
    graph.nodes.every((node) => node.inputs.every((id) => id < node.id)),
    'operands come before results',
  );
  assert.is(byName(graph, 'pixels').gradient, undefined);
});

test('a trace records exactly the operations that ran, and none afterwards', () => {
  const graph = trace((x) => x.exp().log().sum(), randn([4]));
  assert.equal(ops(graph), ['leaf', 'exp', 'log', 'sum']);
  const length = graph.nodes.length;
  randn([4]).exp();
  assert.is(graph.nodes.length, length);
});

test('large arrays are stored as statistics only', () => {
  const graph = trace((x) => x.mul(2), tensor(Float32Array.from({ length: 1000 }, (_, i) => i)));
  const { values, min, max, mean, notFinite } = graph.nodes.find((node) => node.op === 'mul')!.output;
  assert.equal([values, min, max, mean, notFinite], [undefined, 0, 1998, 999, 0]);
});

test('exports: every node and edge, quoted, with shapes on the edges', () => {
  const x = tensor([1, 2]).requiresGrad_().named('a "quoted" name');
  const graph = trace((t) => t.square().sum(), x);
  const dot = toDot(graph);
  assert.match(dot, /^digraph \{/);
  assert.match(dot, 'n0 [label="a \\"quoted\\" name", shape=ellipse]');
  assert.match(dot, 'n0 -> n1 [label="[2]"]');
  assert.match(toMermaid(graph), 'n0 -->|"[2]"| n1');
  assert.is(JSON.parse(toJSON(graph)).nodes.length, graph.nodes.length);
  assert.is(JSON.parse(toJSON(trace((t) => t.log(), tensor([0])))).nodes[1].output.min, '-Infinity');
});

test('profile counts calls, forward and backward, and prints a table', () => {
  const x = randn([64, 32]).requiresGrad_();
  const entries = profile(() => x.matmul(x.transpose()).relu().sum().backward());
  const find = (op: string, phase: string) => entries.find((e) => e.op === op && e.phase === phase);
  assert.is(find('matmul', 'forward')!.calls, 1);
  assert.is(find('matmul', 'forward')!.bytes, 4 * 64 * 64);
  assert.is(find('matmul', 'backward')!.calls, 2);
  assert.is(find('add', 'forward'), undefined, 'what gradients are made of is not counted apart');
  assert.match(formatProfile(entries), /operation +pass +calls +ms +share +MiB/);
});

function anomalyOf(f: () => Tensor): NotFiniteError {
  try {
    detectAnomaly(f);
  } catch (error) {
    assert.instance(error, NotFiniteError);
    return error as NotFiniteError;
  }
  throw new Error('nothing was found');
}

test('detectAnomaly names the first operation with a result that is not finite, and its operands', () => {
  const logVar = tensor([1, 200]).requiresGrad_();
  const forward = anomalyOf(() => logVar.mul(0.5).exp().log().sum());
  assert.is(forward.op, 'exp');
  assert.is(forward.phase, 'forward');
  assert.match(
    forward.message,
    /^exp: the forward pass made NaN or Infinity at trace\.test\.ts:\d+ — from finite operands: input 0: \[2\], values from 0\.5 to 100/,
  );
  const zero = tensor([0, 1]).requiresGrad_();
  const backward = anomalyOf(() => {
    const y = zero.sqrt().sum();
    y.backward();
    return y;
  });
  assert.equal([backward.op, backward.phase], ['sqrt', 'backward']);
  assert.match(
    backward.message,
    /^sqrt: the backward pass made NaN or Infinity at trace\.test\.ts:\d+ — from finite operands: ∂loss\/∂output: \[2\], values from 1 to 1.*; operand: \[2\], values from 0 to 1/,
  );
});

test('detectAnomaly names the module, forward and backward', () => {
  class Root {
    forward(x: Tensor): Tensor {
      return x.sqrt();
    }
  }
  const root = new Root();
  const modules = [['decoder.out', root]] as const;
  const at = (value: number): NotFiniteError => {
    const x = tensor([value]).requiresGrad_();
    try {
      detectAnomaly(() => root.forward(x).sum().backward(), { modules });
    } catch (error) {
      return error as NotFiniteError;
    }
    throw new Error('nothing was found');
  };
  const [forward, backward] = [at(-1), at(0)];
  assert.equal(
    [forward.phase, forward.module, backward.phase, backward.module],
    ['forward', 'decoder.out', 'backward', 'decoder.out'],
  );
  assert.match(backward.message, / in decoder\.out at trace\.test\.ts:\d+ — /);
});

test('debug({ nan: true }) checks all operations until it is switched off', () => {
  const overflow = (): Tensor => tensor([100]).exp();
  debug({ nan: true });
  try {
    assert.throws(overflow, (error: unknown) => error instanceof NotFiniteError && error.op === 'exp');
  } finally {
    debug({ nan: false });
  }
  assert.is(overflow().itemSync(), Number.POSITIVE_INFINITY);
});

test('debug refuses other values than true and false', () => {
  assert.throws(() => debug({ nan: 'false' } as never), /^debug: nan must be true or false, found 'false'$/);
});

test('detectAnomaly ignores operations whose operands are not finite, and finite computations', () => {
  assert.is(
    detectAnomaly(() => tensor([1, 2]).sum().itemSync()),
    3,
  );
  assert.ok(Number.isNaN(detectAnomaly(() => noGrad(() => tensor([Number.NaN]).mul(2).itemSync()))));
});

test.run();
