/** The types of a command and its parts. */
import type { Output } from '../run/progress.js';
import type { Options } from '../run/schema/option.js';
import type { StopSignal } from '../run/train-run.js';

/** A parsed command line. */
export interface CommandLine {
  /** Arguments that are not options: folders, files. */
  readonly words: readonly string[];
  /** Options as they were given: text, or a boolean for a switch. The key is the flag without its dashes. */
  readonly flags: ReadonlyMap<string, string | boolean>;
}

/** The parts of the process that a command may use. */
export interface Terminal {
  readonly out: Output;
  /** After this call, the first Ctrl-C sets the signal, so that the run can stop and save; a second one ends the process. */
  stopSignal(): StopSignal;
  /** The command ends before its work is done. @param text - what is saved, and how to continue */
  stopped(text: string): void;
  /** The text that a user types to call a command: `npx varigrad train`. */
  calledAs(command: string): string;
  /** All commands of the program. */
  readonly commands: Commands;
}

/** Commands by name. */
export type Commands = Readonly<Record<string, Command>>;

/** One command. */
export interface Command {
  readonly summary: string;
  /** The arguments of the command: `<run>`; '' for none. */
  readonly usage: string;
  /** The words that may be its first argument. Without this field, an argument is the path of a file. */
  readonly words?: readonly string[];
  /** Its options. `withJson` adds `--json`. */
  readonly options: Options;
  /** Text below the options. A line of the form `  name  description` is an entry of a list. */
  readonly notes: string;
  /** @returns what `--json` prints in place of the text that the command writes */
  run(line: CommandLine, terminal: Terminal): Promise<object>;
}

/** The option that every command has. */
export const JSON_OPTIONS = {
  json: {
    group: 'The output:',
    type: 'boolean',
    default: false,
    help: 'print one JSON object in place of text',
  },
} as const;

/** The commands with the option `--json`. */
export function withJson(commands: Commands): Commands {
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      { ...command, options: { ...command.options, ...JSON_OPTIONS } },
    ]),
  );
}
