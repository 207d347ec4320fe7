/** Programs under mpirun. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/packages.js';

const NODE = [
  process.execPath,
  '--no-warnings',
  '--conditions=@varigrad/source',
  '--import',
  import.meta.resolve('tsx'),
];

/** Lets OpenMPI run as root, as in containers, and more processes than cores. */
const ENVIRONMENT = {
  ...process.env,
  NO_COLOR: '1',
  OMPI_ALLOW_RUN_AS_ROOT: '1',
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_rmaps_base_oversubscribe: '1',
};

/** A job, and how it ended. */
export interface Job {
  readonly child: ChildProcess;
  /** Resolves when the first step is about to run, or when the job has ended. */
  readonly trains: Promise<void>;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

/** Why there is no mpirun; null if there is one. */
export function missingMpirun(): string | null {
  const { status, error } = spawnSync('mpirun', ['--version'], { encoding: 'utf8' });
  return status === 0 ? null : `mpirun cannot be started (${error?.message ?? `exit code ${status}`})`;
}

/** Starts a TypeScript program on `size` processes. @param size - 0 for one process without mpirun */
export function launch(
  size: number,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Job {
  const command = [...NODE, join(ROOT, program), ...args];
  const [file, ...rest] = size === 0 ? command : ['mpirun', '-n', String(size), ...command];
  const child = spawn(file!, rest, {
    cwd: ROOT,
    env: { ...ENVIRONMENT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString();
  });
  const trains = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed.out += chunk.toString();
      if (printed.out.includes('Results: ')) resolve();
    });
    child.on('close', () => resolve());
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }));
  });
  return { child, trains, ended };
}

/** `varigrad` on `size` processes, each with one thread. */
export function varigrad(size: number, args: readonly string[]): Job {
  return launch(size, 'packages/vae/bin/varigrad.js', args);
}

/** Waits for a job. @throws Error with what it printed unless it succeeded */
export async function succeeds(job: Job): Promise<string> {
  const { code, out, err } = await job.ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${out}${err}`);
  return out;
}

/** Waits for a job that must fail. @throws Error unless it printed a text that matches */
export async function refuses(job: Job, expected: RegExp): Promise<void> {
  const { code, out, err } = await job.ended;
  if (code === 0) throw new Error(`exit code 0, expected a message ${expected}: ${out}${err}`);
  if (!expected.test(out + err)) throw new Error(`expected ${expected}, found: ${out}${err}`);
}

/** The processes that mpirun started. */
export function processesOf({ child }: Job): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,comm=', '--ppid', String(child.pid)], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [pid, name = ''] = line.trim().split(/\s+/);
    return name.startsWith('node') ? [Number(pid)] : [];
  });
}
