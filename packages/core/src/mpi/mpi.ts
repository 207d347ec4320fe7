import { describeValue } from '../checks/arguments.js';
import { checkOptions, type OptionNames } from '../checks/options.js';
import { ArgumentError, BackendError } from '../errors.js';
import { findFfi } from '../ffi.js';
import { createGroup, type Group } from './group.js';
import { findLaunch, type Launch } from './launcher.js';
import { libraryFiles, startLibrary } from './library.js';
import { ALONE, type Transport } from './transport.js';

/** Options of `mpi`. */
export interface MpiOptions {
  /** The path of a library of MPI. Default: the first one that is found of OpenMPI and MPICH. */
  library?: string | undefined;
}

const MPI_OPTIONS: OptionNames<MpiOptions> = { library: true };

let started: Group | undefined;

/**
 * The processes that `mpirun` started together with this one, connected by the MPI library of the machine. Without `mpirun`, the group
 * is this process alone, and no library is needed. A library is accepted if a known sum is right. The group ends with the process, or
 * by `end()`. A process that fails ends the others.
 *
 * The library is called by `node:ffi` (Node 26) or by the package koffi, on the main thread.
 * @throws BackendError if there is no library, or it belongs to another MPI than `mpirun`
 * @example
 * const group = await mpi();
 * await fit(model, data, { optimizer, epochs: 1, group });
 * if (group.rank === 0) console.log('done');
 * group.end();
 */
export async function mpi(options: MpiOptions = {}): Promise<Group> {
  checkOptions('mpi', options, MPI_OPTIONS);
  const { library } = options;
  if (library !== undefined && (typeof library !== 'string' || library === ''))
    throw new ArgumentError('mpi', `library must be a path, found ${describeValue(library)}`);
  started ??= start(library);
  return started;
}

function start(library: string | undefined): Group {
  const env = typeof process === 'undefined' ? {} : process.env;
  const launch = findLaunch(env);
  if (launch === null) return createGroup(ALONE, coresHere());
  const transport = connect(launch, library);
  checkSum(transport);
  checkVersions(transport);
  return createGroup(transport, threadsOf(launch.localSize ?? processesHere(transport)));
}

/** @throws BackendError if no library works, or the one that was loaded belongs to another launcher */
function connect(launch: Launch, library: string | undefined): Transport {
  const { launcher, size, family } = launch;
  const ffi = findFfi('mpi', {
    otherwise: 'start the program without mpirun',
    inWorkers: 'MPI must start on the main thread — call mpi there',
  });
  const refusals: string[] = [];
  for (const path of library === undefined ? libraryFiles(family) : [library]) {
    let transport: Transport;
    try {
      transport = startLibrary(ffi, path, launch);
    } catch (error) {
      refusals.push(`${path}: ${(error as Error).message.split('\n')[0]}`);
      continue;
    }
    if (size === undefined || transport.size === size) return transport;
    throw new BackendError(
      'mpi',
      `${launcher} started ${size} processes, and ${path} (${transport.description}) connects ${transport.size}: it belongs to another MPI — use the mpirun of this library, or pass the path of the other: mpi({ library })`,
    );
  }
  throw new BackendError(
    'mpi',
    `${launcher} started this process, and no MPI library was accepted by ${ffi.name}:\n- ${refusals.join('\n- ')}\nInstall OpenMPI or MPICH, such as apt-get install openmpi-bin, or pass a path: mpi({ library })`,
  );
}

/** @throws BackendError if the sum of known numbers is wrong */
function checkSum({ rank, size, description, sum }: Transport): void {
  for (const Precision of [Float32Array, Float64Array]) {
    const values = new Precision(1024).fill(rank + 1);
    sum(values);
    const expected = (size * (size + 1)) / 2;
    const wrong = values.find((value) => value !== expected);
    if (wrong !== undefined)
      throw new BackendError(
        'mpi',
        `${description}: the sum of 1 … ${size} must be ${expected}, found ${wrong} — use another library`,
      );
  }
}

function coresHere(): number {
  return typeof process === 'undefined' ? 1 : process.getBuiltinModule('node:os').availableParallelism();
}

/** The threads of one of `processes` on this machine. A launcher may have bound the process to some cores already. */
function threadsOf(processes: number): number {
  const all = process.getBuiltinModule('node:os').cpus().length;
  return Math.max(1, Math.min(coresHere(), Math.floor(all / processes)));
}

/** @throws BackendError, on all processes, if one runs another version of the package */
function checkVersions(transport: Transport): void {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const versions = gatherTexts(
    transport,
    (require('@varigrad/core/package.json') as { version: string }).version,
  );
  const rank = versions.findIndex((version) => version !== versions[0]);
  if (rank !== -1)
    throw new BackendError(
      'mpi',
      `process ${rank} runs version ${versions[rank]} of @varigrad/core, and process 0 runs ${versions[0]} — install one version on all machines`,
    );
}

/** Number of processes on this machine, found by its name. */
function processesHere(transport: Transport): number {
  const names = gatherTexts(transport, process.getBuiltinModule('node:os').hostname());
  return names.filter((name) => name === names[transport.rank]).length;
}

/** A text of each process, cut to 256 bytes. */
function gatherTexts({ size, gather }: Transport, text: string): string[] {
  const length = 256;
  const own = new Uint8Array(length);
  new TextEncoder().encodeInto(text, own);
  const all = new Uint8Array(size * length);
  gather(own, all);
  return Array.from({ length: size }, (_, i) =>
    new TextDecoder().decode(all.subarray(i * length, (i + 1) * length)).replace(/\0+$/, ''),
  );
}
