/** The command line: the table of commands, the exit code, and the handling of signals. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VarigradError } from '@varigrad/core';
import { type Output, painter, wrapped } from '../run/progress.js';
import { UsageError } from '../run/usage-error.js';
import type { Commands } from './command.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { evaluateCommand } from './evaluate.js';
import { parseLine } from './parse.js';
import { schema } from './schema.js';
import { figures, reconstruct, sample } from './sheets.js';
import { train } from './train.js';

export const COMMANDS: Commands = {
  train,
  evaluate: evaluateCommand,
  sample,
  reconstruct,
  figures,
  compare,
  schema,
  completion,
};

/** The signals that ask a run to stop and save. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

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
 * Runs a command line, for example `['train', '--latent', '2']`. The first Ctrl-C asks a training run to stop and save; a second one ends
 * the process.
 * @returns the exit code: 0 for success, 1 for a failure, 2 for a wrong command line. An error is one line on `err`.
 */
export async function runCommandLine(
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<number> {
  const { out = process.stdout, err = process.stderr, calledAs = byPackageManager } = options;
  const stop = new AbortController();
  const ask = (): void => stop.abort();
  const stopSignal = (): AbortSignal => {
    for (const name of SIGNALS) process.once(name, ask);
    return stop.signal;
  };
  try {
    const parsed = parseLine(args, {
      commands: COMMANDS,
      version: readVersion(),
      calledAs,
      paint: painter(out),
    });
    if (parsed.kind === 'text') out.write(`${parsed.text}\n`);
    else await COMMANDS[parsed.name]?.run(parsed, { out, stopSignal, calledAs, commands: COMMANDS });
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof VarigradError)) throw error;
    err.write(`${painter(err)('red', wrapped(error.message, err))}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    for (const name of SIGNALS) process.off(name, ask);
  }
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
