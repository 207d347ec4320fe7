/** Runs a program of `examples/` as a user does. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a program ended, and what it printed. */
export interface ExampleRun {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** @param path - below `examples/`, such as `quadrants/main.ts` */
export function runExample(path: string, ...args: readonly string[]): ExampleRun {
  const program = ['--conditions=@varigrad/source', '--import', 'tsx', `examples/${path}`];
  return spawnSync(process.execPath, [...program, ...args], { cwd: ROOT, encoding: 'utf8' });
}
