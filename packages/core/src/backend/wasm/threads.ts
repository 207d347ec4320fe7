/** Worker threads for the kernels. Each runs `workerLoop` of the module on the shared memory, and sleeps when idle. */
import { ArgumentError } from '../../errors.js';
import type { LoadedModule } from './module.js';

/** Maximum number of threads, the caller included: the control block has scratch memory for 64. */
const MOST_THREADS = 64;

const NODE_WORKER = `
const { workerData } = require('node:worker_threads');
const env = { memory: workerData.memory, abort() { throw new Error('a kernel aborted'); } };
new WebAssembly.Instance(workerData.module, { env }).exports.workerLoop(workerData.thread);
`;

const BROWSER_WORKER = `
onmessage = ({ data }) => {
  const env = { memory: data.memory, abort() { throw new Error('a kernel aborted'); } };
  new WebAssembly.Instance(data.module, { env }).exports.workerLoop(data.thread);
};
`;

/** The host's worker threads. */
export interface ThreadHost {
  readonly cores: number;
  /** Starts thread number `thread`. Immediate errors are thrown; later ones are passed to `failed`. */
  start(loaded: LoadedModule, thread: number, failed: (reason: string) => void): void;
}

/** Finds worker threads: Node's, or a browser's if the page is cross-origin isolated. Otherwise returns the reason why there are none. */
export function findThreadHost(): ThreadHost | string {
  if (typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function') return nodeHost();
  if (typeof Worker === 'undefined') return 'this host has no workers';
  if (globalThis.crossOriginIsolated !== true) return 'the page is not cross-origin isolated';
  return browserHost();
}

/** Gets Node's modules without an import, which a bundler for browsers would have to resolve. */
function nodeHost(): ThreadHost {
  const { Worker: NodeThread } = process.getBuiltinModule('node:worker_threads');
  return {
    cores: process.getBuiltinModule('node:os').availableParallelism(),
    start({ module, memory }, thread, failed) {
      const workerData = { module, memory, thread };
      const worker = new NodeThread(NODE_WORKER, { eval: true, execArgv: [], workerData });
      worker.on('error', (error: Error) => failed(error.message));
      worker.unref(); // the process may end while it sleeps
    },
  };
}

function browserHost(): ThreadHost {
  const url = URL.createObjectURL(new Blob([BROWSER_WORKER], { type: 'text/javascript' }));
  return {
    cores: navigator.hardwareConcurrency,
    start({ module, memory }, thread, failed) {
      const worker = new Worker(url);
      worker.onerror = ({ message }) => failed(message || 'the page does not allow them');
      worker.postMessage({ module, memory, thread });
    },
  };
}

/** Starts workers when they are first needed, and keeps the number of threads. */
export class ThreadPool {
  readonly #loaded: LoadedModule;
  readonly #host: ThreadHost | string;
  #wanted = 1;
  /** Number of available threads: fewer than wanted if a worker could not start. */
  #possible: number;
  #started = 1;
  #refusal: string | undefined;

  /** @param wanted - number of threads, the caller included; default: all cores */
  constructor(loaded: LoadedModule, host: ThreadHost | string, wanted?: number) {
    this.#loaded = loaded;
    this.#host = host;
    const none = typeof host === 'string';
    this.#refusal = none ? host : undefined;
    this.#possible = none ? 1 : MOST_THREADS;
    const usual = none ? MOST_THREADS : Math.min(host.cores, MOST_THREADS);
    this.setThreads(wanted ?? usual);
  }

  /** Sets the number of threads. @throws ArgumentError unless it is a whole number from 1 to 64 */
  setThreads(threads: number): void {
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
      throw new ArgumentError(
        'setNumThreads',
        `the number of threads must be a whole number from 1 to ${MOST_THREADS}, found ${threads}`,
      );
    }
    this.#wanted = threads;
    this.#loaded.kernels.setThreadLimit(this.threads);
  }

  /** Number of threads that take part in large kernels, the caller included. */
  get threads(): number {
    return Math.min(this.#wanted, this.#possible);
  }

  /** Why there are fewer threads than requested. */
  get refusal(): string | undefined {
    return this.threads < this.#wanted ? this.#refusal : undefined;
  }

  /** Starts the workers, once. Kernels do not wait for them: until they run, the calling thread does the work. */
  ensureStarted(): void {
    if (typeof this.#host === 'string') return;
    while (this.#started < this.threads) {
      const thread = this.#started++;
      try {
        this.#host.start(this.#loaded, thread, (reason) => this.#stopAt(thread, reason));
      } catch (error) {
        this.#stopAt(thread, (error as Error).message);
      }
    }
  }

  /** Removes thread number `thread` and all later ones, after it could not start. */
  #stopAt(thread: number, reason: string): void {
    if (thread >= this.#possible) return;
    this.#possible = thread;
    this.#refusal = `workers cannot start: ${reason}`;
    this.#loaded.kernels.setThreadLimit(this.threads);
  }
}
