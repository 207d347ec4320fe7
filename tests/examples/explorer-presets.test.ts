import type { Shape, Tensor } from '@varigrad/core';
import { type ArraySummary, type Graph, type GraphNode, withRecorder } from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { presets } from '../../examples/explorer/src/presets/list.js';
import type { Exhibit } from '../../examples/explorer/src/presets/preset.js';
import { stepParts, trainingStep } from '../../examples/explorer/src/presets/vae-step.js';
import { lossAndGradients, type Weights } from '../helpers/float64-vae.js';
import { naive, type Plain } from '../helpers/naive-operations.js';

const runs = new Map<string, Exhibit>(presets.map((preset) => [preset.id, preset.run()]));
const run = (id: string): Exhibit => runs.get(id) as Exhibit;

function named(graph: Graph, name: string): GraphNode {
  const found = graph.nodes.filter((node) => node.name === name);
  assert.is(found.length, 1, `one node is called ${name}`);
  return found[0] as GraphNode;
}

const plain = ({ shape, values }: ArraySummary): Plain => ({ shape, values: values as readonly number[] });

/** |a − b| relative to the largest number of the array; Infinity equals itself. */
function close(found: readonly number[], wanted: readonly number[], tolerance: number, what: string): void {
  assert.is(found.length, wanted.length, `${what}: length`);
  const scale = Math.max(1, ...wanted.filter(Number.isFinite).map(Math.abs));
  wanted.forEach((value, i) => {
    const same = found[i] === value || Math.abs(found[i]! - value) <= tolerance * scale;
    assert.ok(same, `${what}[${i}]: ${found[i]}, not ${value}`);
  });
}

test('ids are unique, and every preset has a text', () => {
  assert.is(new Set(presets.map(({ id }) => id)).size, presets.length);
  for (const { id, prose } of presets) {
    assert.match(id, /^[a-z-]+$/);
    assert.ok(prose.join(' ').length > 80, id);
    assert.ok(run(id).expected.length > 0, id);
  }
});

for (const { id } of presets) {
  test(`${id}: shows the numbers that it announces`, () => {
    for (const { node, of, numbers } of run(id).expected) {
      const found = named(run(id).graph, node);
      const shown = of === 'value' ? found.output : found.gradient;
      if (numbers === 'none') assert.is(shown, undefined, `${node} has no gradient`);
      else close(shown?.values ?? [], numbers, 2e-7, `${node} ${of}`);
    }
  });

  test(`${id}: gradients of leaves are those in the engine's .grad`, () => {
    const { graph, tensors } = run(id);
    assert.ok(tensors.size > 0);
    for (const [name, tensor] of tensors) {
      const { gradient, output } = named(graph, name);
      assert.equal(output.shape, tensor.shape, name);
      if (tensor.grad === null) assert.is(gradient, undefined, name);
      else assert.equal(gradient?.values, [...tensor.grad.dataSync()], name);
    }
  });

  test(`${id}: every value follows from its operands, in float64`, () => {
    const { nodes } = run(id).graph;
    for (const node of nodes.filter(({ op }) => op !== 'leaf')) {
      const inputs = node.inputs.map((input) => plain(nodes[input]!.output));
      const what = `${node.op} (node ${node.id})`;
      const wanted = naive[node.op]!(inputs, node).map((value) => (value > 3.41e38 ? Infinity : value));
      close(node.output.values!, wanted, 1e-6, what);
    }
  });

  test(`${id}: what each operation sends back is its derivative, by central differences`, () => {
    checkProducts(run(id).graph);
  });

  test(`${id}: the parts that a node receives add up to its gradient`, () => {
    const { nodes, backward = [] } = run(id).graph;
    for (const node of nodes) {
      const parts = backward.flatMap((step) =>
        step.inputGradients.filter((_, i) => nodes[step.node]!.inputs[i] === node.id),
      );
      const passes = backward.filter((step) => step.node === node.id).length || 1;
      const received = parts.flatMap((part) => (part === null ? [] : [part.values!]));
      if (received.length === 0) continue;
      const total = received[0]!.map((_, i) => received.reduce((sum, part) => sum + part[i]!, 0) / passes);
      close(node.gradient!.values!, total, 1e-6, `${node.op} ${node.name} (node ${node.id})`);
    }
  });
}

