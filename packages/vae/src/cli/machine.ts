/** The options of every command that choose the backend and its threads. */
import { type Backend, init, setBackend } from '@varigrad/core';
import { native } from '@varigrad/core/native';
import { complete } from '../run/schema/complete.js';
import type { ValuesOf } from '../run/schema/option.js';
import { fromFlags } from '../run/schema/values.js';
import type { CommandLine } from './command.js';

export const MACHINE_OPTIONS = {
  backend: {
    group: 'The machine:',
    enum: ['auto', 'wasm', 'native', 'reference'],
    default: 'auto',
    help: 'where to compute; native: wasm with the matrix products of oneDNN, OpenBLAS or Accelerate; reference is slow, plain loops',
  },
  threads: {
    group: 'The machine:',
    type: 'integer',
    minimum: 1,
    maximum: 64, // the limit of the wasm backend
    default: null,
    help: 'number of threads of the backends wasm and native',
    defaultText: 'all cores',
    when: { backend: { not: ['reference'] } },
  },
} as const;

/** How the steps of a command run. It changes no result, so it does not belong to a run's configuration. */
export const COMPILE_OPTIONS = {
  compile: {
    group: 'The machine:',
    type: 'boolean',
    default: true,
    help: 'record the kernels of a step and replay them; does not change the result',
  },
} as const;

/** Whether a command line lets steps be compiled. */
export function readCompile({ flags }: CommandLine): boolean {
  return complete(COMPILE_OPTIONS, fromFlags(COMPILE_OPTIONS, flags)).compile;
}

/** The backend and threads that a command line names. */
export function readMachine({ flags }: CommandLine): ValuesOf<typeof MACHINE_OPTIONS> {
  return complete(MACHINE_OPTIONS, fromFlags(MACHINE_OPTIONS, flags));
}

/** Starts the backend that a command line names. */
export async function startBackend(line: CommandLine): Promise<Backend> {
  const { backend, threads } = readMachine(line);
  const options = { threads: threads ?? undefined };
  if (backend !== 'native') return init({ backend, ...options });
  const chosen = await native(options);
  setBackend(chosen);
  return chosen;
}
