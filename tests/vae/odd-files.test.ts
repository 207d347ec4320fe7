/** Files of a run that are damaged, of another kind, in another encoding, or in the wrong place. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError, loadRun } from '@varigrad/vae/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { argumentOf } from '../../packages/vae/src/run/progress.js';
import { call, does, isRefused, writeIdxFolder, writePngFile } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-odd-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'));
const run = join(scratch, 'run');
const options = '--hidden 6 --latent 2 --batch 32 --validation 16 --epochs 2 --threads 1'.split(' ');
await does('train', '--data', data, ...options, '--out', run);

/** A copy of the run, changed. */
function copyOf(name: string, change: (folder: string) => void): string {
  const folder = join(scratch, name);
  cpSync(run, folder, { recursive: true });
  change(folder);
  return folder;
}

function written(name: string, contents: string | Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, contents);
  return path;
}

/** Replaces a file by a folder. */
function folderAt(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

const isLostData = (path: string): string =>
  `--data ${path}: there is no such file or folder — name a data set (varigrad datasets lists them), a folder, a file, or images.idx,labels.idx`;

/** Reads a configuration whose images do not exist, so that nothing is trained. */
const reads = (path: string, message: string): Promise<void> =>
  isRefused(['train', '--out', join(scratch, 'none'), '--config', path], message);

test('a configuration in UTF-16, as Windows PowerShell writes it', async () => {
  const text = `\uFEFF${JSON.stringify({ data: '/nowhere' })}`;
  await reads(written('le.json', Buffer.from(text, 'utf16le')), isLostData('/nowhere'));
  await reads(written('be.json', Buffer.from(text, 'utf16le').swap16()), isLostData('/nowhere'));
  await reads(written('8.json', text), isLostData('/nowhere'));
});

test('what is no configuration file', async () => {
  const [empty, twice] = [written('empty.json', ' \n'), written('twice.json', '{"latent": 2, "latent": 3}')];
  await reads(empty, `${empty}: it is empty — write at least {}`);
  await reads(twice, `${twice}: "latent" is given twice — remove one of them`);
  await reads(scratch, `--config ${scratch}: it is a folder (EISDIR)`);
  await reads(
    join(empty, 'a.json'),
    `--config ${join(empty, 'a.json')}: a part of the path is a file, not a folder (ENOTDIR)`,
  );
  await reads(
    join(scratch, 'absent.json'),
    `--config ${join(scratch, 'absent.json')}: there is no such file`,
  );
  await isRefused(['compare', scratch], `${scratch}: it is a folder (EISDIR)`);
  const nul = written('nul.json', '{"data": "a\\u0000b"}');
  await reads(nul, `${nul}: data "a\\u0000b": expected a non-empty text without NUL characters`);
});

test('values that JSON cannot write, or that are very deep, are still quoted', async () => {
  const large = written('large.json', '{"beta": 1e999}');
  await reads(large, `${large}: beta Infinity: expected a number from 0 and at most 1000, for example 4`);
  const deep = written('deep.json', `{"latent": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  await reads(deep, `${deep}: latent [[[…]]]: expected a whole number from 1 to 1024`);
});

test('control characters in names do not reach the terminal', async () => {
  const path = written('escape.json', '{"\\u001b[31mx\\n": 1}');
  await reads(path, `${path}: "\\u001b[31mx\\u000a" is not an option`);
  await isRefused(['train', '--data', 'a\n\u202eb'], isLostData('a\\u000a\\u202eb'));
  const images = join(scratch, 'images');
  for (const name of ['cat\u001b[31m', 'dog']) {
    mkdirSync(join(images, name), { recursive: true });
    for (let i = 0; i < 10; i++)
      writePngFile(join(images, name, `${i}.png`), [4, 4], (x) => [i * x, i * x, i * x, 255]);
  }
  const text = await does(
    'train',
    '--data',
    images,
    ...options.slice(0, 4),
    '--epochs',
    '1',
    '--out',
    join(scratch, 'classes'),
  );
  assert.match(text, 'Classes: 0 = cat\\u001b[31m, 1 = dog.');
});

test('results are refused in the folder of the pictures, where they would become data', async () => {
  const pictures = join(scratch, 'pictures');
  const write = (folder: string): void => {
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 10; i++) writePngFile(join(folder, `${i}.png`), [4, 4], (x) => [i * x, 0, 0, 255]);
  };
  write(pictures);
  const small = options.slice(0, 4);
  for (const place of [pictures, join(pictures, 'run')])
    for (const command of ['train', 'compare'])
      await isRefused(
        [command, '--data', pictures, '--out', place, ...(command === 'train' ? [] : ['--models', 'ae'])],
        `--out ${command === 'train' ? place : join(place, 'ae')}: it is in the folder of the images, ${pictures}, where all pictures and folders are read as data — name a folder elsewhere with --out`,
      );
  assert.is(readdirSync(pictures).length, 10, 'nothing was written');
  const sets = join(scratch, 'sets');
  for (const set of ['train', 'test']) write(join(sets, set));
  const run = ['train', '--data', sets, ...small, '--epochs', '1', '--out'];
  await isRefused(
    [...run, join(sets, 'test', 'run')],
    `--out ${join(sets, 'test', 'run')}: it is in the folder of the images, ${join(sets, 'test')}, where all pictures and folders are read as data — name a folder elsewhere with --out`,
  );
  await does(...run, join(sets, 'runs'));
  await does('evaluate', join(sets, 'runs'));
  await does('train', '--data', pictures, ...small, '--epochs', '1', '--out', `${pictures}-run`);
});

test('a folder, a loop or a huge file in place of a file of the run', async () => {
  const config = copyOf('config', (folder) => folderAt(join(folder, 'config.json')));
  await isRefused(['evaluate', config], `${join(config, 'config.json')}: it is a folder (EISDIR)`);
  for (const [name, code] of [
    ['metrics.jsonl', 'EISDIR'],
    ['best.safetensors', 'EISDIR'],
  ] as const) {
    const folder = copyOf(`folder-${name}`, (path) => folderAt(join(path, name)));
    const error = await loadRun(folder).catch((reason: unknown) => reason);
    assert.instance(error, FileError);
    assert.equal([(error as FileError).path, (error as FileError).code], [join(folder, name), code]);
  }
  const huge = copyOf('huge', (folder) => truncateSync(join(folder, 'best.safetensors'), 2 ** 31 + 1));
  const { code, err } = await call('evaluate', huge);
  assert.equal(
    [code, err],
    [
      1,
      `loadRun: ${join(huge, 'best.safetensors')}: it is too large to be read at once (ERR_FS_FILE_TOO_LARGE)\n`,
    ],
  );
  const loop = copyOf('loop', (folder) => {
    rmSync(join(folder, 'config.json'));
    symlinkSync('config.json', join(folder, 'config.json'));
  });
  await isRefused(
    ['evaluate', loop],
    `${join(loop, 'config.json')}: a symbolic link points to itself (ELOOP)`,
  );
});

test('weights of another model are refused with the path of their file', async () => {
  const other = copyOf('other', (folder) => {
    const path = join(folder, 'config.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"latent": 2', '"latent": 3'));
  });
  const { code, err } = await call('evaluate', other);
  assert.is(code, 1);
  assert.ok(err.startsWith(`${join(other, 'best.safetensors')}: loadStateDict: of another shape: `), err);
});

test('a resumed run does not start again because its checkpoint is missing', async () => {
  const folder = copyOf('no-checkpoint', (path) => rmSync(join(path, 'checkpoint.safetensors')));
  const before = readFileSync(join(folder, 'metrics.jsonl'));
  await isRefused(
    ['train', '--resume', folder, '--epochs', '3'],
    `${join(folder, 'checkpoint.safetensors')}: the file is missing, and 2 epochs are finished — restore the file, or start a new run`,
  );
  assert.equal(readFileSync(join(folder, 'metrics.jsonl')), before);
});

test('a damaged file of codes only shortens the animation', async () => {
  const folder = copyOf('codes', (path) => truncateSync(join(path, 'codes.safetensors'), 30));
  await does('train', '--resume', folder, '--epochs', '3', '--threads', '1');
  assert.match(readFileSync(join(folder, 'scatter-animation.svg'), 'utf8'), 'after epoch 3');
});

test('only a folder that holds a run is suggested', async () => {
  await isRefused(['evaluate', scratch], `${scratch}: there is no config.json — name the folder of a run`);
  const typed = join(scratch, 'ru');
  await isRefused(['evaluate', typed], `${typed}: there is no config.json — did you mean ${run}?`);
  await isRefused(['evaluate', ''], 'no run given — name its folder, for example runs/mnist-vae-z20-none');
});

test('the name of a sheet is the name of a file', async () => {
  for (const [name, advice] of [
    [`${scratch}/new/`, `${scratch}/new/sheet.png`],
    [scratch, join(scratch, 'sheet.png')],
    [`${scratch}/new/.png`, `${scratch}/new/sheet.png`],
  ] as const)
    await isRefused(
      ['sample', run, '--out', name],
      `--out ${name}: expected the name of a file, such as ${advice}`,
    );
  const path = join(scratch, 'upper.SVG');
  assert.match(await does('sample', run, '--rows', '1', '--out', path), join(scratch, 'upper.svg'));
});

test('a comparison refuses a folder of another run, and files without a name, before it trains', async () => {
  const [first, second] = [
    written('first.json', '{"hidden": [3]}'),
    written('second.json', '{"hidden": [4]}'),
  ];
  const shared = [
    '--data',
    data,
    '--epochs',
    '1',
    '--batch',
    '32',
    '--threads',
    '1',
    '--out',
    join(scratch, 'compared'),
  ];
  await does('compare', second, ...shared);
  await isRefused(
    ['compare', first, second, ...shared, '--latent', '3'],
    `--out ${join(scratch, 'compared', 'second')} holds a run with other options — take another folder`,
  );
  assert.not.ok(existsSync(join(scratch, 'compared', 'first')));
  for (const name of ['.json', '..json', '...json']) {
    const path = written(name, '{}');
    await isRefused(
      ['compare', path, ...shared],
      `${path}: the file has no name before .json, and its run is called by it — rename it`,
    );
  }
});

test('commands that are printed can be copied into a shell', async () => {
  const out = join(scratch, "it's a $HOME");
  const text = await does('train', '--data', data, ...options, '--out', `${out}//`);
  const [, copied] = /npx varigrad evaluate (.*?) {2,}test losses/.exec(text) ?? [];
  assert.is(execFileSync('sh', ['-c', `printf %s ${copied}`], { encoding: 'utf8' }), out);
  assert.match(text, `Results: ${out}/\n`);
  assert.is(argumentOf('-x'), './-x');
  assert.is(argumentOf('runs/mnist-vae-z20-none'), 'runs/mnist-vae-z20-none');
});

test('figures of a single test image', async () => {
  const single = writeIdxFolder(join(scratch, 'single'), { test: 1 });
  const text = await does('figures', run, '--data', single, '--out', join(scratch, 'figures'));
  assert.match(text, 'interpolation: left out, since there is only one test image');
});

test('pairs of files with an empty name', async () => {
  for (const name of [',', 'a,', ',b']) await isRefused(['train', '--data', name], isLostData(name));
});

test('two grey levels and a binarization: the grey values stay probabilities', async () => {
  const out = join(scratch, 'levels');
  const binary = '--likelihood categorical --levels 2 --binarization dynamic --epochs 1'.split(' ');
  const text = await does('train', '--data', data, ...options.slice(0, 6), ...binary, '--out', out);
  assert.not.match(text, 'rounded');
  const { images } = (await (await loadRun(out)).data()).test;
  assert.ok(images.some((value) => value > 0.01 && value < 0.99));
});

test.run();
