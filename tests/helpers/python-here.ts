import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Folder of the Python modules that tests import. */
const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

const environment = { ...process.env, PYTHONPATH: FIXTURES, PYTHONDONTWRITEBYTECODE: '1' };

/**
 * The first Python that has these modules; undefined if there is none, and the reason is printed. The first python3 may be a version
 * manager's, while the distribution's packages belong to /usr/bin/python3.
 */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const program = modules.map((name) => `import ${name}`).join('\n');
  const found = ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', program], { env: environment }).status === 0,
  );
  if (found === undefined) console.log(`left out: no python3 with ${modules.join(' and ')}`);
  return found;
}

/**
 * What a Python program prints.
 * @param args - sys.argv[1:]; @param cwd - the folder in which it runs
 * @throws Error with its traceback
 */
export function runPython(
  python: string,
  program: string,
  args: readonly string[] = [],
  cwd?: string,
): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, ...args], {
    env: environment,
    cwd,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
