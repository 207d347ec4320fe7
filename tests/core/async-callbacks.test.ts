/** Functions that set a state around a callback refuse asynchronous ones, restore the state, and handle the rejection. */
import {
  ArgumentError,
  backend,
  createReference,
  grad,
  isGradEnabled,
  noGrad,
  parameter,
  scope,
  setBackend,
  type Tensor,
  tensor,
  updateInPlace,
  valueAndGrad,
  withBackend,
} from '@varigrad/core';
import { gradcheck } from '@varigrad/core/testing';
import {
  detectAnomaly,
  explain,
  gradientStory,
  profile,
  recordGraph,
  trace,
  whyNoGrad,
} from '@varigrad/core/trace';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { activeRecorder, withRecorder } from '../../packages/core/src/recorder.js';

const reference = createReference();
setBackend(reference);

const w = parameter(tensor([1, 2]));

/** Each function with a callback whose value is a promise that is rejected later. */
const CALLS: Readonly<Record<string, (f: () => never) => unknown>> = {
  noGrad: (f) => noGrad(f),
  scope: (f) => scope(f),
  withBackend: (f) => withBackend(createReference(), f),
  withRecorder: (f) => withRecorder(null, f),
  valueAndGrad: (f) => valueAndGrad(f)(w),
  grad: (f) => grad(f)(w),
  detectAnomaly: (f) => detectAnomaly(f),
  profile: (f) => profile(f),
  recordGraph: (f) => recordGraph(f),
  'recordGraph of trace': (f) => trace(f, w),
  explain: (f) => explain(f, w),
  gradientStory: (f) => gradientStory(f, w),
  whyNoGrad: (f) => whyNoGrad(w, f),
  gradcheck: (f) => gradcheck(f, [w]),
  updateInPlace: (f) => updateInPlace([w], f),
};

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

/** Lets the host report rejections, which it does between tasks. */
const settle = (): Promise<void> => new Promise((resume) => setTimeout(resume, 20));

const REJECTED: Readonly<Record<string, () => unknown>> = {
  'an async function': async () => {
    await null;
    throw new Error('later');
  },
  'a rejected promise': () => Promise.reject(new Error('at once')),
  'an object with then': () => ({
    // biome-ignore lint/suspicious/noThenProperty: the case under test
    then: (_: unknown, failed: (error: Error) => void) => queueMicrotask(() => failed(new Error('thenable'))),
  }),
};

for (const [name, call] of Object.entries(CALLS)) {
  for (const [kind, callback] of Object.entries(REJECTED)) {
    test(`${name} refuses ${kind}`, async () => {
      const op = name.split(' ')[0];
      assert.throws(
        () => call(callback as () => never),
        (error: unknown) =>
          error instanceof ArgumentError &&
          error.message === `${op}: the function is asynchronous — await outside of ${op}`,
      );
      assert.ok(isGradEnabled(), 'recording is on again');
      assert.is(backend(), reference);
      assert.is(activeRecorder(), null);
      await settle();
      assert.equal(unhandled, []);
    });
  }
}

test('a refused scope has ended: tensors are kept, and a new scope frees its own', async () => {
  assert.throws(() => scope((async () => tensor([1])) as () => never), /scope: the function is asynchronous/);
  const x = tensor([1, 2]);
  let inside: Tensor | undefined;
  scope(() => {
    inside = x.mul(2);
  });
  assert.ok(inside?.storage.disposed);
  assert.not.ok(x.storage.disposed);
  await settle();
});

test('what an async callback computes after its first await is outside of the state', async () => {
  let later: boolean | undefined;
  assert.throws(() =>
    noGrad((async () => {
      await null;
      later = isGradEnabled();
    }) as () => never),
  );
  await settle();
  assert.is(later, true);
});

test.run();
