/** The options of every command that choose the backend and its threads. */
import { type Backend, init } from '@varigrad/core';
import { complete, type Fields, fromFlags, oneOf, wholeNumber } from '../run/fields.js';
import type { CommandLine } from './command.js';

/** The backend and its threads. */
export interface Machine {
  backend: 'auto' | 'wasm' | 'reference';
  /** null means all cores. */
  threads: number | null;
}

export const MACHINE_FIELDS: Fields<Machine> = {
  backend: {
    group: 'The machine:',
    kind: oneOf(['auto', 'wasm', 'reference']),
    standard: 'auto',
    help: 'where to compute: auto, wasm or reference (slow, plain loops)',
  },
  threads: {
    group: 'The machine:',
    kind: wholeNumber(1, 64), // the limit of the wasm backend
    standard: null,
    help: 'number of threads of the wasm backend',
    standardText: 'all cores',
    needs: { words: '--backend auto or wasm', holds: ({ backend }) => backend !== 'reference' },
  },
};

/** The backend and threads that a command line names. */
export function readMachine({ flags }: CommandLine): Machine {
  return complete(MACHINE_FIELDS, fromFlags(MACHINE_FIELDS, flags));
}

/** Starts the backend that a command line names. */
export async function startBackend(line: CommandLine): Promise<Backend> {
  const { backend, threads } = readMachine(line);
  return init({ backend, threads: threads ?? undefined });
}
