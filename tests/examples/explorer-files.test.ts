import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tensor } from '@varigrad/core';
import { recordGraph, toJSON } from '@varigrad/core/trace';
import { Linear, Sequential } from '@varigrad/nn';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildExplorer } from '../../examples/explorer/build.js';
import { formatParams } from '../../examples/explorer/src/format.js';
import { parseGraph } from '../../examples/explorer/src/graph-file.js';
import { openFile } from '../../examples/explorer/src/opened.js';
import { presets } from '../../examples/explorer/src/presets/list.js';
import { traceExports } from '../../examples/explorer/src/program.js';
import { originalPlaces, type Sources, withOriginalPlaces } from '../../examples/explorer/src/sources.js';
import { serveFolder } from '../../scripts/serve-folder.js';
import { refuses } from '../helpers/refuses.js';

for (const { id, run } of presets) {
  test(`${id}: a graph comes back from JSON as it was, NaN and infinities included`, () => {
    const { graph } = run();
    assert.equal(parseGraph(toJSON(graph)), graph);
  });
}

const simple = () =>
  recordGraph(() => tensor([1, 2]).requiresGrad_().named('x').square().sum().named('loss'));

/** The JSON of that small graph with one text replaced. */
function changed(from: string, to: string): string {
  const json = toJSON(simple());
  assert.is(json.split(from).length, 2, `${from} is there once`);
  return json.replace(from, to);
}

const REMEDY = ' — load a file that toJSON(graph) wrote';

test('a file that is not a graph is refused, with the faulty place', () => {
  const refusal = (text: string, message: string) => refuses(() => parseGraph(text), message + REMEDY);
  refusal('[]', 'the file: expected an object');
  refusal('{}', 'nodes: expected a list');
  refusal('{"nodes":[],"result":0}', 'nodes: the list is empty');
  refusal(changed('"result":2', '"result":9'), 'result: 9 is not the id of a node (0 … 2)');
  refusal(changed('"id":1', '"id":2'), 'nodes[1].id: 2 instead of 1');
  refusal(changed('"inputs":[0]', '"inputs":[1]'), 'nodes[1].inputs[0]: 1 is not the id of a node (0 … 0)');
  refusal(changed('"min":5', '"min":"small"'), "nodes[2].output.min: 'small' is not a number");
  refusal(changed('"op":"leaf",', ''), 'nodes[0].op: expected a string');
  refusal(changed('"values":[1,2]', '"values":[1]'), 'nodes[0].output.values: 1 values for the shape [2]');
  refusal(changed('"node":2', '"node":-1'), 'backward[0].node: -1 is not the id of a node (0 … 2)');
  assert.throws(
    () => parseGraph('{"nodes": ['),
    /^the file: not JSON \(.*\) — load a file that toJSON\(graph\) wrote$/,
  );
});

test('a file with more nodes than a picture can have is refused, and so is a program with as many operations', () => {
  const graph = simple();
  const nodes = Array.from({ length: 50_000 }, (_, id) => ({ ...graph.nodes[0]!, id }));
  const refusal =
    'explorer: the graph has 50000 nodes, a picture at most 5000 — record a smaller part, or write all of it with toDot or toJSON';
  refuses(() => parseGraph(toJSON({ nodes, result: 0 })), refusal);
  const chain = () => {
    let x = tensor([1]);
    for (let i = 1; i < 6000; i++) x = x.neg();
    return x;
  };
  refuses(() => traceExports({ default: chain }), `ArgumentError: ${refusal.replace('50000', '6000')}`);
});

test('options and ids of a file that are nested too deeply to print are shown by their start', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const { nodes } = parseGraph(toJSON(simple()).replace('"params":{}', `"params":{"a":${deep}}`));
  assert.is(nodes.length, 3);
  assert.is(formatParams({ a: JSON.parse(deep) }), 'a: [[[…]]]');
  refuses(
    () => parseGraph(toJSON(simple()).replace('"result":2', `"result":${deep}`)),
    `result: [[[…]]] is not the id of a node (0 … 2)${REMEDY}`,
  );
});

test('a graph from a file is described by its size', () => {
  const { prose, title, preset } = openFile('step.json', simple());
  assert.equal([title, preset], ['step.json', 'file']);
  assert.equal(prose, ['3 nodes, 2 of them operations. Backward was recorded.']);
});

test('a program is traced through its default export, with the names of its model', () => {
  const model = new Sequential(new Linear(2, 1));
  const graph = traceExports({ model, default: () => model.forward(tensor([[1, 2]])).sum() });
  assert.equal(
    graph.nodes.map(({ op, name, module }) => [op, name, module]),
    [
      ['leaf', '', ''],
      ['leaf', '0.weight', '0'],
      ['leaf', '0.bias', '0'],
      ['linear', '', '0'],
      ['sum', '', ''],
    ],
  );
  assert.ok(graph.backward!.length > 0);
});

