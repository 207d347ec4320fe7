/** The layout must be a correct drawing (nothing overlaps, arrows point down and end at their boxes), and the SVG well formed. */
import { Generator, rand, randn, tensor } from '@varigrad/core';
import {
  edgePath,
  type Graph,
  type GraphNode,
  type Layout,
  layout,
  recordGraph,
  toSVG,
  trace,
} from '@varigrad/core/trace';
import { Linear } from '@varigrad/nn';
import { VAE } from '@varigrad/vae';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

const TOLERANCE = 1e-6;
const overlap = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width - TOLERANCE &&
  b.x < a.x + a.width - TOLERANCE &&
  a.y < b.y + b.height - TOLERANCE &&
  b.y < a.y + a.height - TOLERANCE;
const contains = (a: Rect, b: Rect): boolean =>
  a.x <= b.x + TOLERANCE &&
  a.y <= b.y + TOLERANCE &&
  a.x + a.width >= b.x + b.width - TOLERANCE &&
  a.y + a.height >= b.y + b.height - TOLERANCE;

/** Conditions that every correct drawing satisfies. */
function checkDrawing(graph: Graph, picture: Layout): void {
  const { boxes, edges, groups } = picture;
  const page = { x: 0, y: 0, width: picture.width, height: picture.height };
  boxes.forEach((a, i) => {
    assert.ok(contains(page, a), `${a.lines[0]} is on the page`);
    for (const b of boxes.slice(i + 1)) assert.not(overlap(a, b), `${a.lines.join()} and ${b.lines.join()}`);
    for (const g of groups) {
      const inside = a.module === g.module || a.module.startsWith(`${g.module}.`);
      if (overlap(a, g)) assert.ok(inside && contains(g, a), `${a.lines[0]} (${a.module}) at ${g.module}`);
    }
  });
  groups.forEach((g, i) => {
    for (const h of groups.slice(i + 1)) {
      if (overlap(g, h)) assert.ok(contains(g, h), `${h.module} lies in ${g.module}, or apart`);
    }
  });
  for (const { points, from, to, source, label } of edges) {
    const [start, end] = [boxes[from]!, boxes[to]!];
    assert.ok(start.nodes.includes(source));
    assert.ok(end.nodes.some((id) => graph.nodes[id]!.inputs.includes(source)));
    assert.is(label, `[${graph.nodes[source]!.output.shape.join(', ')}]`);
    for (let i = 1; i < points.length; i++) {
      assert.ok(points[i]!.y >= points[i - 1]!.y - TOLERANCE, 'an arrow points down all the way');
    }
    const [first, last] = [points[0]!, points.at(-1)!];
    assert.ok(Math.abs(first.y - start.y - start.height) < TOLERANCE, 'starts at the lower edge');
    assert.ok(Math.abs(last.y - end.y) < TOLERANCE, 'ends at the upper edge');
    assert.ok(first.x > start.x && first.x < start.x + start.width);
    assert.ok(last.x > end.x && last.x < end.x + end.width);
    for (let i = 1; i < points.length; i++) {
      const [p, q] = [points[i - 1]!, points[i]!];
      // A bend stays in the rectangle between its ends, which is taken as at least one pixel wide.
      const x = Math.min(p.x, q.x);
      const piece = { x: x - 0.5, y: p.y, width: Math.abs(p.x - q.x) + 1, height: q.y - p.y };
      for (const box of boxes) assert.not(overlap(box, piece), `${label}: an arrow is on ${box.lines[0]}`);
      for (const group of groups) {
        const own = contains(group, start) || contains(group, end);
        if (!own) assert.not(overlap(group, piece), `${label}: an arrow is on the frame of ${group.module}`);
      }
    }
  }
  checkCompleteness(graph, picture);
}

/** Every node is in one box (or folded into its consumer), and every dependence between boxes is one arrow. */
function checkCompleteness(graph: Graph, { boxes, edges }: Layout): void {
  const boxOf = new Map(boxes.flatMap(({ nodes }, i) => nodes.map((id) => [id, i] as const)));
  const count = boxes.reduce((sum, { nodes }) => sum + nodes.length, 0);
  assert.is(count, boxOf.size, 'no node is in two boxes');
  const folded = graph.nodes.filter(({ id }) => !boxOf.has(id));
  for (const node of folded) {
    assert.equal(
      [node.op, node.name, node.output.values?.length],
      ['leaf', '', 1],
      'only constants are folded',
    );
  }
  const wanted = new Set<string>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const [from, to] = [boxOf.get(input), boxOf.get(node.id)];
      if (from !== undefined && from !== to) wanted.add(`${input} ${from} ${to}`);
    }
  }
  assert.equal(new Set(edges.map(({ source, from, to }) => `${source} ${from} ${to}`)), wanted);
  assert.is(edges.length, wanted.size);
}

