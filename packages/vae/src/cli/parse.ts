/** Parses a command line into a command and its options, with commander. */
import { CommanderError, type Help, Option, Command as Parser } from 'commander';
import type { Paint } from '../run/progress.js';
import { helpOf, placeholderOf } from '../run/schema/describe.js';
import { flagOf, type Options, offFlagOf } from '../run/schema/option.js';
import { suggestOption } from '../run/schema/values.js';
import { shorten, suggest, UsageError } from '../run/usage-error.js';
import type { CommandLine, Commands } from './command.js';

/** A parsed command line: a command to run, or a text to print. */
export type Parsed = { kind: 'text'; text: string } | ({ kind: 'run'; name: string } & CommandLine);

/** The commands of a program, and its texts. */
export interface Program {
  readonly commands: Commands;
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
    for (const key of Object.keys(command.options)) addFlag(parser, key, command.options);
    parser.action(() => {
      parsed = { kind: 'run', name, words: parser.args, flags: flagsGiven(parser, command.options) };
    });
  }
  try {
    root.parse(withoutAliases(args, program), { from: 'user' });
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

/** The arguments, with every alias of an option replaced by the option's own flag. */
function withoutAliases(args: readonly string[], { commands }: Program): string[] {
  const aliases = new Map<string, string>(
    Object.entries(optionsOf(args, commands)).flatMap(([key, { aliases = [] }]) =>
      aliases.map((alias) => [`--${alias}`, `--${flagOf(key)}`] as const),
    ),
  );
  return args.map((arg) => {
    const [flag = '', ...value] = arg.split('=');
    return [aliases.get(flag) ?? flag, ...value].join('=');
  });
}

/** The options of the command that is called. */
function optionsOf([name = '']: readonly string[], commands: Commands): Options {
  return Object.hasOwn(commands, name) ? (commands[name]?.options ?? {}) : {};
}

function addFlag(parser: Parser, key: string, options: Options): void {
  const name = flagOf(key);
  const option = options[key];
  if (option === undefined) return;
  const shown = placeholderOf(option);
  const flag = new Option(`--${name}${shown === '' ? '' : ` <${shown}>`}`, helpOf(options, key));
  if (shown !== '') {
    flag.argParser((given: string, before: unknown) => {
      if (before !== undefined) throw new UsageError(`--${name} is given twice`);
      if (given === '' || given.startsWith('--')) throw new UsageError(`--${name} needs a value`);
      return given;
    });
  }
  parser.addOption(flag.helpGroup(option.group));
  const off = offFlagOf(key, option);
  if (off !== undefined) parser.addOption(new Option(`--${off}`).hideHelp());
}

function flagsGiven(parser: Parser, options: Options): Map<string, string | boolean> {
  const values: Readonly<Record<string, string | boolean>> = parser.opts();
  return new Map(
    Object.keys(options).flatMap((key) => {
      const value = values[key];
      return value === undefined ? [] : [[flagOf(key), value] as const];
    }),
  );
}

const dashed = (name: string): `--${string}` => `--${name}`;

/** Rewords an error of commander, whose message has the refused word in quotation marks. */
function translate(error: CommanderError, args: readonly string[], { commands }: Program): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.optionMissingArgument')
    return new UsageError(`${quoted.split(' ')[0]} needs a value`);
  if (error.code === 'commander.unknownCommand')
    return new UsageError(
      `unknown command "${shorten(quoted)}"${suggest(quoted, Object.keys(commands)) || ` — the commands are ${Object.keys(commands).join(', ')}`}`,
    );
  if (error.code !== 'commander.unknownOption') return new UsageError(error.message);
  const flag = quoted.replace(/=.*/, '');
  const word = flag.replace(/^-+/, '');
  const options = optionsOf(args, commands);
  if (quoted.includes('=') && [...Object.keys(options).map(flagOf), 'help', 'version'].includes(word))
    return new UsageError(`--${word} takes no value`);
  const advice = suggestOption(word, options, (key) => `--${flagOf(key)}`) || suggest(word, ['help'], dashed);
  return new UsageError(`unknown option ${shorten(flag)}${advice || ' — see --help'}`);
}
