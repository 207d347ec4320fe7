import { type Graph, type Layout, layout } from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bindings, commandOf } from '../../examples/explorer/src/keys.js';
import { boxMarks, edgeMarks } from '../../examples/explorer/src/marks.js';
import { presets } from '../../examples/explorer/src/presets/list.js';
import { search, shortTitleOf, titleOf } from '../../examples/explorer/src/search.js';
import {
  type Action,
  consumersOf,
  fitted,
  focusOf,
  hiddenBy,
  modulesOf,
  reduce,
  type Scene,
  type State,
} from '../../examples/explorer/src/state.js';
import {
  firstBackward,
  forwardStepOf,
  received,
  stepsOf,
  turnsOf,
} from '../../examples/explorer/src/steps.js';
import { decodeState, encodeState } from '../../examples/explorer/src/url.js';
import { stepText } from '../../examples/explorer/src/views/scrubber.js';

const START: State = { preset: 'scalar', step: 0, focus: null, collapsed: [], program: '' };

function sceneOf(id: string): Scene {
  const { graph } = presets.find((preset) => preset.id === id)!.run();
  return { graph, steps: stepsOf(graph) };
}

const idOf = ({ nodes }: Graph, name: string): number => nodes.find((node) => node.name === name)!.id;

// L = (x·y + x)²: x, y, mul (product), add (q), square (L); forward in steps 1 to 3, backward in 4 to 6.
const scalar = sceneOf('scalar');
const [x, y, product, q, L] = ['x', 'y', 'product', 'q', 'L'].map((name) => idOf(scalar.graph, name)) as [
  number,
  number,
  number,
  number,
  number,
];

test('steps: the start, operations in order, then backward in the opposite order', () => {
  const told = scalar.steps.map((step) => [step.kind, step.kind === 'start' ? '' : step.node]);
  assert.equal(told, [
    ['start', ''],
    ['forward', product],
    ['forward', q],
    ['forward', L],
    ['backward', L],
    ['backward', q],
    ['backward', product],
  ]);
  assert.is(firstBackward(scalar.steps), 4);
  assert.is(forwardStepOf(scalar.graph, scalar.steps, x), 0);
  assert.is(forwardStepOf(scalar.graph, scalar.steps, q), 2);
  assert.equal(turnsOf(scalar.steps, q), [5]);
});

test('steps: a value that is used twice accumulates its gradients one after the other', () => {
  const at = (step: number) => {
    const { parts, sum } = received(scalar.graph, scalar.steps, step, x);
    return { parts: parts.map(({ from, gradient }) => [from, gradient.values![0]]), sum: sum?.values?.[0] };
  };
  assert.equal(at(4), { parts: [], sum: undefined });
  assert.equal(at(5), { parts: [[q, 9]], sum: 9 });
  const both = [
    [q, 9],
    [product, 4.5],
  ];
  assert.equal(at(6), { parts: both, sum: 13.5 });
});

test('steps: in a second backward pass operations start from zero, leaves accumulate', () => {
  const { graph, steps } = sceneOf('double-backward-bad');
  const sumAt = (step: number, name: string) =>
    received(graph, steps, step, idOf(graph, name)).sum!.values![0];
  const last = steps.length - 1;
  assert.equal([sumAt(last - 2, 'w'), sumAt(last, 'w')], [12, 24]);
  assert.equal([sumAt(last - 2, 'product'), sumAt(last, 'product')], [6, 6]);
});

test('steps: a recording without backward ends with its last operation', () => {
  const { backward: _, ...graph } = scalar.graph;
  assert.is(stepsOf(graph).length, 4);
  assert.is(firstBackward(stepsOf(graph)), 4);
});

test('every step has a sentence', () => {
  assert.equal(
    scalar.steps.map((_, i) => stepText(scalar, i)),
    [
      'start: the leaves have their values',
      'forward: mul computes product',
      'forward: add computes q',
      'forward: square computes L',
      'backward: square → L sends gradients to add → q',
      'backward: add → q sends gradients to mul → product and x',
      'backward: mul → product sends gradients to x and y',
    ],
  );
});

const after = (scene: Scene, from: State, ...actions: readonly Action[]): State =>
  actions.reduce((state, action) => reduce(state, action, scene), from);