const generator = new Generator(1);
const model = new VAE({ generator });
function vaeStep(): Graph {
  const x = rand([4, 784], { generator }).named('pixels');
  const eps = randn([4, 20], { generator }).named('eps');
  return recordGraph(() => model.elbo(x, { eps }).loss, { names: model.namedParameters() });
}
const vae = vaeStep();

/** A graph of plain data with random edges and modules. */
function randomGraph(seed: number, count: number): Graph {
  const random = new Generator(seed);
  const draw = (below: number): number => (random.words(1)[0] as number) % below;
  const summary = {
    shape: [2],
    min: 0,
    max: 1,
    mean: 0.5,
    std: 0.5,
    norm: 1,
    zeros: 1,
    notFinite: 0,
    values: [0, 1],
  };
  const modules = ['', 'a', 'a.b', 'a.c', 'd', 'd.e.f'];
  const nodes = Array.from({ length: count }, (_, id): GraphNode => {
    const inputs = id < 3 ? [] : Array.from({ length: 1 + draw(3) }, () => draw(id));
    return {
      id,
      op: inputs.length === 0 ? 'leaf' : 'add',
      name: '',
      module: modules[draw(modules.length)]!,
      source: '',
      inputs,
      params: undefined,
      output: summary,
      requiresGrad: true,
      inputGradients: inputs.map(() => null),
      bytes: 8,
      milliseconds: 0,
      backwardMilliseconds: 0,
    };
  });
  return { nodes, result: count - 1 };
}

test('the whole VAE step is a correct drawing, open and closed at any depth', () => {
  for (const depth of [Number.POSITIVE_INFINITY, 2, 1, 0]) checkDrawing(vae, layout(vae, { depth }));
  checkDrawing(vae, layout(vae, { foldConstants: false }));
  checkDrawing(vae, layout(vae, { collapsed: ['decoder'] }));
});

test('random graphs with interleaved modules are correct drawings', () => {
  for (let seed = 0; seed < 30; seed++) {
    const graph = randomGraph(seed, 4 + 2 * seed);
    for (const depth of [Number.POSITIVE_INFINITY, 1, 0]) checkDrawing(graph, layout(graph, { depth }));
  }
});

test('an arrow is drawn from its first point to its last, without segments of length 0', () => {
  const point = (x: number, y: number) => ({ x, y });
  const path = edgePath([point(5, 0), point(5, 0), point(5, 8), point(9, 16), point(9, 16)]);
  assert.is(path, 'M5 0 L5 8 C5 12 9 12 9 16');
});

test('modules are frames; `depth` and `collapsed` close them', () => {
  const frames = layout(vae).groups.map(({ module }) => module);
  assert.equal(frames.toSorted(), [
    'decoder',
    'decoder.hidden.layers.0',
    'decoder.out',
    'encoder',
    'encoder.hidden.layers.0',
    'encoder.logVar',
    'encoder.mu',
  ]);
  const closed = layout(vae, { depth: 0 });
  assert.equal(closed.groups, []);
  const modules = closed.boxes.filter(({ kind }) => kind === 'module');
  assert.equal(
    modules.map(({ lines }) => lines),
    [
      ['encoder', '[4, 20] [4, 20]', '3 operations'],
      ['decoder', '[4, 784]', '2 operations'],
    ],
  );
  const half = layout(vae, { collapsed: ['decoder'] });
  assert.ok(half.groups.some(({ module }) => module === 'encoder.mu'));
  assert.equal(
    half.boxes.filter(({ kind }) => kind === 'module').map(({ lines }) => lines[0]),
    ['decoder'],
  );
});

