/** Other versions of Node, other runtimes, bundlers and compilers for tests, installed only by the commands that need them. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../../scripts/steps.js';

/** Their package.json and lock file. */
export const MATRIX: string = fileURLToPath(new URL('matrix', import.meta.url));
/** They themselves: `node26/bin/node`. */
export const TOOLS: string = join(MATRIX, 'node_modules');

/** Installs them, unless they are up to date. @throws Error with the output of npm */
export async function installTools(): Promise<void> {
  const stamp = join(TOOLS, '.package-lock.json');
  const lock = join(MATRIX, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('      installing the tools (npm ci in tests/package/matrix)');
  await runNpm(['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], MATRIX);
}
