import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeAddress, encodeAddress, SHARED, stateOf } from '../../examples/playground/src/address.js';
import { FIELDS } from '../../examples/playground/src/engine/fields.js';
import {
  conflictOf,
  faultOf,
  SETTING_NAMES,
  withSetting,
} from '../../examples/playground/src/engine/setting-checks.js';
import { DEFAULTS, type Settings } from '../../examples/playground/src/engine/settings.js';
import { EXPECTED_STEPS, PRESETS } from '../../examples/playground/src/presets.js';

/** Another value of each setting. */
const OTHERS: Settings = {
  data: 'shapes',
  model: 'cvae',
  latent: 7,
  hidden: '64,32',
  likelihood: 'laplace',
  binarization: 'dynamic',
  reduction: 'mean',
  gradient: 'detached',
  samples: 3,
  beta: 0.25,
  warmUp: 500,
  freeBits: 0.1,
  optimizer: 'sgd',
  learningRate: 1e-5,
  batchSize: 64,
  seed: 2_147_483_647,
  backend: 'reference',
  threads: 2,
  simd: 'plain',
};

test('an address contains the whole state, for one model and two, from every preset', () => {
  for (const { id } of PRESETS) {
    const start = stateOf(id);
    assert.equal(decodeAddress(`#${encodeAddress(start)}`), start);
    assert.is(encodeAddress(start), `preset=${id}`);
    for (const name of SETTING_NAMES) {
      const first = { ...start.first, [name]: OTHERS[name] } as Settings;
      const one = { ...start, first, second: null, point: [-1.25, 0.5] as const, label: 8, colourBy: 'size' };
      assert.equal(decodeAddress(encodeAddress(one)), one, `${id} ${name}`);
      if (SHARED.includes(name)) continue;
      const two = { ...start, second: { ...start.first, [name]: OTHERS[name] } as Settings };
      assert.equal(decodeAddress(encodeAddress(two)), two, `${id} second ${name}`);
    }
  }
});

test('what is invalid in an address is ignored', () => {
  const first = PRESETS[0]!.id;
  assert.equal(
    decodeAddress('#preset=nothing&latent=1&beta=x&model=gan&point=1&label=-1&hidden=,'),
    stateOf(first),
  );
  assert.equal(decodeAddress(''), stateOf(first));
  assert.is(decodeAddress('beta=3').first.beta, 3);
});

test('both models train on the same batches', () => {
  const { first, second } = decodeAddress('second=yes&b.seed=5&b.data=shapes&b.batchSize=7&b.beta=2&seed=3');
  for (const name of SHARED) assert.is(second![name], first[name]);
  assert.is(second!.beta, 2);
  assert.is(first.seed, 3);
});

test('every value that is not allowed is refused with what is', () => {
  for (const name of SETTING_NAMES) {
    const field = FIELDS[name];
    assert.is(faultOf(name, String(DEFAULTS[name])), undefined);
    assert.is(faultOf(name, String(OTHERS[name])), undefined);
    for (const text of ['', 'nonsense', 'NaN', '-1', '1e400', 'constructor'])
      assert.match(String(faultOf(name, text)), `${field.label} must be `, `${name}: ${text}`);
    assert.throws(() => withSetting(DEFAULTS, name, 'nonsense'), field.label);
    assert.ok(field.help.length > 20);
  }
  assert.match(faultOf('latent', '33')!, 'a whole number from 2 to 32, found 33');
  assert.match(faultOf('latent', '2.5')!, 'found 2.5');
  assert.match(faultOf('hidden', '100,,2')!, 'one to four widths');
});

test('settings that contradict each other are explained', () => {
  assert.is(conflictOf(DEFAULTS, 10), undefined);
  assert.match(conflictOf({ ...DEFAULTS, model: 'cvae' }, 0)!, 'classes');
  assert.match(conflictOf({ ...DEFAULTS, binarization: 'static', likelihood: 'gaussian' }, 10)!, 'Bernoulli');
  assert.match(conflictOf({ ...DEFAULTS, model: 'ae', samples: 2 }, 10)!, 'samples');
  for (const { id } of PRESETS) {
    const { first, second } = stateOf(id);
    for (const settings of [first, second ?? first]) assert.is(conflictOf(settings, 10), undefined, id);
  }
});

test('every preset has a text of two sentences and numbers to expect', () => {
  assert.is(new Set(PRESETS.map(({ id }) => id)).size, PRESETS.length);
  for (const { id, text, expected, second, expectedSecond = [] } of PRESETS) {
    assert.match(id, /^[a-z0-9-]+$/);
    assert.is(text.match(/[.?!](?= [A-Zβ]|$)/g)?.length, 2, id);
    assert.ok(expected.length > 0, id);
    assert.is(second !== undefined, expectedSecond.length > 0, id);
    for (const { from, to } of [...expected, ...expectedSecond]) assert.ok(from <= to, id);
  }
  assert.is(EXPECTED_STEPS % (10_000 / DEFAULTS.batchSize), 0, 'the numbers are those after whole epochs');
});

test.run();