test('a module called twice, one call after the other, is two frames, and siblings in parallel are one', () => {
  const layer = new Linear(3, 3, { generator: new Generator(1) });
  const names = [
    ['cell.weight', layer.weight],
    ['cell.bias', layer.bias!],
  ] as const;
  const x = randn([2, 3], { generator: new Generator(2) }).named('x');
  const chain = recordGraph(() => layer.forward(layer.forward(x).exp()).sum(), { names });
  const frames = (graph: Graph) => layout(graph).groups.map(({ module }) => module);
  assert.equal(frames(chain), ['cell', 'cell']);
  checkDrawing(chain, layout(chain));
  const parallel = recordGraph(
    () =>
      layer
        .forward(x)
        .add(layer.forward(x.mul(2)))
        .sum(),
    { names },
  );
  assert.equal(frames(parallel), ['cell']);
  checkDrawing(parallel, layout(parallel));
});

test('boxes show operation, constants, name, shape and kind', () => {
  const a = tensor([1, 2]).requiresGrad_().named('a');
  const b = tensor([3, 4]).named('b');
  const graph = trace(
    (x, y) =>
      x
        .mul(2.5)
        .named('doubled')
        .add(y)
        .add(tensor([1, 1]))
        .sum(),
    a,
    b,
  );
  const boxes = layout(graph).boxes.map(({ lines, kind }) => [kind, ...lines]);
  assert.equal(boxes, [
    ['parameter', 'a', '[2]'],
    ['operation', 'mul 2.5', 'doubled', '[2]'],
    ['input', 'b', '[2]'],
    ['operation', 'add', '[2]'],
    ['constant', 'constant', '[2]'],
    ['operation', 'add', '[2]'],
    ['result', 'sum', '[]'],
  ]);
});

/** Parses the subset of XML that SVG needs: tags nest, attributes are quoted, text is escaped. */
function checkXML(xml: string): void {
  const open: string[] = [];
  const token = /<(\/?)([A-Za-z][\w:]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  while (at < xml.length) {
    token.lastIndex = at;
    const match = token.exec(xml);
    assert.ok(match, `not XML: ${xml.slice(at, at + 80)}`);
    const [whole, slash, name, attributes = '', empty, text = ''] = match!;
    assert.not.match(text + attributes, /&(?!(amp|lt|gt|quot);)/);
    if (name !== undefined && slash === '/') assert.is(open.pop(), name);
    else if (name !== undefined && empty === '') open.push(name);
    at += whole.length;
  }
  assert.equal(open, []);
}

test('toSVG is one well-formed document with every box, shape and gradient norm, and colours for dark pages', () => {
  const svg = toSVG(vae, { title: 'one step' });
  checkXML(svg);
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, '@media (prefers-color-scheme: dark)');
  assert.not.match(svg, /href=|url\((?!#)|@import/);
  const count = (pattern: RegExp) => svg.match(pattern)?.length ?? 0;
  const picture = layout(vae);
  assert.is(count(/class="arrow"/g), picture.edges.length);
  assert.is(count(/class="label"/g), picture.edges.length);
  assert.is(count(/class="frame"/g), picture.groups.length);
  const shown = vae.nodes.filter(({ gradient }) => gradient !== undefined);
  assert.is(count(/class="gradient"/g), shown.length);
  const weight = new Map(model.namedParameters()).get('encoder.mu.weight')!;
  const engine = weight.grad!.dataSync();
  const norm = Math.sqrt(Array.from(engine).reduce((sum, g) => sum + g * g, 0));
  assert.ok(svg.includes(`‖∂‖ ${Number(norm.toPrecision(3))}</text>`));
  assert.not.match(toSVG(vae, { gradients: false }), '‖∂‖');
});

test('names are escaped, and characters that XML forbids are dropped', () => {
  const x = tensor([1, 2]).requiresGrad_().named('<a & "b">\u0000\u001b');
  const svg = toSVG(
    trace((t) => t.square().sum(), x),
    { title: '</svg><script>' },
  );
  checkXML(svg);
  assert.match(svg, '&lt;a &amp; &quot;b&quot;&gt;');
  assert.not.match(svg, '<script');
  for (const forbidden of ['\u0000', '\u001b']) assert.not.ok(svg.includes(forbidden));
});

test('a graph of one node, and a long chain, are drawn', () => {
  const x = tensor(3).named('x');
  checkDrawing(
    trace((t) => t, x),
    layout(trace((t) => t, x)),
  );
  const chain = trace((t) => {
    let y = t;
    for (let i = 0; i < 100; i++) y = y.add(t);
    return y;
  }, tensor(1).requiresGrad_().named('x'));
  checkDrawing(chain, layout(chain));
});

test.run();