test('moving stays within the steps, and resets the focus', () => {
  const step = (...actions: Action[]) => after(scalar, START, ...actions).step;
  assert.is(step({ kind: 'move', by: 1 }), 1);
  assert.is(step({ kind: 'move', by: -1 }), 0);
  assert.is(step({ kind: 'go', to: Number.MAX_SAFE_INTEGER }), 6);
  assert.is(step({ kind: 'go', to: Number.NaN }), 0);
  const moved = after(scalar, START, { kind: 'focus', node: y }, { kind: 'move', by: 2 });
  assert.is(moved.focus, null);
  assert.is(focusOf(moved, scalar), q);
});

test('the focus moves to operands, consumers, and the steps of a node', () => {
  const atL: State = { ...START, step: 3 };
  const focus = (from: State, ...actions: Action[]) => focusOf(after(scalar, from, ...actions), scalar);
  assert.is(focus(atL, { kind: 'operand' }), q);
  assert.is(focus(atL, { kind: 'operand' }, { kind: 'operand' }, { kind: 'operand' }), x);
  assert.is(focus(atL, { kind: 'focus', node: y }, { kind: 'operand' }), y);
  assert.is(focus(atL, { kind: 'focus', node: y }, { kind: 'consumer' }), product);
  assert.is(focus(atL, { kind: 'consumer' }), L);
  assert.equal(consumersOf(scalar.graph, x), [product, q]);
  const computed = after(scalar, { ...START, step: 6, focus: q }, { kind: 'computed' });
  assert.equal([computed.step, computed.focus], [2, q]);
  const turn = after(scalar, { ...START, focus: q }, { kind: 'turn' });
  assert.equal([turn.step, turn.focus], [5, q]);
  assert.equal(after(scalar, { ...START, focus: y }, { kind: 'turn' }), { ...START, focus: y });
  assert.is(after(scalar, START, { kind: 'focus', node: 99 }).focus, null);
});

test('the backward step of a node cycles through the backward passes', () => {
  const scene = sceneOf('double-backward-bad');
  const node = idOf(scene.graph, 'product');
  const turns = turnsOf(scene.steps, node);
  assert.is(turns.length, 2);
  const at = (step: number) => after(scene, { ...START, step, focus: node }, { kind: 'turn' }).step;
  assert.equal([at(0), at(turns[0]!), at(turns[1]!)], [turns[0], turns[1], turns[0]]);
});

test('the operand of a detached leaf is the value that it was detached from', () => {
  const scene = sceneOf('detached-bad');
  const [z, code] = [idOf(scene.graph, 'z'), idOf(scene.graph, 'code')];
  assert.is(focusOf(after(scene, { ...START, focus: z }, { kind: 'operand' }), scene), code);
  assert.equal(consumersOf(scene.graph, code), [z]);
  assert.is(forwardStepOf(scene.graph, scene.steps, z), forwardStepOf(scene.graph, scene.steps, code));
});

const vae = sceneOf('vae-step');

test('modules close and open, by name, by the node in focus, all at once', () => {
  const modules = modulesOf(vae.graph);
  for (const path of ['encoder', 'encoder.mu', 'decoder', 'posterior'])
    assert.ok(modules.includes(path), path);
  const node = vae.graph.nodes.find(({ module }) => module === 'encoder.mu')!.id;
  const closed = after(vae, START, { kind: 'toggle', module: 'encoder' });
  assert.equal(closed.collapsed, ['encoder']);
  assert.is(hiddenBy(vae.graph, node, closed.collapsed), 'encoder');
  assert.is(hiddenBy(vae.graph, node, ['decoder', 'encode']), undefined);
  assert.equal(after(vae, { ...closed, focus: node }, { kind: 'toggleFocused' }).collapsed, []);
  const inner = after(vae, { ...START, focus: node }, { kind: 'toggleFocused' });
  assert.equal(inner.collapsed, ['encoder.mu']);
  const all = after(vae, START, { kind: 'closeAll' });
  assert.ok(all.collapsed.includes('encoder') && !all.collapsed.some((path) => path.includes('.')));
  assert.equal(after(vae, all, { kind: 'openAll' }).collapsed, []);
  assert.equal(after(scalar, START, { kind: 'toggleFocused' }), START);
});

test('the address stores any state', () => {
  const states: State[] = [
    START,
    { ...START, step: 12, focus: 0, collapsed: ['decoder', 'encoder.mu'] },
    { ...START, preset: 'ä & = # %', collapsed: ['a,b', 'c&d=e'] },
    { ...START, preset: 'program', program: "const s = '100 % & # = ?';\nexport default () => s;" },
  ];
  for (const state of states) assert.equal(decodeState(`#${encodeState(state)}`, 'other'), state);
});

