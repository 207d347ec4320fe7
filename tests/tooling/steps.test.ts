import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const STEPS = new URL('../../scripts/steps.ts', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `program` in a separate process, with runSteps, runNpm, runTool and the steps `good` and `bad` in scope. */
function run(
  program: string,
  env: NodeJS.ProcessEnv = process.env,
): { code: number | null; lines: string[] } {
  const prelude = `
    import { runNpm, runSteps, runTool } from '${STEPS}';
    const good = { name: 'good', run: async () => {} };
    const bad = { name: 'bad', run: async () => { throw new Error('first\\nsecond'); } };`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', prelude + program];
  const child = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
  return { code: child.status, lines: child.stdout.trimEnd().split('\n') };
}

test('a failing step is reported and counted, and the others still run', () => {
  const { code, lines } = run('await runSteps([bad, good]);');
  assert.is(code, 1);
  assert.equal(lines, ['FAIL  bad', '      first', '      second', 'ok    good', '1 passed, 1 failed']);
  assert.is(run('await runSteps([good]);').code, 0);
});

test('long lines of a failure are truncated, such as lines of a minified bundle in a stack trace', () => {
  const { lines } = run(`
    const minified = { name: 'minified', run: async () => { throw new Error('a'.repeat(900) + '\\nend'); } };
    await runSteps([minified]);`);
  assert.equal(lines, ['FAIL  minified', `      ${'a'.repeat(500)} …`, '      end', '0 passed, 1 failed']);
});

test('after a failed essential step the rest does not run; an empty list of steps fails', () => {
  const { code, lines } = run('await runSteps([good, { ...bad, essential: true }, good]);');
  assert.is(code, 1);
  assert.equal(lines.slice(-3), ['FAIL  good', '      not run', '1 passed, 2 failed']);
  assert.is(run('await runSteps([]);').code, 1);
});

test('the error of a failing tool contains its output; runNpm requires that npm started the script', () => {
  const tool = run(
    `try { await runTool('typescript/bin/tsc', ['--noSuchFlag']) } catch (e) { console.log(e.message) }`,
  );
  assert.match(tool.lines.join('\n'), 'noSuchFlag');
  const noNpm = run('try { await runNpm([]) } catch (e) { console.log(e.message) }', {
    PATH: process.env.PATH,
  });
  assert.equal(noNpm.lines, ['not started by npm — use npm run']);
});

test.run();