test('errors of programs that cannot be traced give the reason', () => {
  const nothing = 'nothing to trace — end the program with: export default () => loss';
  refuses(() => traceExports({}), nothing);
  refuses(() => traceExports({ default: tensor(1) }), nothing);
  const returns = (what: string) => `the exported function returns ${what}, not a tensor — return the loss`;
  refuses(() => traceExports({ default: () => 3 }), returns('number'));
  refuses(() => traceExports({ default: () => null }), returns('null'));
  refuses(() => traceExports({ default: async () => tensor(1) }), returns('a promise'));
  const thrown = (error: unknown) => () =>
    traceExports({
      default: () => {
        throw error;
      },
    });
  refuses(thrown('no'), 'the program threw no');
  refuses(thrown(new RangeError('too far')), 'RangeError: too far');
  const placed = Object.assign(new Error('wrong'), { stack: 'Error: wrong\n    at f (program.js:7:3)' });
  refuses(thrown(placed), 'line 7: wrong');
});

const SOURCES: Sources = { lines: { 12: 'scalar.ts:5' }, files: { 'scalar.ts': '' } };

test('lines of the bundle become lines of the sources', () => {
  assert.is(
    originalPlaces('at explorer.js:12 — see explorer.js:99', SOURCES),
    'at scalar.ts:5 — see explorer.js:99',
  );
  const exhibit = presets[0]!.run();
  const nodes = exhibit.graph.nodes.map((node) => ({ ...node, source: 'explorer.js:12' }));
  const findings = [{ tool: 't', says: 'explorer.js:12' }];
  const found = withOriginalPlaces({ ...exhibit, findings, graph: { ...exhibit.graph, nodes } }, SOURCES);
  assert.ok(found.graph.nodes.every(({ source }) => source === 'scalar.ts:5'));
  assert.is(found.findings[0]!.says, 'scalar.ts:5');
});

test('the page is built into any folder, refers to nothing outside it, and is served', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'explorer-'));
  try {
    await buildExplorer(folder);
    const html = await readFile(join(folder, 'index.html'), 'utf8');
    const references = [...html.matchAll(/(?:src|href)="([^"]+)"|: "(\.\/[^"]+)"/g)].map(
      ([, a, b]) => (a ?? b)!,
    );
    const files = references.filter((reference) => !reference.startsWith('data:'));
    assert.ok(files.length >= 6, files.join());
    for (const file of files) {
      assert.match(file, /^\.\//);
      assert.ok((await stat(join(folder, file))).isFile(), file);
    }
    await checkImports(folder, html);
    await checkSources(folder);
    await checkServer(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** The import map names every package that a script imports. */
async function checkImports(folder: string, html: string): Promise<void> {
  const names = new Set([...html.matchAll(/"(@varigrad\/[^"]+)":/g)].map(([, name]) => name));
  const scripts = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  for (const script of scripts) {
    const code = await readFile(join(folder, script), 'utf8');
    for (const [, name] of code.matchAll(/\b(?:from|import) ?"(@varigrad\/[^"]+)"/g))
      assert.ok(names.has(name), `${script} imports ${name}`);
  }
}

/** Script lines that call an operation must map to source lines that call it. */
async function checkSources(folder: string): Promise<void> {
  const { lines, files }: Sources = JSON.parse(await readFile(join(folder, 'sources.json'), 'utf8'));
  const script = (await readFile(join(folder, 'explorer.js'), 'utf8')).split('\n');
  assert.ok(files['scalar.ts']!.includes('x.mul(y)') && files['overflow.ts'] !== undefined);
  const calls = Object.entries(lines).filter(([line]) =>
    /x\d*\.mul\(y\d*\)|bounded\.exp\(\)/.test(script[Number(line) - 1]!),
  );
  assert.ok(calls.length >= 2, 'both calls are in the script');
  for (const [, place] of calls) {
    const [file, line] = place.split(':') as [string, string];
    assert.match(files[file]!.split('\n')[Number(line) - 1]!, /x\.mul\(y\)|bounded\.exp\(\)/, place);
  }
}

async function checkServer(folder: string): Promise<void> {
  const { server, address } = await serveFolder(folder, 0);
  try {
    const page = await fetch(address);
    assert.equal([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    const script = await fetch(`${address}explorer.js`);
    assert.is(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
    const port = Number(new URL(address).port);
    const error = await serveFolder(folder, port).catch((reason: Error) => reason);
    assert.is((error as Error).message, `port ${port} is in use — choose another one with --port`);
    for (const path of ['nothing.js', '..%2f..%2fetc%2fpasswd', '%00.js', '%E0%A4%A.js', 'packages']) {
      assert.is((await fetch(address + path)).status, 404, path);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const MAIN = fileURLToPath(new URL('../../examples/explorer/main.ts', import.meta.url));

test('npm run explorer refuses unknown options and invalid ports, and has a help text', () => {
  const run = (...args: string[]) => {
    const node = ['--conditions=@varigrad/source', '--import', 'tsx', MAIN, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const help = run('--help');
  assert.is(help.status, 0);
  for (const option of ['--build', '--port', '--help']) assert.match(help.stdout, option);
  for (const port of ['abc', '70000']) {
    const { status, stderr } = run(`--port=${port}`);
    assert.is(status, 1);
    const what = `--port must be a number from 0 to 65535, found ${port}`;
    assert.is(stderr, `npm run explorer: ${what}\n`);
  }
  assert.match(run('--nothing').stderr, /^npm run explorer: Unknown option '--nothing'/);
});

test.run();
