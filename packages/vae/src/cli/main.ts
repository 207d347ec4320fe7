/** The command line: the table of commands, the exit code, and the handling of signals. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BackendError, VarigradError } from '@varigrad/core';
import { findLaunch } from '@varigrad/core/mpi';
import { FileError, isSystemError } from '../files/file-error.js';
import { type Output, painter, visible, wrapped } from '../run/progress.js';
import { UsageError } from '../run/usage-error.js';
import { type Commands, type Terminal, withJson } from './command.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { datasets } from './datasets.js';
import { evaluateCommand } from './evaluate.js';
import { exportCommand } from './export.js';
import { features } from './features.js';
import { type GuardedOutput, guardOutput, isReaderEnded } from './guarded-output.js';
import { inpaint } from './inpaint.js';
import { parseLine } from './parse.js';
import { schema } from './schema.js';
import { figures, reconstruct, sample } from './sheets.js';
import { train } from './train.js';

export const COMMANDS: Commands = withJson({
  train,
  evaluate: evaluateCommand,
  sample,
  reconstruct,
  figures,
  export: exportCommand,
  compare,
  features,
  inpaint,
  datasets,
  schema,
  completion,
});

/** The signals that ask a run to stop and save. A closed terminal sends SIGHUP, sometimes more than once; mpirun passes SIGUSR2 on. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

/** Milliseconds in which the first process prints an error that all processes have. */
const FIRST_MS = 1000;

/** Where a command writes its text if `--json` prints its report, and on the processes of mpirun other than the first. */
const SILENT: Output = { write: () => true };

/** Exit codes. */
const DONE = 0;
const FAILED = 1;
const WRONG_COMMAND_LINE = 2;
const STOPPED = 3;

/** Options of `runCommandLine`. */
export interface CommandLineOptions {
  /** The text that a user types to call a command, for help and hints. Default: `npx varigrad <command>`. */
  calledAs?: (command: string) => string;
  /** Where to write. Default: `process.stdout`. */
  out?: Output;
  /** Where to write errors. Default: `process.stderr`. */
  err?: Output;
}

/**
 * Runs a command line, for example `['train', '--latent', '2']`. Ctrl-C, SIGTERM, a closed terminal and a closed output ask a training
 * run to stop and save; a second Ctrl-C ends the process.
 * @returns the exit code: 0 for success, also after Ctrl-C; 1 for a failure; 2 for a wrong command line; 3 for a run that something
 * else stopped before its end. An error is one line on `err`.
 */
export async function runCommandLine(
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<number> {
  const { calledAs = byPackageManager } = options;
  const stop = new AbortController();
  const ask = (name: string): void => stop.abort(name);
  const launch = findLaunch(process.env);
  const rank = launch?.rank ?? 0;
  const out = guardOutput(options.out ?? (rank > 0 ? SILENT : process.stdout), () => stop.abort());
  const err = guardOutput(options.err ?? process.stderr, () => {});
  let ending: string | undefined;
  const terminal: Terminal = {
    out: out.out,
    calledAs,
    commands: COMMANDS,
    stopSignal: () => {
      for (const name of SIGNALS) process.on(name, name === 'SIGHUP' ? ask : askOnce);
      return stop.signal;
    },
    stopped: (text) => {
      ending = text;
    },
  };
  const askOnce = (name: NodeJS.Signals): void => {
    process.off(name, askOnce);
    ask(name);
  };
  try {
    const parsed = parseLine(args, {
      commands: COMMANDS,
      version: readVersion(),
      calledAs,
      paint: painter(out.out),
    });
    if (parsed.kind === 'text') out.out.write(`${parsed.text}\n`);
    else {
      if (launch !== null && launch.size !== 1 && parsed.name !== 'train')
        throw new UsageError(`${parsed.name} runs on one process — leave out mpirun`);
      const isJson = parsed.flags.get('json') === true;
      const report = await COMMANDS[parsed.name]?.run(
        parsed,
        isJson ? { ...terminal, out: SILENT } : terminal,
      );
      if (isJson) out.out.write(`${JSON.stringify(report)}\n`);
    }
    if (ending !== undefined) (out.failure() === undefined ? out : err).out.write(ending);
    const failure = await failureOf(out);
    if (failure !== undefined && !isReaderEnded(failure)) throw new FileError('output', 'stdout', failure);
    return ending === undefined || stop.signal.reason === 'SIGINT' ? DONE : STOPPED;
  } catch (error) {
    // An error of all processes is printed by the first one, whose end is the end of the others.
    if (rank > 0) await new Promise((resolve) => setTimeout(resolve, FIRST_MS));
    const message = rank > 0 ? `process ${rank}: ${messageOf(error)}` : messageOf(error);
    // The list of what each backend lacks has lines. Other messages may name files, whose names may have line ends.
    const shown = error instanceof BackendError ? message : visible(message);
    err.out.write(`${painter(err.out)('red', wrapped(shown, err.out))}\n`);
    return error instanceof UsageError ? WRONG_COMMAND_LINE : FAILED;
  } finally {
    for (const name of SIGNALS) process.off(name, ask).off(name, askOnce);
    out.release();
    err.release();
  }
}

/** The failure of an output, after the events of its last write. */
async function failureOf(out: GuardedOutput): Promise<string | undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  return out.failure();
}

/** The text of an expected error. @throws the error if it is a defect of the program */
function messageOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof VarigradError) return error.message;
  if (isSystemError(error))
    return new FileError(error.syscall ?? 'file', error.path ?? 'file', error.code).message;
  throw error;
}

/** `npx varigrad train`, or `npm run varigrad -- train` if that script of a clone was called. */
function byPackageManager(command: string): string {
  const program = process.env.npm_lifecycle_event === 'varigrad' ? 'npm run varigrad --' : 'npx varigrad';
  return `${program} ${command}`.trimEnd();
}

function readVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('@varigrad/vae/package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