/** Σ dy · f; its gradient is the vector-Jacobian product. */
function weighted(node: GraphNode, inputs: readonly Plain[], dy: readonly number[]): number {
  return naive[node.op]!(inputs, node).reduce((total, value, i) => total + value * dy[i]!, 0);
}

function checkProducts({ nodes, backward = [] }: Graph): void {
  const h = 1e-5;
  for (const step of backward) {
    const node = nodes[step.node]!;
    const inputs = node.inputs.map((id) => plain(nodes[id]!.output));
    if (node.output.notFinite > 0 || node.inputs.some((id) => nodes[id]!.output.notFinite > 0)) continue;
    step.inputGradients.forEach((product, operand) => {
      if (product === null) return;
      const at = (i: number, change: number): readonly Plain[] =>
        inputs.map((x, k) =>
          k === operand
            ? { ...x, values: x.values.map((value, j) => (j === i ? value + change : value)) }
            : x,
        );
      const wanted = inputs[operand]!.values.map(
        (_, i) =>
          (weighted(node, at(i, h), step.dy.values!) - weighted(node, at(i, -h), step.dy.values!)) / (2 * h),
      );
      close(product.values!, wanted, 2e-6, `${node.op} (node ${node.id}), operand ${operand}`);
    });
  }
}

/** Operations and result shapes on the tape of a loss. */
function tapeOf(loss: Tensor): { op: string; shape: Shape }[] {
  const seen = new Set<Tensor>();
  const pending = [loss];
  for (let t = pending.pop(); t !== undefined; t = pending.pop()) {
    if (seen.has(t)) continue;
    seen.add(t);
    pending.push(...(t.node?.inputs ?? []));
  }
  return [...seen].flatMap(({ node, shape }) => (node === null ? [] : [{ op: node.op.name, shape }]));
}

const sorted = (steps: readonly { op: string; shape: Shape }[]): string[] =>
  steps.map(({ op, shape }) => `${op} [${shape}]`).sort();

test('the traced VAE step has the operations, the node count and the shapes of the real one', () => {
  const { graph } = run('vae-step');
  const operations = graph.nodes.filter(({ op }) => op !== 'leaf');
  const shown = sorted(operations.map(({ op, output: { shape } }) => ({ op, shape })));

  const { model, x, eps } = stepParts();
  assert.equal(shown, sorted(tapeOf(model.elbo(x, { eps }).loss)), "the loss's tape");

  let leaves = new Set<Tensor>();
  const made = new Set<Tensor>();
  const ran: { op: string; shape: Shape }[] = [];
  const counter = {
    operation: ({ op, inputs, out }: { op: string; inputs: readonly Tensor[]; out: Tensor }) => {
      ran.push({ op, shape: out.shape });
      made.add(out);
      leaves = new Set([...leaves, ...inputs.filter((t) => !made.has(t))]);
    },
    gradient: () => undefined,
  };
  const parts = stepParts();
  withRecorder(counter, () => trainingStep(parts));
  assert.equal(shown, sorted(ran), 'a step without a trace');
  assert.is(graph.nodes.length, ran.length + leaves.size);
});

test("the VAE step's loss and gradients are those of an independent VAE in float64", () => {
  const { graph } = run('vae-step');
  const { model, x, eps } = stepParts();
  const weights: Weights = Object.fromEntries(
    Array.from(model.namedParameters(), ([name, t]) => [name, Float64Array.from(t.dataSync())]),
  );
  const sizes = { pixels: 16, hidden: 6, latent: 2 };
  const wanted = lossAndGradients(
    weights,
    sizes,
    Float64Array.from(x.dataSync()),
    Float64Array.from(eps.dataSync()),
  );
  for (const part of ['loss', 'recon', 'kl'] as const) {
    close(named(graph, part).output.values!, [wanted[part]], 1e-6, part);
  }
  for (const [name, gradient] of Object.entries(wanted.grads)) {
    close(named(graph, name).gradient!.values!, [...gradient], 1e-6, name);
  }
});

