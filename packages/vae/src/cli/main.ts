/** The command line itself: which commands there are, and how a call ends. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VarigradError } from '@varigrad/core';
import type { Output } from '../run/progress.js';
import { UsageError } from '../run/usage-error.js';
import type { Command } from './command.js';
import { compare } from './compare.js';
import { evaluateCommand } from './evaluate.js';
import { parseLine } from './parse.js';
import { figures, reconstruct, sample } from './sheets.js';
import { train } from './train.js';

export const COMMANDS: Readonly<Record<string, Command>> = {
  train,
  evaluate: evaluateCommand,
  sample,
  reconstruct,
  figures,
  compare,
};

/** What asks a run to stop and save. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Options of `runCommandLine`. */
export interface CommandLineOptions {
  /** What a user types in place of `npx varigrad <command>`, for help and advice. */
  calledAs?: string;
  /** Where to write. Default: the process's own. */
  out?: Output;
  err?: Output;
}

/**
 * Does what a command line asks for: `['train', '--latent', '2']`. The first Ctrl-C asks a training run to stop, a second one ends the process.
 * @returns the exit code: 0; 1 for what failed, or 2 for what cannot be asked for, with a sentence on standard error
 */
export async function runCommandLine(
  args: readonly string[],
  options: CommandLineOptions = {},
): Promise<number> {
  const { out = process.stdout, err = process.stderr } = options;
  const calledAs = (command: string): string => options.calledAs ?? `npx varigrad ${command}`.trimEnd();
  const stop = new AbortController();
  const ask = (): void => stop.abort();
  const stopSignal = (): AbortSignal => {
    for (const name of SIGNALS) process.once(name, ask);
    return stop.signal;
  };
  try {
    const parsed = parseLine(args, { commands: COMMANDS, version: readVersion(), calledAs });
    if (parsed.kind === 'text') out.write(`${parsed.text}\n`);
    else await COMMANDS[parsed.name]?.run(parsed, { out, stopSignal, calledAs: calledAs(parsed.name) });
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof VarigradError)) throw error;
    err.write(`${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    for (const name of SIGNALS) process.off(name, ask);
  }
}

function readVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('@varigrad/vae/package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
