/** What `mpi` refuses: options, and libraries that are absent or none of MPI. */
import { spawnSync } from 'node:child_process';
import { mpi } from '@varigrad/core/mpi';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** What a program prints that was started as if by mpirun. */
function started(library: string | undefined, env: Readonly<Record<string, string>>): string {
  const text = `
    import { mpi } from '@varigrad/core/mpi';
    await mpi(${JSON.stringify({ library })}).then((group) => console.log(group.size), (error) => console.log(error.message));`;
  const args = [
    '--conditions=@varigrad/source',
    '--import',
    import.meta.resolve('tsx'),
    '--input-type=module',
    '-e',
    text,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, ...env },
  });
  return stdout + stderr;
}

const STARTED = { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '4' };

test('mpirun without a library', () => {
  const message = started('/absent/libmpi.so', STARTED);
  if (message.includes('libraries cannot be called'))
    return console.log('left out: neither node:ffi nor koffi works here');
  assert.match(
    message,
    /mpi: the mpirun of OpenMPI started this process, and no MPI library was accepted by/,
  );
  assert.match(message, /- \/absent\/libmpi\.so: /);
  assert.match(
    message,
    /Install OpenMPI or MPICH, such as apt-get install openmpi-bin, or pass a path: mpi\(\{ library \}\)/,
  );
});

test('a library that is none of MPI', () => {
  const message = started('libc.so.6', STARTED);
  if (process.platform !== 'linux' || message.includes('libraries cannot be called')) return;
  assert.match(message, /- libc\.so\.6: it has no MPI_Allreduce/);
});

test('wrong options', async () => {
  for (const [options, expected] of [
    [{ library: 3 }, /mpi: library must be a path, found 3/],
    [{ libary: 'x' }, /mpi: .*libary/],
  ] as const) {
    try {
      await mpi(options as never);
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, expected);
    }
  }
});

test.run();
