/** The scripts that complete the command line, the one of bash by bash itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../packages/vae/src/cli/main.js';
import { flagOf, wordsOf } from '../../packages/vae/src/run/schema/option.js';
import { does, isRefused } from './cli-calls.js';

const scratch = mkdtempSync(join(tmpdir(), 'varigrad-completion-'));
test.after(() => rmSync(scratch, { recursive: true, force: true }));
writeFileSync(join(scratch, 'mine.json'), '{}');

const SCRIPT = await does('completion', 'bash');
const hasShell = (name: string): boolean => spawnSync(name, ['-c', 'true']).status === 0;

/** What bash offers for the last word of a line. */
function completed(...words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(' ');
  const program = `${SCRIPT}
COMP_WORDS=(varigrad ${list}); COMP_CWORD=${words.length}
_varigrad
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', program], { cwd: scratch, encoding: 'utf8' });
  assert.equal([status, stderr], [0, '']);
  return stdout.split('\n').filter(Boolean).sort();
}

test('bash completes commands, options, words and paths', () => {
  assert.equal(completed(''), [...Object.keys(COMMANDS), '--help', '--version'].sort());
  assert.equal(completed('comp'), ['compare', 'completion']);
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    const flags = Object.entries(options).flatMap(([key, option]) => [
      flagOf(key),
      ...(option.aliases ?? []),
      ...(key === 'compile' ? ['no-compile'] : []),
    ]);
    assert.equal(completed(name, '--'), [...flags, 'help'].map((flag) => `--${flag}`).sort(), name);
    for (const [key, option] of Object.entries(options)) {
      const words = wordsOf(option);
      if (words.length > 0) assert.equal(completed(name, `--${flagOf(key)}`, ''), [...words].sort(), key);
    }
  }
  assert.equal(completed('train', '--model', 'c'), ['categorical-vae', 'cvae']);
  assert.equal(completed('train', '--seed', '3', '--le'), ['--learning-rate', '--levels']);
  assert.equal(completed('train', '--config', 'm'), ['mine.json']);
  assert.equal(completed('evaluate', 'm'), ['mine.json']);
  assert.equal(completed('train', '--latent', ''), [], 'a number has no completion');
  assert.equal(completed('completion', ''), ['bash', 'fish', 'zsh']);
});

for (const shell of ['zsh', 'fish']) {
  test(`the script of ${shell} names every command and option${hasShell(shell) ? ', and parses' : ''}`, async () => {
    const script = await does('completion', shell);
    for (const [name, { options }] of Object.entries(COMMANDS)) {
      assert.ok(script.includes(name));
      for (const [key, option] of Object.entries(options)) {
        const flag =
          shell === 'zsh' ? `'--${flagOf(key)}[` : `seen_subcommand_from ${name}' -l ${flagOf(key)} `;
        assert.ok(script.includes(flag), `${name}: ${flag}`);
        for (const word of wordsOf(option)) assert.ok(script.includes(word), word);
      }
    }
    if (!hasShell(shell)) return;
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    assert.equal([status, stderr], [0, '']);
  });
}

test('another shell is refused', async () => {
  await isRefused(['completion'], 'no shell given — name one of bash, zsh, fish');
  await isRefused(
    ['completion', 'zhs'],
    'completion zhs: expected one of bash, zsh, fish — did you mean zsh?',
  );
  await isRefused(['completion', 'bash', 'zsh'], 'unexpected argument "zsh" — options start with --');
});

test.run();
