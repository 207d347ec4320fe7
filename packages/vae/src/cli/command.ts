/** What a command of the command line is. */
import type { Fields } from '../run/fields.js';
import type { Output } from '../run/progress.js';
import type { StopSignal } from '../run/train-run.js';

/** A command line, cut into its parts. */
export interface CommandLine {
  /** Words that are no options: folders, files. */
  readonly words: readonly string[];
  /** Options as they were given: text, or true for a switch; by flag without its dashes. */
  readonly flags: ReadonlyMap<string, string | true>;
}

/** What a command may use of the process. */
export interface Terminal {
  readonly out: Output;
  /** From now on, Ctrl-C asks to stop and save by this signal and does not end the process. */
  stopSignal(): StopSignal;
  /** What a user types to call the command: `npx varigrad train`. */
  readonly calledAs: string;
}

/** What the help text needs of a field. */
export interface Flag {
  readonly kind: { readonly isSwitch?: boolean; readonly shown: string };
  readonly standard: unknown;
  readonly help: string;
  readonly group: string;
  readonly standardText?: string;
}

/** One command. */
export interface Command {
  readonly summary: string;
  /** The words it takes: `<run>`; '' for none. */
  readonly usage: string;
  /** Its flags, by key. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Text below the flags. */
  readonly notes: string;
  run(line: CommandLine, terminal: Terminal): Promise<void>;
}

/** Fields as a command's flags. */
export function flagsOf<T>(fields: Fields<T>): Readonly<Record<string, Flag>> {
  return fields;
}
