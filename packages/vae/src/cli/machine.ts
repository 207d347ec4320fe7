/** The options of every command that choose the backend and its threads. */
import { type Backend, init, setBackend } from '@varigrad/core';
import { gpu } from '@varigrad/core/gpu';
import { native } from '@varigrad/core/native';
import { complete } from '../run/schema/complete.js';
import type { ValuesOf } from '../run/schema/option.js';
import { fromFlags } from '../run/schema/values.js';
import type { CommandLine } from './command.js';

export const MACHINE_OPTIONS = {
  backend: {
    group: 'The machine:',
    enum: ['auto', 'wasm', 'native', 'reference', 'gpu'],
    default: 'auto',
    help: 'where to compute; native: wasm with the matrix products of oneDNN, OpenBLAS or Accelerate; reference: slow, plain loops; gpu: gpu.js',
  },
  threads: {
    group: 'The machine:',
    type: 'integer',
    minimum: 1,
    maximum: 64, // the limit of the wasm backend
    default: null,
    help: 'number of threads of the backends wasm and native',
    defaultText: 'all cores, divided among the processes of mpirun',
    when: { backend: { not: ['reference', 'gpu'] } },
  },
  mode: {
    group: 'The machine:',
    enum: ['webgpu', 'headlessgl', 'webasm', 'cpu'],
    default: null,
    help: 'how gpu.js computes; webasm and cpu do so without a GPU, for comparison',
    defaultText: 'the first of webgpu and headlessgl that works',
    when: { backend: ['gpu'] },
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

/** Starts the backend that a command line names. @param standard - threads if it names none; default: all cores */
export async function startBackend(line: CommandLine, standard?: number): Promise<Backend> {
  const { backend, threads, mode } = readMachine(line);
  const options = { threads: threads ?? standard };
  if (backend !== 'native' && backend !== 'gpu') return init({ backend, ...options });
  const chosen = backend === 'native' ? await native(options) : await gpu(mode === null ? {} : { mode });
  setBackend(chosen);
  return chosen;
}
