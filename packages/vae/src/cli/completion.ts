/** `varigrad completion`: scripts that complete the command line in a shell. */
import { flagOf, listedOffFlagOf, type Option, wordsOf } from '../run/schema/option.js';
import { refuseExtraWords, suggest, UsageError } from '../run/usage-error.js';
import type { Command, Commands } from './command.js';

/** A flag of a command, and what may follow it: some words, a path, or another text. */
interface CompletedFlag {
  readonly flag: string;
  readonly help: string;
  readonly words: readonly string[];
  readonly follows: 'nothing' | 'word' | 'words' | 'path' | 'text';
}

function flagsOf({ options }: Command): CompletedFlag[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const names = [flagOf(key), ...(option.aliases ?? [])];
    const flag = { help: option.help, words: wordsOf(option), follows: whatFollows(option) };
    const off = listedOffFlagOf(key, option);
    return [
      ...names.map((name) => ({ flag: `--${name}`, ...flag })),
      ...(off === undefined ? [] : [{ ...flag, flag: `--${off}`, help: `turn off --${flagOf(key)}` }]),
    ];
  });
}

function whatFollows(option: Option): CompletedFlag['follows'] {
  if ('parts' in option || 'enum' in option) return 'word';
  if (option.type === 'boolean') return 'nothing';
  if (option.type === 'string') return 'path';
  return wordsOf(option).length > 0 ? 'words' : 'text';
}

function bash(commands: Commands): string {
  const cases = Object.entries(commands).flatMap(([name, command]) => [
    `    ${name})`,
    `      flags="${flagsOf(command)
      .map(({ flag }) => flag)
      .join(' ')} --help"`,
    `      words="${(command.words ?? []).join(' ')}"`,
    '      case "$previous" in',
    ...flagsOf(command).flatMap(({ flag, words, follows }) =>
      follows === 'nothing' ? [] : [`        ${flag}) ${bashValue(words, follows)}; return ;;`],
    ),
    '      esac ;;',
  ]);
  return `# varigrad completion for bash. Load it with: eval "$(varigrad completion bash)"
_varigrad() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" flags="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${Object.keys(commands).join(' ')} --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _varigrad varigrad
`;
}

function bashValue(words: readonly string[], follows: CompletedFlag['follows']): string {
  if (follows === 'path') return 'COMPREPLY=($(compgen -f -- "$word"))';
  return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word"))`;
}

function zsh(commands: Commands): string {
  const cases = Object.entries(commands).map(([name, command]) => {
    const flags = flagsOf(command).map(
      ({ flag, help, ...value }) => `      '${flag}[${zshText(help)}]${zshValue(value)}'`,
    );
    const rest = `      '*:argument:${command.words === undefined ? '_files' : `(${command.words.join(' ')})`}'`;
    return `    ${name}) _arguments \\\n${[...flags, rest].join(' \\\n')} ;;`;
  });
  const names = Object.entries(commands).map(([name, { summary }]) => `    '${name}:${zshText(summary)}'`);
  return `#compdef varigrad
# varigrad completion for zsh. Load it with: eval "$(varigrad completion zsh)"
_varigrad() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join('\n')}
  esac
}
compdef _varigrad varigrad
`;
}

function zshValue({ words, follows }: Pick<CompletedFlag, 'words' | 'follows'>): string {
  if (follows === 'nothing') return '';
  if (follows === 'path') return ':path:_files';
  if (follows === 'words') return `:words:_values -s , words ${words.join(' ')}`;
  return follows === 'word' ? `:word:(${words.join(' ')})` : ':value:';
}

/** Text inside the quotation marks and brackets of a zsh specification. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}

function fish(commands: Commands): string {
  const lines = Object.entries(commands).flatMap(([name, command]) => [
    `complete -c varigrad -n __fish_use_subcommand -f -a ${name} -d ${fishText(command.summary)}`,
    ...(command.words === undefined ? [] : [`${fishStart(name)} -f -a ${fishText(command.words.join(' '))}`]),
    ...flagsOf(command).map(
      ({ flag, help, ...value }) =>
        `${fishStart(name)} -l ${flag.slice(2)}${fishValue(value)} -d ${fishText(help)}`,
    ),
  ]);
  return `# varigrad completion for fish. Load it with: varigrad completion fish | source\n${lines.join('\n')}\n`;
}

function fishStart(command: string): string {
  return `complete -c varigrad -n '__fish_seen_subcommand_from ${command}'`;
}

function fishValue({ words, follows }: Pick<CompletedFlag, 'words' | 'follows'>): string {
  if (follows === 'nothing') return '';
  if (follows === 'path') return ' -r -F';
  return words.length === 0 ? ' -x' : ` -x -a ${fishText(words.join(' '))}`;
}

function fishText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

const SHELLS: Readonly<Record<string, (commands: Commands) => string>> = { bash, zsh, fish };

export const completion: Command = {
  summary: 'print a script that completes commands and options in a shell',
  usage: `<${Object.keys(SHELLS).join('|')}>`,
  words: Object.keys(SHELLS),
  options: {},
  notes: [
    'Where varigrad is on the PATH:',
    '  bash  eval "$(varigrad completion bash)"',
    '  zsh   eval "$(varigrad completion zsh)"',
    '  fish  varigrad completion fish | source',
  ].join('\n'),
  async run({ words }, { out, commands }) {
    refuseExtraWords(words, 1);
    const [shell] = words;
    const known = Object.keys(SHELLS);
    if (shell === undefined) throw new UsageError(`no shell given — name one of ${known.join(', ')}`);
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (script === undefined)
      throw new UsageError(
        `completion ${shell}: expected one of ${known.join(', ')}${suggest(shell, known)}`,
      );
    const text = script(commands);
    out.write(text);
    return { shell, script: text };
  },
};
