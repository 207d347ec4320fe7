import { backend, createReference, withBackend } from '@varigrad/core';
import { keepsBackend, markKeepsBackend } from '@varigrad/core/checks';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('withBackend returns a marked promise, and restores the backend before it settles', async () => {
  const [before, other] = [backend(), createReference()];
  const marked = withBackend(other, () => markKeepsBackend(Promise.resolve(backend())));
  assert.is(backend(), before);
  assert.ok(keepsBackend(marked));
  assert.is(await marked, other);
});

test('withBackend refuses any other promise, also one that awaits a marked promise', () => {
  const derived = async () => await markKeepsBackend(Promise.resolve(1));
  assert.throws(
    () => withBackend(createReference(), derived),
    'withBackend: the function is asynchronous — await outside of withBackend',
  );
});

test('only marked promises keep their backend', () => {
  for (const value of [undefined, null, 0, 'text', {}, Promise.resolve()]) assert.not.ok(keepsBackend(value));
});

test.run();
