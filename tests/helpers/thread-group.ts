/** Groups whose processes are worker threads of one process: for tests without a library of MPI. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createGroup, type Group, type Transport } from '@varigrad/core/mpi';

/** Most bytes of one message of a worker. */
const ROOM = 1 << 24;

/** Runs a file in TypeScript: workers do not have the loader of the main thread. */
const TYPESCRIPT = `
  const { workerData } = require('node:worker_threads');
  import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => {
    register();
    return import(workerData.file);
  });`;

interface Shared {
  readonly rank: number;
  readonly size: number;
  readonly control: Int32Array;
  readonly rooms: Uint8Array<SharedArrayBuffer>;
  readonly task: unknown;
}

/** Runs a test file again in `size` threads, each with its task. @returns what each passes to `answer` */
export function inThreads<Result>(file: string, size: number, task: unknown): Promise<Result[]> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const rooms = new Uint8Array(new SharedArrayBuffer(size * ROOM));
  const run = (rank: number): Promise<Result> =>
    new Promise((resolve, reject) => {
      const data: Shared = { rank, size, control, rooms, task };
      const worker = new Worker(TYPESCRIPT, { eval: true, workerData: { file, threadGroup: data } });
      worker.once('message', (result: Result | { failure: string }) => {
        if (typeof result === 'object' && result !== null && 'failure' in result)
          reject(new Error(`process ${rank}: ${result.failure}`));
        else resolve(result);
        void worker.terminate();
      });
      worker.once('error', reject);
    });
  return Promise.all(Array.from({ length: size }, (_, rank) => run(rank)));
}

/** The group and the task of this thread; null on the main thread. */
export function threadTask<Task>(): { group: Group; task: Task } | null {
  const shared = isMainThread ? undefined : (workerData?.threadGroup as Shared | undefined);
  if (shared === undefined) return null;
  return { group: createGroup(transportOf(shared), 1), task: shared.task as Task };
}

/** Sends the result of this thread, or its error. */
export async function answer(compute: () => Promise<unknown>): Promise<void> {
  try {
    parentPort!.postMessage(await compute());
  } catch (error) {
    parentPort!.postMessage({ failure: (error as Error).message });
  }
}

function transportOf({ rank, size, control, rooms }: Shared): Transport {
  const room = (of: number, length: number): Uint8Array => rooms.subarray(of * ROOM, of * ROOM + length);
  const barrier = (): void => {
    const turn = Atomics.load(control, 1);
    if (Atomics.add(control, 0, 1) === size - 1) {
      Atomics.store(control, 0, 0);
      Atomics.add(control, 1, 1);
      Atomics.notify(control, 1);
    } else while (Atomics.load(control, 1) === turn) Atomics.wait(control, 1, turn, 1000);
  };
  const share = (bytes: Uint8Array, use: () => void): void => {
    room(rank, bytes.length).set(bytes);
    barrier();
    use();
    barrier();
  };
  return {
    rank,
    size,
    description: `${size} threads`,
    sum(values) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const Precision = values instanceof Float32Array ? Float32Array : Float64Array;
      share(bytes, () => {
        values.fill(0);
        for (let of = 0; of < size; of++) {
          const theirs = new Precision(rooms.buffer as unknown as ArrayBuffer, of * ROOM, values.length);
          for (let i = 0; i < values.length; i++) values[i]! += theirs[i]!;
        }
      });
    },
    broadcast: (bytes, root) => share(bytes, () => bytes.set(room(root, bytes.length))),
    gather: (bytes, into) =>
      share(bytes, () => {
        for (let of = 0; of < size; of++) into.set(room(of, bytes.length), of * bytes.length);
      }),
    swap: (bytes, into) =>
      share(bytes, () => {
        const each = bytes.length / size;
        for (let of = 0; of < size; of++)
          into.set(room(of, bytes.length).subarray(rank * each, (rank + 1) * each), of * each);
      }),
    barrier,
    end() {},
  };
}
