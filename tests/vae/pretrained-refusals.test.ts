/** Models that are not saved, and saved models that are not continued. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReLU, Sequential, Tanh } from '@varigrad/nn';
import { Decoder, VAE } from '@varigrad/vae';
import { savePretrained } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-refusals-'));
test.after(() => rmSync(scratch, { recursive: true }));

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => assert.unreachable('nothing was refused') as never,
    (error: Error) => error.message,
  );
}

test('options of another model are refused before anything is written', async () => {
  const model = new VAE({ inputSize: 64, hidden: [10], latent: 3, activation: 'tanh' });
  const folder = join(scratch, 'refused');
  const rest = { imageShape: [8, 8], classes: 0 } as const;
  const message = await refusal(
    savePretrained(folder, { model, config: { hidden: [10], latent: 3 }, ...rest }),
  );
  assert.match(
    message,
    /^savePretrained: config must build the model: it has '.*relu.*', and the model has '.*tanh.*' — give the options/,
  );
  assert.match(
    await refusal(savePretrained(folder, { model, config: { hidden: [10, 9], latent: 3 }, ...rest })),
    /config must build the model/,
  );
  assert.match(
    await refusal(savePretrained(folder, { model, config: { hiden: [10] } as never, ...rest })),
    /savePretrained: config: "hiden" is not an option — did you mean hidden/,
  );
  assert.is(
    await refusal(savePretrained(folder, { model, config: {}, imageShape: [8, 9], classes: 0 })),
    'savePretrained: imageShape must have the 64 values of the model, found 8 × 9',
  );
  const custom = new VAE({
    inputSize: 64,
    latent: 3,
    decoder: new Sequential(new Decoder(3, [4], 64), new Tanh(), new ReLU()),
  });
  assert.match(
    await refusal(savePretrained(folder, { model: custom, config: { latent: 3 }, ...rest })),
    /config must build/,
  );
  assert.is(
    await refusal(savePretrained('', { model, config: {}, ...rest })),
    "savePretrained: the folder must be a non-empty string, found ''",
  );
  assert.match(
    await refusal(savePretrained(folder, { model, config: {}, ...rest }, { dtype: 'F8' } as never)),
    /dtype must be one of/,
  );
  assert.not.ok(existsSync(folder));
});

test('facts that fromPretrained would refuse are not saved', async () => {
  const folder = join(scratch, 'facts');
  const model = new VAE({ inputSize: 2, hidden: [2], latent: 1 });
  const trained = { model, config: { hidden: [2], latent: 1 }, imageShape: [1, 2], classes: 0 } as const;
  const standardization = { columns: ['a', 'b'], means: [0, Number.NaN], deviations: [1, 1] };
  assert.match(
    await refusal(savePretrained(folder, { ...trained, standardization })),
    /^savePretrained: expected the shape, the classes and the number of images, found \{/,
  );
  assert.is(
    await refusal(savePretrained(folder, { ...trained, count: 0.5 })),
    'savePretrained: count must be a whole number above 0, found 0.5',
  );
  assert.is(
    await refusal(savePretrained(folder, trained, { measured: {} as never })),
    'savePretrained: measured must be what measureRun returned, found {}',
  );
  assert.not.ok(existsSync(folder));
});

test('a saved model is no run to continue', async () => {
  const folder = join(scratch, 'not-a-run');
  const model = new VAE({ inputSize: 64, hidden: [6], latent: 2 });
  const config = { hidden: [6], latent: 2, data: writeIdxFolder(join(scratch, 'resumed')) };
  await savePretrained(folder, { model, config, imageShape: [8, 8], classes: 4 });
  await isRefused(
    ['train', '--resume', folder, '--epochs', '1'],
    `--resume ${folder}: it is a saved model, which has no checkpoint to continue from — start a new run with --config ${join(folder, 'config.json')}`,
  );
  assert.not.ok(existsSync(join(folder, 'run.json')));
});

test.run();
