/** Worker threads for the kernels. Each runs `workerLoop` of the module on the shared memory, asleep when there is nothing to do. */
import { ArgumentError } from '../../errors.js';
import type { LoadedModule } from './module.js';

/** A worker of Node or of a browser, as far as it matters here. */
interface WorkerHandle {
  terminate(): unknown;
}

/** Threads besides the caller that the control block has scratch memory for. */
export const MOST_WORKERS = 63;

const NODE_WORKER = `
const { workerData } = require('node:worker_threads');
const env = { memory: workerData.memory, abort() { throw new Error('a kernel stopped'); } };
new WebAssembly.Instance(workerData.module, { env }).exports.workerLoop(workerData.thread);
`;

const BROWSER_WORKER = `
onmessage = ({ data }) => {
  const env = { memory: data.memory, abort() { throw new Error('a kernel stopped'); } };
  new WebAssembly.Instance(data.module, { env }).exports.workerLoop(data.thread);
};
`;

/** What this host has for making threads; null where it has nothing, with the reason. */
export type ThreadHost = { cores: number; start: (loaded: LoadedModule, thread: number) => WorkerHandle };

/** Finds worker threads: Node's, or a browser's if the page is cross-origin isolated. */
export function findThreadHost(): ThreadHost | string {
  const node = nodeModules();
  if (node !== undefined) {
    return {
      cores: node.os.availableParallelism(),
      start({ module, memory }, thread) {
        const worker = new node.threads.Worker(NODE_WORKER, {
          eval: true,
          workerData: { module, memory, thread },
        });
        worker.unref(); // the process may end while it sleeps
        return worker;
      },
    };
  }
  if (typeof Worker === 'undefined') return 'this host has no workers';
  if (globalThis.crossOriginIsolated !== true) return 'the page is not cross-origin isolated';
  const url = URL.createObjectURL(new Blob([BROWSER_WORKER], { type: 'text/javascript' }));
  return {
    cores: navigator.hardwareConcurrency,
    start({ module, memory }, thread) {
      const worker = new Worker(url);
      worker.postMessage({ module, memory, thread });
      return worker;
    },
  };
}

/** Node's modules without an import, which a bundler for browsers would have to resolve. */
function nodeModules():
  | { threads: typeof import('node:worker_threads'); os: typeof import('node:os') }
  | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return {
    threads: process.getBuiltinModule('node:worker_threads'),
    os: process.getBuiltinModule('node:os'),
  };
}

/** Starts workers when they are first needed, and says how many threads there are. */
export class ThreadPool {
  readonly #loaded: LoadedModule;
  readonly #host: ThreadHost | string;
  #wanted: number;
  #oneWanted = false;
  #workers: WorkerHandle[] = [];
  #refusal: string | undefined;

  /** @param wanted - threads, the caller's included; default: all cores */
  constructor(loaded: LoadedModule, host: ThreadHost | string, wanted?: number) {
    this.#loaded = loaded;
    this.#host = host;
    this.#refusal = typeof host === 'string' ? host : undefined;
    this.#wanted = wanted ?? (typeof host === 'string' ? 1 : host.cores);
    this.setThreads(this.#wanted);
    this.#oneWanted = wanted === 1;
  }

  /** Changes how many threads may take part. @throws ArgumentError unless it is a whole number from 1 to 64 */
  setThreads(threads: number): void {
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_WORKERS + 1)) {
      throw new ArgumentError(
        'setNumThreads',
        `${threads} is not a whole number from 1 to ${MOST_WORKERS + 1}`,
      );
    }
    this.#wanted = threads;
    this.#oneWanted = threads === 1;
    this.#loaded.kernels.setThreadLimit(threads);
  }

  /** Threads that take part in large kernels, the caller's included. */
  get threads(): number {
    return this.#refusal === undefined ? this.#wanted : 1;
  }

  /** Why there is only one thread although nobody asked for just one. */
  get refusal(): string | undefined {
    return this.#oneWanted ? undefined : this.#refusal;
  }

  /** Starts the workers, once. Kernels do not wait for them: until they are up, the caller does the work. */
  ensureStarted(): void {
    if (
      this.#refusal !== undefined ||
      typeof this.#host === 'string' ||
      this.#workers.length >= this.#wanted - 1
    )
      return;
    try {
      while (this.#workers.length < this.#wanted - 1) {
        this.#workers.push(this.#host.start(this.#loaded, this.#workers.length + 1));
      }
    } catch (error) {
      this.#refusal = `workers cannot start: ${(error as Error).message}`;
    }
  }
}