test('an empty or invalid address leads to the start', () => {
  const start = { ...START, preset: 'first' };
  for (const hash of ['', '#', '#step=-1&focus=x', '#preset=&step=1e9', '#collapsed=,,']) {
    assert.equal(decodeState(hash, 'first'), start, hash);
  }
  assert.is(decodeState('#preset=%E0%A4%A', 'first').preset, '%E0%A4%A');
  const old = { ...START, step: 900, focus: 77, collapsed: ['encoder', 'gone'] };
  assert.equal(fitted(old, scalar), { ...START, step: 6, focus: null, collapsed: [] });
});

test('search finds operations, names, modules, shapes and numbers', () => {
  const titles = (query: string) => search(vae.graph, query).map((id) => titleOf(vae.graph.nodes[id]!));
  assert.equal(titles('kl'), ['div → kl', 'standardNormalKl']);
  const first = titles('e').findIndex((title) => !/^e|→ e/.test(title));
  assert.ok(
    first > 0 &&
      titles('e')
        .slice(first)
        .every((title) => !/^e|→ e/.test(title)),
    'beginnings come first',
  );
  assert.ok(titles('LINEAR').length >= 5 && titles('LINEAR').every((title) => title === 'linear'));
  assert.equal(titles('weight encoder mu'), ['encoder.mu.weight']);
  assert.ok(search(vae.graph, '[4, 16]').every((id) => `${vae.graph.nodes[id]!.output.shape}` === '4,16'));
  assert.equal(search(vae.graph, '#7'), [7]);
  assert.equal(search(vae.graph, '#999'), []);
  assert.equal(search(vae.graph, '   '), []);
  assert.equal(titles('no such node'), []);
  assert.is(shortTitleOf(vae.graph.nodes.find(({ name }) => name === 'encoder.mu.weight')!), 'weight');
});

const press = (key: string, element = 'body', more = {}) =>
  commandOf({ key, ctrlKey: false, altKey: false, metaKey: false, ...more }, element);

test('keys: one command each, none while another element uses the key', () => {
  assert.is(new Set(bindings.map(({ key }) => key)).size, bindings.length);
  for (const { key, command } of bindings) assert.is(press(key), command);
  assert.is(press('ArrowRight', 'textarea'), undefined);
  assert.is(press('b', 'input'), undefined);
  assert.is(press('f', 'body', { ctrlKey: true }), undefined);
  assert.is(press(' ', 'button'), undefined);
  assert.is(press('ArrowRight', 'button'), 'forward');
  assert.is(press('q'), undefined);
});

function marked(scene: Scene, state: State) {
  const placed: Layout = layout(scene.graph);
  const box = (id: number) => boxMarks(placed.boxes.find(({ nodes }) => nodes.includes(id))!, state, scene);
  const arrow = (source: number, to: number) => {
    const edge = placed.edges.find((e) => e.source === source && placed.boxes[e.to]!.nodes.includes(to))!;
    return edgeMarks(edge, placed.boxes[edge.to]!, state, scene);
  };
  return { box, arrow };
}

test('marks: future, current, with gradient', () => {
  const start = marked(scalar, START);
  assert.equal(start.box(x), ['focus']);
  assert.equal(start.box(L), ['future']);
  assert.equal(start.arrow(q, L), ['future']);
  const forward = marked(scalar, { ...START, step: 2 });
  assert.equal(forward.box(q), ['current', 'focus']);
  assert.equal(forward.arrow(x, q), ['carries']);
  assert.equal(forward.arrow(x, product), []);
  const backward = marked(scalar, { ...START, step: 5, focus: y });
  assert.equal(backward.box(q), ['current', 'graded']);
  assert.equal(backward.box(y), ['focus']);
  assert.equal(backward.arrow(x, q), ['returns', 'returned']);
  assert.equal(backward.arrow(q, L), ['returned']);
  assert.equal(backward.arrow(y, product), []);
});

test('marks: gradients do not pass a value that is not on the tape', () => {
  const scene = sceneOf('reparameterization-blocked');
  const mu = idOf(scene.graph, 'mu');
  const { arrow } = marked(scene, { ...START, step: scene.steps.length - 1 });
  assert.equal(arrow(mu, idOf(scene.graph, 'z')), ['blocked']);
  const kl = scene.graph.nodes.find(({ op }) => op === 'standardNormalKl')!.id;
  assert.ok(arrow(mu, kl).includes('returned'));
});

test.run();
