import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { firstOf } from '@varigrad/vae';
import { loadRun } from '@varigrad/vae/node';
import { transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { stateOf } from '../../examples/playground/src/address.js';
import { generateShapes } from '../../examples/playground/src/data/shapes.js';
import { programOf } from '../../examples/playground/src/engine/code.js';
import { FIELDS } from '../../examples/playground/src/engine/fields.js';
import { SETTING_NAMES } from '../../examples/playground/src/engine/setting-checks.js';
import type { Settings } from '../../examples/playground/src/engine/settings.js';
import { type Images, Trainer } from '../../examples/playground/src/engine/trainer.js';
import { encodeTraining } from '../../examples/playground/src/engine/weights.js';
import { PRESETS } from '../../examples/playground/src/presets.js';
import { playgroundDigits, settings, usePlainWasm } from '../helpers/playground-digits.js';

usePlainWasm();
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const digits = await playgroundDigits();
const STEPS = 12;

/** A copied program, run in a process of its own, on the backend of this test. @returns the sums and first numbers of its weights */
async function weightsOfProgram(program: string): Promise<unknown> {
  const shapes = fileURLToPath(new URL('../../examples/playground/src/data/shapes.ts', import.meta.url));
  const whole = `import { createWasm, setBackend } from '@varigrad/core';
setBackend(createWasm({ simd: 'plain', threads: 1 }));
${program.replace("'./shapes.js'", JSON.stringify(shapes))}
console.log(JSON.stringify(Object.values(model.stateDict()).map(({ data }) => [...data])));
`;
  const { code } = transformSync(whole, { loader: 'ts', format: 'esm' });
  const args = ['--conditions=@varigrad/source', '--import', 'tsx', '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 1e9 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

async function checkProgram(chosen: Settings, images: Images, steps = STEPS): Promise<void> {
  const trainer = new Trainer(chosen, images);
  await trainer.run(steps);
  const wanted = Object.values(trainer.model.stateDict()).map(({ data }) => [...(data as Float32Array)]);
  assert.equal(await weightsOfProgram(programOf(chosen, steps)), wanted);
}

for (const { id } of PRESETS.filter(({ expected }) => expected.every(({ what }) => what !== 'failure')))
  test(`the copied program of ${id} trains the same weights, bit for bit`, async () => {
    const { first, second } = stateOf(id);
    const shapes = generateShapes();
    const images = first.data === 'shapes' ? { train: shapes.train.data, test: shapes.test.data } : digits;
    for (const chosen of second === null ? [first] : [first, second])
      await checkProgram({ ...chosen, hidden: '16' }, images);
  });

test('so does the program of settings that no preset has', async () => {
  await checkProgram(
    settings({
      hidden: '16,8',
      binarization: 'static',
      warmUp: 20,
      beta: 2,
      freeBits: 0.2,
      optimizer: 'adamw',
      seed: 3,
    }),
    digits,
  );
  await checkProgram(settings({ hidden: '16', likelihood: 'gaussian', batchSize: 64, latent: 3 }), digits);
});

test('saved weights are opened by loadRun, with the same reconstructions', async () => {
  const few = { train: firstOf(digits.train, 200), test: firstOf(digits.test, 20) };
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-playground-'));
  try {
    for (const changes of [
      {},
      { model: 'cvae' },
      { model: 'ae', hidden: '30,20' },
      { likelihood: 'gaussian' },
    ] as const) {
      const trainer = new Trainer(settings({ latent: 3, hidden: '16', ...changes }), few);
      await trainer.run(3);
      const path = join(folder, 'weights.safetensors');
      writeFileSync(path, await encodeTraining(trainer));
      const { model, config } = await loadRun(path);
      assert.is(config.latent, 3);
      assert.is(model.kind, trainer.model.kind);
      assert.equal(model.stateDict(), trainer.model.stateDict());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('saved weights of settings at their limits are opened by loadRun', async () => {
  const few = { train: firstOf(digits.train, 20), test: firstOf(digits.test, 5) };
  const folder = mkdtempSync(join(tmpdir(), 'varigrad-playground-'));
  const path = join(folder, 'weights.safetensors');
  try {
    for (const name of SETTING_NAMES) {
      const field = FIELDS[name];
      if (field.kind !== 'number') continue;
      for (const value of [field.least, field.most]) {
        const trainer = new Trainer(settings({ hidden: '4', [name]: value }), few);
        writeFileSync(path, await encodeTraining(trainer));
        const { model, config } = await loadRun(path);
        assert.is(model.latent, trainer.model.latent);
        if (name === 'samples' || name === 'freeBits') assert.is(config[name], value);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
