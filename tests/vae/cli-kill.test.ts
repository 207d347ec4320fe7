/** The commands as processes of their own that are stopped and killed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { does, writeIdxFolder } from './cli-calls.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = ['--conditions=@varigrad/source', '--import', 'tsx', 'packages/vae/bin/varigrad.js'];
const scratch = mkdtempSync(join(tmpdir(), 'varigrad-kill-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
const data = writeIdxFolder(join(scratch, 'quarters'), { train: 240 });
const OPTIONS =
  `--data ${data} --hidden 12 --latent 3 --batch 4 --threads 1 --validation 40 --patience 30`.split(' ');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Started {
  child: ChildProcess;
  /** Resolves once the run trains. */
  trains: Promise<void>;
  ended: Promise<Ended>;
}

function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, [...PROGRAM, ...args], { cwd: ROOT });
  const printed = { out: '', err: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }));
  });
  const trains = new Promise<void>((resolve, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed.out += chunk.toString();
      if (printed.out.includes('Results: ')) resolve();
    });
    child.on('close', () => fail(new Error(`it ended before it trained: ${printed.out}${printed.err}`)));
  });
  return { child, trains, ended };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function assertAlike(run: string, other: string): void {
  for (const name of ['weights', 'best', 'checkpoint']) {
    const [one, two] = [run, other].map((folder) => readFileSync(join(folder, `${name}.safetensors`)));
    assert.ok(one?.equals(two as Buffer), `${name}.safetensors differ`);
  }
  const losses = (folder: string): string =>
    readFileSync(join(folder, 'metrics.jsonl'), 'utf8').replace(/,"seconds".*/g, '');
  assert.is(losses(run), losses(other));
  assert.equal(readdirSync(run).sort(), readdirSync(other).sort());
}

test('a run that is stopped and killed again and again ends as one that was not, byte for byte', async () => {
  const straight = join(scratch, 'straight');
  await does('train', ...OPTIONS, '--epochs', '20', '--out', straight);
  const run = join(scratch, 'harmed');
  let program = start(['train', ...OPTIONS, '--epochs', '20', '--out', run]);
  // Ctrl-C within an epoch, then SIGKILL at random moments.
  for (const [signal, most] of [
    ['SIGINT', 20],
    ['SIGKILL', 0],
    ['SIGKILL', 150],
    ['SIGKILL', 400],
    ['SIGINT', 300],
  ] as const) {
    await program.trains;
    await pause(Math.random() * most);
    program.child.kill(signal);
    await program.ended;
    program = start(['train', '--resume', run, '--threads', '1']);
  }
  const { code, err } = await program.ended;
  assert.is(code, 0, err);
  assertAlike(run, straight);
});

test('a comparison that is stopped goes on by the same command', async () => {
  const args = ['compare', '--models', 'vae,iwae', ...OPTIONS, '--epochs', '6'];
  const out = join(scratch, 'stopped');
  const program = start([...args, '--out', out]);
  await program.trains;
  program.child.kill('SIGINT');
  const ended = await program.ended;
  assert.is(ended.code, 0, ended.err);
  assert.ok(ended.out.endsWith('\nStopped; all results are saved. The same command continues.\n'), ended.out);
  assert.not.ok(existsSync(join(out, 'report.html')));

  await does(...args, '--out', out);
  const straight = join(scratch, 'not-stopped');
  await does(...args, '--out', straight);
  for (const name of ['vae', 'iwae']) assertAlike(join(out, name), join(straight, name));
  assert.ok(existsSync(join(out, 'report.html')));
});

test('the program prints its version, and refusals with exit code 2', () => {
  const call = (...args: readonly string[]): Ended => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...PROGRAM, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    return { code: status, out: stdout, err: stderr };
  };
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/vae/package.json'), 'utf8'));
  assert.equal(call('--version'), { code: 0, out: `${version}\n`, err: '' });
  assert.equal(call('trian'), { code: 2, out: '', err: 'unknown command "trian" — did you mean train?\n' });
});

test.run();
