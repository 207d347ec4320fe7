/** Bars are measured in the SVG: widths are proportional to times, and parts lie below their wholes. */
import { Generator, randn, type Tensor } from '@varigrad/core';
import {
  formatProfile,
  type ProfileEntry,
  profile,
  profileOf,
  recordGraph,
  toFlameSVG,
} from '@varigrad/core/trace';
import { Linear, Module, Sequential } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

interface Bar {
  kind: string;
  title: string;
  x: number;
  y: number;
  width: number;
  text: string;
}

function barsOf(svg: string): Bar[] {
  const pattern =
    /<g class="bar ([a-z ]+)"><title>([^<]*)<\/title><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="21" rx="2"\/>(?:<text[^>]*>([^<]*)<\/text>)?<\/g>/g;
  return [...svg.matchAll(pattern)].map(([, kind, title, x, y, width, text]) => ({
    kind: kind!,
    title: title!,
    x: Number(x),
    y: Number(y),
    width: Number(width),
    text: text ?? '',
  }));
}

const entry = (
  phase: ProfileEntry['phase'],
  module: string,
  op: string,
  milliseconds: number,
): ProfileEntry => ({ phase, module, op, milliseconds, calls: 2, bytes: 2 ** 20 });

const entries: ProfileEntry[] = [
  entry('forward', 'encoder.fc1', 'linear', 30),
  entry('forward', 'encoder.fc2', 'linear', 10),
  entry('forward', '', 'exp', 10),
  entry('backward', 'encoder.fc1', 'linear', 40),
  entry('backward', '', 'exp', 10),
];

test('bars are as wide as their times, and parts lie below their wholes', () => {
  const bars = barsOf(toFlameSVG(entries, { width: 1024 }));
  const find = (start: string): Bar => bars.find(({ title }) => title.startsWith(`${start}\n`))!;
  const width = (start: string): number => find(start).width;
  assert.is(width('all operations'), 1000);
  assert.is(width('forward'), 500);
  assert.is(width('backward'), 500);
  assert.is(width('forward › encoder'), 400);
  assert.is(width('forward › encoder › fc1 › linear'), 300);
  assert.is(width('forward › exp'), 100);
  for (const bar of bars.slice(1)) {
    const whole = bars.find((b) => b.y === bar.y - 22 && b.x <= bar.x && b.x + b.width >= bar.x + bar.width);
    assert.ok(whole, `${bar.title} lies below a bar`);
    const path = (b: Bar): string => b.title.split('\n')[0]!;
    if (whole!.y > bars[0]!.y) assert.ok(path(bar).startsWith(`${path(whole!)} › `), path(bar));
  }
  for (const a of bars) {
    const right = bars.filter((b) => b !== a && b.y === a.y && b.x >= a.x && b.x < a.x + a.width - 0.2);
    assert.equal(right, [], `${a.title} overlaps nothing`);
  }
});

test('tooltips contain milliseconds, share, calls and bytes; texts fit; kinds have their colours', () => {
  const bars = barsOf(toFlameSVG(entries, { width: 1024 }));
  const find = (start: string): Bar => bars.find(({ title }) => title.startsWith(`${start}\n`))!;
  assert.is(find('forward › encoder').title, 'forward › encoder\n40.000 ms (40.0%), 4 calls, 2.00 MiB');
  assert.is(find('forward › encoder').text, 'encoder 40.00 ms');
  assert.is(find('forward › encoder › fc2 › linear').text, 'linear');
  assert.is(find('forward › encoder').kind, 'forward');
  assert.is(find('backward › exp').kind, 'backward operation');
  for (const { text, width } of barsOf(toFlameSVG(entries, { width: 200 }))) {
    assert.ok(6.6 * text.length <= width, `${text} fits ${width}`);
  }
});

test('a module that contains only one module shares its row', () => {
  const bars = barsOf(
    toFlameSVG([entry('forward', 'net.layers.0', 'linear', 1), entry('forward', '', 'exp', 1)]),
  );
  assert.equal(
    bars.map(({ text }) => text),
    ['all operations 2.00 ms', 'forward 2.00 ms', 'net.layers.0 1.00 ms', 'linear 1.00 ms', 'exp 1.00 ms'],
  );
});

