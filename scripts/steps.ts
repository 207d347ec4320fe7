/** Runs named steps of a check. Each is reported, and the last line counts them. */
import { type ExecFileException, execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './packages.js';

/** One step. If it fails, `run` rejects with an error that describes the problem. */
export interface Step {
  name: string;
  run: () => Promise<void>;
  /** If it fails, later steps do not run and count as failed. */
  essential?: boolean;
}

/** A program that runs longer is considered hung. */
const HANG_MS = 600_000;

/** Runs a program and returns its stdout.
 * @throws Error with everything the program printed, if it fails or hangs */
export async function runProgram(path: string, args: readonly string[], cwd: string): Promise<string> {
  const options = { cwd, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1e8, timeout: HANG_MS };
  try {
    return (await promisify(execFile)(path, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message, killed } = error as ExecFileException;
    const hung = killed === true ? `\nstill running after ${HANG_MS / 1000} s: killed` : '';
    throw new Error(`${stdout}${stderr}`.trim().concat(hung) || message);
  }
}

/** Runs a Node program of node_modules (`publint/src/cli.js`) or of an absolute path, and returns its stdout.
 * @throws Error with everything the program printed, if it fails */
export function runTool(script: string, args: readonly string[], cwd: string = ROOT): Promise<string> {
  const path = script.startsWith('/') ? script : join(ROOT, 'node_modules', script);
  return runProgram(process.execPath, [path, ...args], cwd);
}

/** Runs npm (the one that started this script) and returns its stdout.
 * @throws Error if not started by npm, or with the output of npm if it fails */
export async function runNpm(args: readonly string[], cwd: string = ROOT): Promise<string> {
  const cli = process.env.npm_execpath;
  if (!cli) throw new Error('not started by npm — use npm run');
  return runTool(cli, args, cwd);
}

/** Runs the steps in order, prints each result and `N passed, N failed`, and sets the exit code. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  let failed = 0;
  let stopped = false;
  for (const { name, run, essential } of steps) {
    try {
      if (stopped) throw new Error('not run');
      await run();
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      stopped ||= essential === true;
      console.log(`FAIL  ${name}\n${indent((error as Error).message)}`);
    }
  }
  console.log(`${steps.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || steps.length === 0 ? 1 : 0;
}

/** Indents each line, and truncates long ones, such as lines of a minified bundle in a stack trace. */
function indent(text: string): string {
  return text.replace(/^(.{500}).+$/gm, '$1 …').replace(/^(?=.)/gm, '      ');
}
