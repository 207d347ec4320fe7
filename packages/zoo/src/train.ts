/**
 * Trains the models of the zoo again, measures them on the test images, and writes their folders.
 *
 *   npm run zoo                  all
 *   npm run zoo -- vae-mnist-z2  some
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '@varigrad/vae/cli';
import { loadRun, measureRun, savePretrained } from '@varigrad/vae/node';

/** The options of `varigrad train` for each model. */
const MODELS: Readonly<Record<string, readonly string[]>> = {
  'vae-mnist-z2': ['--latent', '2', '--epochs', '10'],
  'vae-mnist-z20': ['--epochs', '10'],
  'cvae-mnist-z2': ['--model', 'cvae', '--latent', '2', '--epochs', '10'],
  'vae-mnist-conv-z20': ['--network', 'convolutional', '--normalization', 'batch', '--epochs', '3'],
};

const FOLDER = fileURLToPath(new URL('../models/', import.meta.url));

/** The weights on disk are halves, so the card has the numbers of the model that was read back. */
async function train(name: string, options: readonly string[]): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'varigrad-zoo-'));
  const run = join(scratch, name);
  const folder = join(FOLDER, name);
  try {
    const code = await runCommandLine(['train', ...options, '--seed', '1', '--out', run]);
    if (code !== 0) throw new Error(`${name}: the training ended with the exit code ${code}`);
    const card = { dtype: 'F16', license: 'mit', name } as const;
    await savePretrained(folder, await loadRun(run), card);
    const saved = await loadRun(folder);
    const measured = await measureRun(saved, (await saved.data()).test);
    await savePretrained(folder, saved, { ...card, measured });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(MODELS);
const unknown = names.find((name) => !Object.hasOwn(MODELS, name));
if (unknown !== undefined) {
  console.error(`no such model: ${unknown} — use ${Object.keys(MODELS).join(', ')}`);
  process.exitCode = 1;
} else {
  for (const name of names) await train(name, MODELS[name]!);
}
