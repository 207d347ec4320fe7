import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findCycle, findUpwardImports } from '../../scripts/check-imports.js';

const graph = (edges: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(edges));

test('a diamond is not a cycle', () => {
  assert.is(findCycle(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })), undefined);
});

test('a cycle is named file by file, without the files that lead to it', () => {
  assert.equal(findCycle(graph({ a: ['b'], b: ['c'], c: ['d'], d: ['b'] })), ['b', 'c', 'd', 'b']);
  assert.equal(findCycle(graph({ a: ['a'] })), ['a', 'a']);
});

test('imports may go down vae → nn → core and stay inside a package, but not go up', () => {
  const core = 'packages/core/src/index.ts';
  const nn = 'packages/nn/src/index.ts';
  const vae = 'packages/vae/src/index.ts';
  const inner = 'packages/core/src/tensor.ts';
  assert.equal(findUpwardImports(graph({ [vae]: [nn, core], [nn]: [core], [core]: [inner] })), []);
  assert.equal(findUpwardImports(graph({ [core]: [nn], [nn]: [vae] })), [
    `${core} → ${nn}`,
    `${nn} → ${vae}`,
  ]);
});

test.run();