test('the blocked gradient: the same values with and without the trick, and no gradient past z', () => {
  const open = run('reparameterization').graph;
  const blocked = run('reparameterization-blocked').graph;
  assert.equal(
    blocked.nodes.map(({ op, output }) => [op, output.values]),
    open.nodes.map(({ op, output }) => [op, output.values]),
  );
  const z = named(blocked, 'z');
  assert.is(z.requiresGrad, false);
  assert.ok(
    blocked.backward!.every(({ node }) => node !== z.id),
    'backward does not come to z',
  );
  assert.ok(open.backward!.some(({ node }) => node === named(open, 'z').id));
  const reasons = (id: string) => run(id).findings.map(({ says }) => says.split(':')[0]);
  assert.equal(reasons('reparameterization'), ['hasGradient', 'hasGradient']);
  assert.equal(reasons('reparameterization-mean'), ['hasGradient', 'multipliedByZero']);
  assert.equal(reasons('reparameterization-blocked'), ['noGrad', 'noGrad']);
});

test('museum: an average over pixels divides only the gradient of the logits by their number', () => {
  const gradient = (id: string, name: string) => named(run(id).graph, name).gradient!.norm;
  assert.is(gradient('scaling-good', 'logits') / gradient('scaling-bad', 'logits'), 4);
  assert.is(gradient('scaling-good', 'mu'), gradient('scaling-bad', 'mu'));
});

test('museum: detectAnomaly names exp, and finds nothing when it is bounded', () => {
  const [finding] = run('overflow-bad').findings;
  assert.is(finding!.tool, 'detectAnomaly');
  assert.match(
    finding!.says,
    /^exp: the forward pass made NaN or Infinity at overflow\.ts:\d+ — .*values from 0 to 100$/,
  );
  assert.equal(run('overflow-good').findings, []);
});

test('museum: a second backward adds to leaves, starts from zero elsewhere, and needs the graph', () => {
  const { graph } = run('double-backward-bad');
  const turns = graph.backward!.map(({ node, dy, sums }) => [
    graph.nodes[node]!.op,
    dy.values,
    sums[0]!.values,
  ]);
  assert.equal(turns, [
    ['square', [1], [6]],
    ['mul', [6], [12]],
    ['square', [1], [6]],
    ['mul', [6], [24]],
  ]);
  assert.match(run('double-backward-freed').findings[0]!.says, "the graph behind 'square' was freed");
});

test('museum: a detached latent refers to the node that it was detached from', () => {
  const { graph } = run('detached-bad');
  assert.match(
    run('detached-bad').findings[0]!.says,
    /^detached: encoder\.weight: .* called on 'code' \(matmul\)/,
  );
  assert.match(run('detached-good').findings[0]!.says, /^hasGradient: /);
  const z = named(graph, 'z');
  assert.is(z.op, 'leaf');
  assert.is(z.detachedFrom, named(graph, 'code').id);
  assert.is(named(run('detached-good').graph, 'code').detachedFrom, undefined);
});

test('museum: dropout in evaluation adds a mask to the graph, eval() removes it', () => {
  const ops = (id: string) =>
    run(id)
      .graph.nodes.filter(({ op }) => op !== 'leaf')
      .map(({ op }) => op);
  assert.equal(ops('dropout-bad'), ['mul', 'ge', 'where', 'mul', 'sum']);
  assert.equal(ops('dropout-good'), ['mul', 'sum']);
  const values = named(run('dropout-bad').graph, 'weights').gradient!.values!;
  assert.ok(values.includes(0), 'some units are dropped');
  assert.ok(
    values.every((value, i) => value === 0 || value === 2 * (i + 1)),
    'the others are doubled',
  );
  assert.match(run('dropout-bad').findings[0]!.says, /^zeroDerivative: .* stops at where#\d+/);
});

test.run();
