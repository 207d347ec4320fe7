/** Libraries of MPI: where they are, how they are recognized, and how they are called. */
import type { Ffi, OpenLibrary } from '../ffi.js';
import type { Family, Launch } from './launcher.js';
import type { Transport } from './transport.js';

type Platform = 'linux' | 'darwin';

const FILES: Readonly<Record<Family, Readonly<Record<Platform, readonly string[]>>>> = {
  OpenMPI: {
    linux: ['libmpi.so.40', 'libmpi.so'],
    darwin: ['libmpi.dylib', '/opt/homebrew/lib/libmpi.dylib', '/usr/local/lib/libmpi.dylib'],
  },
  MPICH: { linux: ['libmpich.so.12', 'libmpi.so.12'], darwin: ['libmpich.dylib', 'libmpi.12.dylib'] },
};

/** The files to try, on this platform. */
export function libraryFiles(family: Family | null): readonly string[] {
  const { platform } = process;
  if (platform !== 'linux' && platform !== 'darwin') return [];
  const families: readonly Family[] = family === null ? ['OpenMPI', 'MPICH'] : [family];
  return families.flatMap((name) => FILES[name][platform]);
}

/** The handles of a library: addresses in OpenMPI, integers in MPICH. */
interface Handles {
  readonly type: 'int' | 'pointer';
  readonly world: number | bigint;
  readonly float: number | bigint;
  readonly double: number | bigint;
  readonly byte: number | bigint;
  readonly add: number | bigint;
  readonly inPlace: bigint;
}

function handlesOf(library: OpenLibrary, family: Family): Handles {
  if (family === 'MPICH')
    return {
      type: 'int',
      world: 0x44000000,
      float: 0x4c00040a,
      double: 0x4c00080b,
      byte: 0x4c00010d,
      add: 0x58000003,
      inPlace: 0xffff_ffff_ffff_ffffn, // (void *) −1
    };
  return {
    type: 'pointer',
    world: library.addressOf('ompi_mpi_comm_world'),
    float: library.addressOf('ompi_mpi_float'),
    double: library.addressOf('ompi_mpi_double'),
    byte: library.addressOf('ompi_mpi_byte'),
    add: library.addressOf('ompi_mpi_op_sum'),
    inPlace: 1n,
  };
}

/** The version that a library prints, such as `Open MPI v4.1.4`. */
function versionOf(text: string): string {
  const found = /Open MPI v[\d.]+/.exec(text)?.[0] ?? /MPICH Version:\s*([\d.]+\w*)/.exec(text)?.[1];
  if (found === undefined) return text.split(/[,\n]/)[0]!.trim();
  return found.startsWith('Open') ? found : `MPICH ${found}`;
}

/**
 * Starts a library. MPI starts once in a process.
 * @throws Error if the file cannot be loaded, is no library of MPI, or a call fails
 */
export function startLibrary(ffi: Ffi, path: string, { launcher, family }: Launch): Transport {
  const library = ffi.open(path);
  if (!library.has('MPI_Allreduce')) throw new Error('it has no MPI_Allreduce');
  const own = library.has('ompi_mpi_comm_world') ? 'OpenMPI' : 'MPICH';
  if (family !== null && own !== family)
    throw new Error(
      `it is a library of ${own}, and ${launcher} belongs to ${family}: use the mpirun of ${own}`,
    );
  const { type, world, float, double, byte, add, inPlace } = handlesOf(library, own);
  const bind = (symbol: string, parameters: readonly ('int' | 'pointer')[]) => {
    const call = library.bind(symbol, parameters);
    return (...args: (number | bigint)[]): void => {
      const status = call(...args);
      if (status !== 0) throw new Error(`${symbol} failed with status ${status}`);
    };
  };
  const at = (view: ArrayBufferView): bigint => ffi.address(view);
  bind('MPI_Init', ['pointer', 'pointer'])(0n, 0n);
  // Shared memory has a fixed address.
  const number = new Int32Array(new SharedArrayBuffer(64));
  const ask = (symbol: string): number => {
    bind(symbol, [type, 'pointer'])(world, at(number));
    return number[0]!;
  };
  const text = new Uint8Array(new SharedArrayBuffer(8192)); // MPI_MAX_LIBRARY_VERSION_STRING
  bind('MPI_Get_library_version', ['pointer', 'pointer'])(at(text), at(number));
  const version = new TextDecoder().decode(text.slice(0, number[0]!));
  const allReduce = bind('MPI_Allreduce', ['pointer', 'pointer', 'int', type, type, type]);
  const broadcast = bind('MPI_Bcast', ['pointer', 'int', type, 'int', type]);
  const move = ['pointer', 'int', type, 'pointer', 'int', type, type] as const;
  const gather = bind('MPI_Allgather', move);
  const swap = bind('MPI_Alltoall', move);
  const barrier = bind('MPI_Barrier', [type]);
  const finalize = bind('MPI_Finalize', []);
  const abort = bind('MPI_Abort', [type, 'int']);
  let isEnded = false;
  const end = (): void => {
    if (isEnded) return;
    isEnded = true;
    finalize();
  };
  // A process that fails ends the job: the others would wait for it. Node would print the error only after 'exit'.
  process.on('uncaughtExceptionMonitor', (error) => {
    if (!isEnded) console.error(error);
  });
  process.on('exit', (code) => {
    if (code === 0) end();
    else if (!isEnded) abort(world, code);
  });
  const size = ask('MPI_Comm_size');
  return {
    rank: ask('MPI_Comm_rank'),
    size,
    description: `${versionOf(version)} by ${ffi.name}`,
    sum: (values) =>
      allReduce(
        inPlace,
        at(values),
        values.length,
        values instanceof Float32Array ? float : double,
        add,
        world,
      ),
    broadcast: (bytes, root) => broadcast(at(bytes), bytes.length, byte, root, world),
    gather: (bytes, into) => gather(at(bytes), bytes.length, byte, at(into), bytes.length, byte, world),
    swap(bytes, into) {
      const each = bytes.length / size;
      swap(at(bytes), each, byte, at(into), each, byte, world);
    },
    barrier: () => barrier(world),
    end,
  };
}
