/** Folders of runs: shared by two processes, deleted, moved images, damaged files. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lockFolder } from '../../packages/vae/src/files/folder-lock.js';
import { call, does, isRefused, writeIdxFolder } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-run-processes-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const OPTIONS = `--hidden 6 --latent 2 --batch 32 --threads 1 --epochs 2`.split(' ');
const train = (...more: readonly string[]): readonly string[] => ['train', ...OPTIONS, ...more];

test('a folder that another process uses is refused, and nothing in it changes', async () => {
  const out = join(scratch, 'used');
  await does(...train('--data', data, '--out', out));
  const before = readdirSync(out);
  const lock = await lockFolder(out);
  const { code, err } = await call('train', '--resume', out, '--epochs', '3');
  assert.is(code, 1);
  assert.is(err, `lockFolder: ${out} is in use by process ${process.pid} — wait until it ends\n`);
  await lock.release();
  assert.equal(readdirSync(out), before);
});

test('a folder that cannot hold files is refused before the images are read, and no empty folder stays', async () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  const inside = await call(...train('--data', 'nowhere', '--out', join(file, 'run')));
  assert.is(inside.code, 1);
  assert.match(inside.err, 'a part of the path is a file, not a folder (ENOTDIR)');
  const out = join(scratch, 'none');
  const { code } = await call(...train('--data', join(scratch, 'nowhere'), '--out', out));
  assert.is(code, 2);
  assert.not.ok(existsSync(out));
});

test('a resumed run accepts the same images under another path, and no others', async () => {
  const [out, moved] = [join(scratch, 'moved-run'), join(scratch, 'elsewhere')];
  const first = join(scratch, 'first');
  cpSync(data, first, { recursive: true });
  await does(...train('--data', first, '--out', out));
  renameSync(first, moved);
  const missing = await call('train', '--resume', out, '--epochs', '3');
  assert.is(missing.code, 2);
  assert.match(missing.err, `--data ${first}: there is no such file or folder`);
  await does('train', '--resume', out, '--data', moved, '--epochs', '3', '--threads', '1');
  assert.is(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).data, moved);
  const straight = join(scratch, 'straight');
  await does('train', ...OPTIONS.slice(0, -1), '3', '--data', moved, '--out', straight);
  for (const name of ['weights.safetensors', 'checkpoint.safetensors'])
    assert.ok(readFileSync(join(out, name)).equals(readFileSync(join(straight, name))), name);
  const others = writeIdxFolder(join(scratch, 'others'), { train: 95 });
  await isRefused(
    ['train', '--resume', out, '--data', others, '--epochs', '4'],
    `--data ${others}: these are not the images of the run — name their folder with --data, or start a new run`,
  );
  assert.is(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).epochs, 3, 'nothing has changed');
});

test('pictures that a killed process did not write are drawn when the run is resumed', async () => {
  const out = join(scratch, 'no-pictures');
  await does(...train('--data', data, '--out', out));
  const pictures = readdirSync(out).filter((name) => name.endsWith('-002.svg') || name === 'curves.svg');
  assert.ok(pictures.length > 2);
  const before = pictures.map((name) => readFileSync(join(out, name), 'utf8'));
  for (const name of pictures) rmSync(join(out, name));
  await does('train', '--resume', out);
  assert.equal(
    pictures.map((name) => readFileSync(join(out, name), 'utf8')),
    before,
  );
});

test('a damaged run.json is an error with the path', async () => {
  const out = join(scratch, 'damaged');
  await does(...train('--data', data, '--out', out));
  writeFileSync(join(out, 'run.json'), '{"images": {');
  await isRefused(
    ['train', '--resume', out, '--epochs', '3'],
    `${join(out, 'run.json')}: it is not JSON — restore the file, or start a new run`,
  );
});

test.run();
