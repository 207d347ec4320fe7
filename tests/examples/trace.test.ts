/** `npm run trace` writes all its files, from a recorded step. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Graph } from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-trace-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

test('the trace example writes a graph, a flame graph and the explanation of a gradient', () => {
  const main = fileURLToPath(new URL('../../examples/trace/main.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx'), main],
    { cwd: scratch, encoding: 'utf8' },
  );
  assert.is(status, 0, stderr);
  const file = (name: string): string => readFileSync(join(scratch, 'runs', 'trace', name), 'utf8');
  const names = [
    'vae-step.svg',
    'vae-step.mmd',
    'vae-step.dot',
    'vae-step.json',
    'flame.svg',
    'gradient.txt',
  ];
  for (const name of names) assert.ok(stdout.includes(name) && file(name).length > 100, name);
  const { nodes } = JSON.parse(file('vae-step.json')) as Graph;
  const pixels = nodes.find(({ name }) => name === 'pixels');
  assert.equal(pixels?.output.shape, [128, 784]);
  for (const module of ['encoder', 'decoder'])
    assert.ok(nodes.some((node) => node.module.startsWith(module)));
  // q(z|x) affects the loss through the reconstruction and through the KL term.
  assert.match(file('gradient.txt'), /2 paths lead from the loss back to encoder\.logVar\.bias/);
  assert.match(file('gradient.txt'), /They agree\./);
});

test.run();
