/** Graphs that are very long, very deep or full of markup: exported, drawn, or refused with a sentence. */
import { createReference, setBackend, type Tensor, tensor } from '@varigrad/core';
import {
  explain,
  formatProfile,
  type Graph,
  type GraphNode,
  layout,
  profileOf,
  recordGraph,
  toDot,
  toFlameSVG,
  toJSON,
  toMermaid,
  toSVG,
  whyNoGrad,
} from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refuses } from '../helpers/refuses.js';

setBackend(createReference());

const VALUES = { min: 0, max: 1, mean: 0.5, std: 0.5, norm: 1, zeros: 1, notFinite: 0, values: [0, 1] };

/** A chain of operations; `module` names the module of each. */
function chain(length: number, module: (i: number) => string = () => ''): Graph {
  const nodes = Array.from({ length }, (_, id): GraphNode => {
    const leaf = id === 0;
    return {
      id,
      op: leaf ? 'leaf' : 'exp',
      name: '',
      module: leaf ? '' : module(id),
      source: '',
      inputs: leaf ? [] : [id - 1],
      params: undefined,
      output: { shape: [2], ...VALUES },
      requiresGrad: true,
      inputGradients: leaf ? [] : [null],
      bytes: 8,
      milliseconds: 1,
      backwardMilliseconds: 0,
    };
  });
  return { nodes, result: length - 1 };
}

test('a chain of 50,000 operations is exported as text; a picture of it is refused', () => {
  const graph = chain(50_000, (i) => `m${i % 2}`);
  assert.is(toDot(graph).match(/ -> /g)?.length, 49_999);
  assert.is(toMermaid(graph).match(/ -->/g)?.length, 49_999);
  assert.is(JSON.parse(toJSON(graph)).nodes.length, 50_000);
  assert.is(profileOf(graph).length, 2);
  for (const draw of [() => layout(graph), () => toSVG(graph), () => toSVG(graph, { depth: 0 })]) {
    refuses(
      draw,
      'layout: the graph has 50000 nodes, a picture at most 5000 — record a smaller part, or write all of it with toDot or toJSON',
    );
  }
});

test('the largest picture: 5,000 operations in a module become one box, or one frame', () => {
  const graph = chain(5000, () => 'net.block');
  assert.is(layout(graph, { depth: 0 }).boxes.length, 2);
  const { boxes, groups } = layout(graph);
  assert.is(boxes.length, 5000);
  assert.equal(
    groups.map(({ module }) => module),
    ['net.block'],
  );
});

test('modules called in turns: boxes in the order of the calls, as before', () => {
  const { boxes } = layout(
    chain(101, (i) => `m${i % 2}`),
    { depth: 0 },
  );
  assert.is(boxes.length, 101);
});

test('a recorded chain of 20,000 operations has a gradient, an explanation and a diagnosis', () => {
  const x = tensor([1]).requiresGrad_().named('x');
  const build = (): Tensor => {
    let y: Tensor = x;
    for (let i = 0; i < 20_000; i++) y = y.neg();
    return y.sum();
  };
  const graph = recordGraph(build);
  assert.is(graph.nodes.length, 20_002);
  assert.equal(graph.nodes[0]?.gradient?.values, [1]);
  assert.match(explain(build(), x, { check: false }), '1 path leads from the loss back to x');
  assert.is(whyNoGrad(x, build()).reason, 'hasGradient');
});

const NAMES = Array.from({ length: 20_000 }, (_, i) => `m${i % 10}`);

test('a module path of 20,000 names: 64 levels are shown', () => {
  const path = NAMES.join('.');
  const graph = chain(4, (i) => (i === 3 ? `${path}.x` : path));
  const { groups, boxes } = layout(graph);
  assert.is(groups.length, 1, 'frames that contain only a frame are left out');
  assert.is(boxes.length, 4);
  assert.is(layout(graph, { depth: 2 }).boxes[1]?.module, 'm0.m1.m2');
  for (const text of [toSVG(graph), toDot(graph), toMermaid(graph), formatProfile(profileOf(graph))]) {
    assert.ok(text.length < 2_000_000);
  }
  const flame = toFlameSVG(profileOf(graph));
  assert.ok(flame.length < 2_000_000);
});

test('300 modules inside each other', () => {
  const graph = chain(300, (i) => NAMES.slice(0, i).join('.'));
  assert.is(layout(graph).groups.length, 64);
  assert.ok(toFlameSVG(profileOf(graph)).includes('forward'));
});

/** What a label must not become: a tag, an entity, a line, the end of a string, Markdown. */
const HOSTILE = `<img src=x onerror="alert('1')">\n  click n0 href "javascript:alert(2)"\r\n%% \`**b**\` #lt; & \\ ; \u2028end`;

function hostile(): Graph {
  const graph = chain(3, () => HOSTILE);
  return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, name: HOSTILE, op: node.op })) };
}

test('toMermaid escapes names: one line each, no markup, and the text comes back', () => {
  const lines = toMermaid(hostile()).trimEnd().split('\n');
  assert.is(lines.length, 1 + 1 + 1 + 2 + 1 + 2, 'head, leaf, frame, its two nodes, its end, two arrows');
  const labels = lines.flatMap((line) => [...line.matchAll(/"([^"]*)"/g)].map(([, label]) => label!));
  assert.is(labels.length, 6);
  for (const label of labels) {
    assert.not.match(label, /[<>'`&\\]/);
    assert.not.match(label.replaceAll(/#\d+;/g, ''), /[#;*]/);
  }
  const shown = labels[0]!.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  assert.is(shown, HOSTILE.replaceAll(/\s+/g, ' '));
});

test('a name that looks like a list or an entity is shown as it is', () => {
  const graph = chain(2, () => '');
  const named = {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, op: 'leaf', name: '1. a - &lt;\0b' })),
  };
  assert.match(toMermaid(named), '"1#46; a #45; #38;lt#59;#0;b"');
  assert.match(toDot(named), '"1. a - &amp;lt; b"');
});

test('toDot keeps names inside their strings', () => {
  const dot = toDot(hostile());
  const outside = dot.replaceAll(/"(?:\\.|[^"\\])*"/gs, '""');
  assert.not.match(outside, /img|alert|click/);
});

test('SVG pictures escape names, in text and in attributes', () => {
  const graph = hostile();
  for (const svg of [
    toSVG(graph, { title: HOSTILE }),
    toSVG(graph, { depth: 0 }),
    toFlameSVG(profileOf(graph), { title: HOSTILE }),
  ]) {
    assert.not.match(svg, /<img/);
    assert.not.match(svg, /onerror="/);
    assert.not.match(svg, /alert\('/);
  }
});

test.run();
