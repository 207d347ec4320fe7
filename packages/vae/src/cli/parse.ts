/** Parses a command line into a command and its options, with commander. */
import { CommanderError, type Help, Option, Command as Parser } from 'commander';
import { flagOf } from '../run/fields.js';
import type { Paint } from '../run/progress.js';
import { suggest, UsageError } from '../run/usage-error.js';
import type { Command, CommandLine, Flag } from './command.js';

/** A parsed command line: a command to run, or a text to print. */
export type Parsed = { kind: 'text'; text: string } | ({ kind: 'run'; name: string } & CommandLine);

/** The commands of a program, and its texts. */
export interface Program {
  readonly commands: Readonly<Record<string, Command>>;
  readonly version: string;
  /** The text that a user types to call a command, or with '' the program. */
  calledAs(command: string): string;
  /** Colours of the help text. */
  paint: Paint;
}

const HELP_WIDTH = 80;
const SUMMARY = 'Train, evaluate and draw variational autoencoders.';

/** @throws UsageError for an unknown command or option, with the most similar one */
export function parseLine(args: readonly string[], program: Program): Parsed {
  let text = '';
  let parsed: Parsed | undefined;
  const root = new Parser('varigrad')
    .description(SUMMARY)
    .version(program.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this text')
    .helpCommand(false)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
      writeErr: (part) => {
        text += part;
      },
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => true, // `paint` decides
    })
    .configureHelp({
      styleTitle: (text) => program.paint('bold', text),
      commandUsage: (command) => usageOf(command, program),
      subcommandTerm: (command) =>
        `${command.name()} ${program.commands[command.name()]?.usage ?? ''}`.trimEnd(),
    });
  for (const [name, command] of Object.entries(program.commands)) {
    const parser = root.command(name).summary(command.summary).description(command.summary);
    parser
      .helpOption('-h, --help', 'print this text')
      .allowExcessArguments()
      .addHelpText('after', () => `\n${wrapNotes(command.notes, parser.createHelp())}`);
    for (const [key, flag] of Object.entries(command.flags)) addFlag(parser, key, flag);
    parser.action(() => {
      parsed = { kind: 'run', name, words: parser.args, flags: flagsGiven(parser, command) };
    });
  }
  try {
    root.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0 && error.code !== 'commander.help') throw translate(error, args, program);
  }
  return parsed ?? { kind: 'text', text: text.trimEnd() };
}

/** Wraps lines at the width of the help text. The description of a list entry, `  name  description`, is indented as a block. */
function wrapNotes(notes: string, help: Help): string {
  const lines = notes.split('\n').map((line) => {
    const [, gap = '', name = '', space = '', text = ''] = /^( {2})(\S+)( +)(.*)$/.exec(line) ?? [];
    if (gap === '') return help.boxWrap(line, HELP_WIDTH);
    return help.formatItem(name, name.length + space.length - 2, text, help);
  });
  return lines.join('\n');
}

function usageOf(command: Parser, { commands, calledAs }: Program): string {
  const own = commands[command.name()];
  if (own === undefined) return `${calledAs('')} <command> [options]`;
  return `${calledAs(command.name())} ${own.usage === '' ? '' : `${own.usage} `}[options]`;
}

function addFlag(parser: Parser, key: string, { kind, help, group, standard, standardText }: Flag): void {
  const name = flagOf(key);
  const isSwitch = kind.isSwitch === true;
  const value = standardText ?? (isSwitch || standard === null ? '' : String(standard));
  const option = new Option(
    `--${name}${isSwitch ? '' : ` <${kind.shown}>`}`,
    value === '' ? help : `${help} (default ${value})`,
  );
  if (!isSwitch) {
    option.argParser((given: string, before: unknown) => {
      if (before !== undefined) throw new UsageError(`--${name} is given twice`);
      if (given === '' || given.startsWith('--')) throw new UsageError(`--${name} needs a value`);
      return given;
    });
  }
  parser.addOption(option.helpGroup(group));
}

function flagsGiven(parser: Parser, { flags }: Command): Map<string, string | true> {
  const values: Readonly<Record<string, string | true>> = parser.opts();
  return new Map(
    Object.keys(flags).flatMap((key) => {
      const value = values[key];
      return value === undefined ? [] : [[flagOf(key), value] as const];
    }),
  );
}

/** Rewords an error of commander, whose message has the refused word in quotation marks. */
function translate(error: CommanderError, args: readonly string[], { commands }: Program): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.optionMissingArgument')
    return new UsageError(`${quoted.split(' ')[0]} needs a value`);
  if (error.code === 'commander.unknownCommand')
    return new UsageError(
      `unknown command "${quoted}"${suggest(quoted, Object.keys(commands)) || ` — the commands are ${Object.keys(commands).join(', ')}`}`,
    );
  if (error.code !== 'commander.unknownOption') return new UsageError(error.message);
  const flag = quoted.replace(/=.*/, '');
  const known = Object.keys(commands[args[0] ?? '']?.flags ?? {}).map(flagOf);
  const advice = suggest(flag.replace(/^-+/, ''), [...known, 'help'], '--');
  return new UsageError(`unknown option ${flag}${advice || ' — see --help'}`);
}
