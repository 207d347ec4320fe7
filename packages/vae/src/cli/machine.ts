/** What every command may say about the machine. */
import { type Backend, init } from '@varigrad/core';
import { complete, type Fields, fromFlags, oneOf, wholeNumber } from '../run/fields.js';
import type { CommandLine } from './command.js';

/** Where to compute. */
export interface Machine {
  backend: 'auto' | 'wasm' | 'reference';
  /** null: all cores. */
  threads: number | null;
}

export const MACHINE_FIELDS: Fields<Machine> = {
  backend: {
    group: 'The machine:',
    kind: oneOf(['auto', 'wasm', 'reference']),
    standard: 'auto',
    help: 'auto, wasm or reference',
  },
  threads: {
    group: 'The machine:',
    kind: wholeNumber(1, 256),
    standard: null,
    help: 'of wasm',
    standardText: 'all cores',
    needs: { words: '--backend auto or wasm', holds: ({ backend }) => backend !== 'reference' },
  },
};

/** The machine that a command line asks for. */
export function readMachine({ flags }: CommandLine): Machine {
  return complete(MACHINE_FIELDS, fromFlags(MACHINE_FIELDS, flags));
}

/** Starts the backend that a command line asks for. */
export async function startBackend(line: CommandLine): Promise<Backend> {
  const { backend, threads } = readMachine(line);
  return init({ backend, threads: threads ?? undefined });
}
