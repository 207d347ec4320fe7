/** From the words of a command line to a command and its options, by way of commander. */
import { CommanderError, Option, Command as Parser } from 'commander';
import { flagOf } from '../run/fields.js';
import { suggest, UsageError } from '../run/usage-error.js';
import type { Command, CommandLine, Flag } from './command.js';

/** A command line, understood: a command to run, or a text to print. */
export type Parsed = { kind: 'text'; text: string } | ({ kind: 'run'; name: string } & CommandLine);

/** What a program is called and can do. */
export interface Program {
  readonly commands: Readonly<Record<string, Command>>;
  readonly version: string;
  /** What a user types to call a command, or with '' the program. */
  calledAs(command: string): string;
}

const HELP_WIDTH = 100;
const SUMMARY = 'Variational autoencoders: training, evaluation and pictures from the command line.';

/** @throws UsageError for what is no command or option, with what may have been meant */
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
    })
    .configureHelp({
      commandUsage: (command) => usageOf(command, program),
      subcommandTerm: (command) =>
        `${command.name()} ${program.commands[command.name()]?.usage ?? ''}`.trimEnd(),
    });
  for (const [name, command] of Object.entries(program.commands)) {
    const parser = root.command(name).summary(command.summary).description(command.summary);
    parser
      .helpOption('-h, --help', 'print this text')
      .allowExcessArguments()
      .addHelpText('after', `\n${command.notes}`);
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

/** Commander's error in our words. Its message holds what it refuses between quotation marks. */
function translate(error: CommanderError, args: readonly string[], { commands }: Program): UsageError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.optionMissingArgument')
    return new UsageError(`${quoted.split(' ')[0]} needs a value`);
  if (error.code === 'commander.unknownCommand')
    return new UsageError(
      `"${quoted}" is no command${suggest(quoted, Object.keys(commands)) || ` — ${Object.keys(commands).join(', ')}`}`,
    );
  if (error.code !== 'commander.unknownOption') return new UsageError(error.message);
  const flag = quoted.replace(/=.*/, '');
  const known = Object.keys(commands[args[0] ?? '']?.flags ?? {}).map(flagOf);
  const advice = suggest(flag.replace(/^-+/, ''), [...known, 'help'], '--');
  return new UsageError(`${flag} is no option${advice || ' — see --help'}`);
}
