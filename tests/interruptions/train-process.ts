/** `varigrad train` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = [
  '--conditions=@varigrad/source',
  '--import',
  import.meta.resolve('tsx'),
  join(ROOT, 'packages/vae/bin/varigrad.js'),
  'train',
  '--threads',
  '1',
];

/** How a process ended. */
export interface Ended {
  /** The exit code; null after a signal that the process did not handle. */
  code: number | null;
  out: string;
  err: string;
}

export interface TrainProcess {
  child: ChildProcess;
  /** Resolves when the first step is about to run, or when the process has ended. */
  trains: Promise<void>;
  ended: Promise<Ended>;
}

/** @param options.fileLimit - the largest file that the process may write, in KiB; @param options.cwd - the working folder */
export function startTraining(
  args: readonly string[],
  { fileLimit, cwd = ROOT }: { fileLimit?: number | undefined; cwd?: string } = {},
): TrainProcess {
  const command = [process.execPath, ...PROGRAM, ...args];
  const limited = ['bash', '-c', `ulimit -f ${fileLimit}; exec "$@"`, 'bash', ...command];
  const [program, ...rest] = fileLimit === undefined ? command : limited;
  const child = spawn(program as string, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...printed }));
  });
  const trains = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      printed.out += chunk.toString();
      if (printed.out.includes('Results: ')) resolve();
    });
    child.on('close', () => resolve());
  });
  return { child, trains, ended };
}
