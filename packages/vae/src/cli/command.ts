/** The types of a command and its parts. */
import type { Fields } from '../run/fields.js';
import type { Output } from '../run/progress.js';
import type { StopSignal } from '../run/train-run.js';

/** A parsed command line. */
export interface CommandLine {
  /** Arguments that are not options: folders, files. */
  readonly words: readonly string[];
  /** Options as they were given: text, or true for a switch. The key is the flag without its dashes. */
  readonly flags: ReadonlyMap<string, string | true>;
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
}

/** The properties of a field that appear in the help text. */
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
  /** The arguments of the command: `<run>`; '' for none. */
  readonly usage: string;
  /** The options of the command, by key. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Text below the options. A line of the form `  name  description` is an entry of a list. */
  readonly notes: string;
  run(line: CommandLine, terminal: Terminal): Promise<void>;
}

/** Fields as the options of a command. */
export function flagsOf<T>(fields: Fields<T>): Readonly<Record<string, Flag>> {
  return fields;
}