test('bars too narrow to see are left out, and an empty profile is an empty picture', () => {
  const bars = barsOf(toFlameSVG([...entries, entry('forward', '', 'tiny', 0.001)]));
  assert.not(bars.some(({ title }) => title.includes('tiny')));
  assert.is(barsOf(toFlameSVG([])).length, 0);
});

test('the document is self-contained, has colours for dark pages, and escapes names', () => {
  const svg = toFlameSVG([entry('forward', 'a<b', 'op&', 1)], { title: '<step>' });
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, '@media (prefers-color-scheme: dark)');
  assert.match(svg, '&lt;step&gt;');
  assert.match(svg, 'forward › a&lt;b › op&amp;');
  assert.not.match(svg, /<script|href=|@import|a<b/);
});

const generator = new Generator(1);
const model = new Sequential(new Linear(4, 3, { generator }), new Linear(3, 2, { generator }));
const x = randn([5, 4], { generator });
const loss = () => model.forward(x).square().sum();
const names = [...model.namedParameters()];

test('profile separates modules if names are given, forward and backward', () => {
  const found = profile(() => loss().backward(), { names });
  const rows = found.map(({ module, op, phase, calls }) => [module, op, phase, calls].join(' ')).sort();
  assert.equal(rows, [
    ' square backward 1',
    ' square forward 1',
    ' sum backward 1',
    ' sum forward 1',
    '0 linear backward 2',
    '0 linear forward 1',
    '1 linear backward 3',
    '1 linear forward 1',
  ]);
  assert.match(formatProfile(found), /^module +operation +pass +calls +ms +share +MiB/);
  const nameless = profile(() => loss().backward());
  assert.is(nameless.find(({ op, phase }) => op === 'linear' && phase === 'backward')!.calls, 5);
  assert.not.match(formatProfile(nameless), 'module');
});

test('with modules, operations without parameters belong to the module whose method called them', () => {
  const layer = new (class extends Module {
    readonly inner: Linear = new Linear(4, 3, { generator });
    forward(t: Tensor): Tensor {
      return this.inner.forward(t.mul(2)).tanh();
    }
  })();
  const net = new Sequential(layer);
  const graph = recordGraph(() => net.forward(x).square().sum(), {
    names: net.namedParameters(),
    modules: net.namedModules(),
  });
  const owners = graph.nodes.flatMap(({ op, module }) => (op === 'leaf' ? [] : [`${module} ${op}`]));
  assert.equal(owners, ['0 mul', '0.inner linear', '0 tanh', ' square', ' sum']);
  const entries = profile(() => net.forward(x).sum().backward(), { modules: net.namedModules() });
  const tanh = entries.filter(({ op }) => op === 'tanh').map(({ module, phase }) => `${module} ${phase}`);
  assert.equal(tanh.sort(), ['0 backward', '0 forward']);
  assert.equal(Object.getOwnPropertyNames(layer).sort(), ['inner'], 'nothing is left on the modules');
});

test('the modules are restored if the function throws', () => {
  const before = Object.getOwnPropertyNames(model);
  assert.throws(() =>
    recordGraph(
      () => {
        model.forward(x);
        throw new Error('on purpose');
      },
      { modules: [['m', model]] },
    ),
  );
  assert.equal(Object.getOwnPropertyNames(model), before);
});

test('a traced graph contains the same profile except for times', () => {
  const plain = (list: ProfileEntry[]) =>
    list.map(({ module, op, phase, calls, bytes }) => [module, op, phase, calls, bytes].join(' ')).sort();
  const traced = profileOf(recordGraph(loss, { names }));
  assert.equal(plain(traced), plain(profile(() => loss().backward(), { names })));
  assert.ok(traced.every(({ milliseconds }) => milliseconds >= 0));
});

test.run();
