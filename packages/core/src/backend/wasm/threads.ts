/** Worker threads for the kernels. Each runs `workerLoop` of the module on the shared memory, and sleeps when idle. */
import { describeValue } from '../../checks/arguments.js';
import { ArgumentError } from '../../errors.js';
import type { LoadedModule } from './module.js';

/** Maximum number of threads, the caller included: the control block has scratch memory for 64. */
const MOST_THREADS = 64;

/** Milliseconds after which a worker that has not started is not counted. */
const START_PATIENCE = 5000;
/** Milliseconds after which a worker that finishes nothing counts as dead. Chunks of kernels take milliseconds. */
const CHUNK_PATIENCE = 5000;
/** Most milliseconds that one poll adds: a suspended process has not waited. */
const LONGEST_POLL = 100;

/** Runs the main loop of a worker. An error is written to the shared memory, where a waiting kernel finds it. */
const RUN = `
function run({ module, memory, thread }, bind = () => ({ product() {}, job() {} })) {
  const env = { memory, waiting() {}, abort() { throw new Error('a kernel aborted'); }, ...bind(memory) };
  const { workerLoop, failWorker } = new WebAssembly.Instance(module, { env }).exports;
  try {
    workerLoop(thread);
  } catch (error) {
    failWorker();
    throw error;
  }
}
`;
const nodeWorker = (bind = 'undefined'): string =>
  `${RUN} run(require('node:worker_threads').workerData, ${bind});`;
const BROWSER_WORKER: string = `${RUN} onmessage = ({ data }) => run(data);`;

/** The host's worker threads. */
export interface ThreadHost {
  readonly cores: number;
  /**
   * Starts thread number `thread`. Immediate errors are thrown; later ones, and its end, are passed to `failed`.
   * @returns a function that ends the thread
   */
  start(loaded: LoadedModule, thread: number, failed: (reason: string) => void): () => void;
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
    start({ module, memory, workerBind }, thread, failed) {
      const workerData = { module, memory, thread };
      const worker = new NodeThread(nodeWorker(workerBind), { eval: true, execArgv: [], workerData });
      worker.on('error', (error: Error) => failed(error.message));
      worker.on('exit', (code) => failed(`it exited with code ${code}`));
      worker.unref(); // the process may end while it sleeps
      return () => void worker.terminate();
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
      return () => worker.terminate();
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
  #refusal: string | undefined;
  /** Ends each worker that was started. */
  readonly #stops: (() => void)[] = [];
  #lastStart = 0;
  /** When `waiting` was last called, and the milliseconds without progress until then. */
  #polled = 0;
  #still = 0;

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
        `the number of threads must be a whole number from 1 to ${MOST_THREADS}, found ${describeValue(threads)}`,
      );
    }
    this.#wanted = threads;
    this.#loaded.kernels.setThreadLimit(this.limit);
  }

  /** Most threads that a kernel may use now, the caller included. */
  get limit(): number {
    return Math.min(this.#wanted, this.#possible);
  }

  /** Number of threads that take part in large kernels, the caller included. Workers that do not start are not counted. */
  get threads(): number {
    const started = 1 + this.#stops.length;
    const late = started > 1 && performance.now() - this.#lastStart > START_PATIENCE;
    const running = late && this.limit <= started ? 1 + this.#loaded.kernels.readyWorkers() : MOST_THREADS;
    return Math.min(this.limit, running);
  }

  /** Why there are fewer threads than requested. */
  get refusal(): string | undefined {
    if (this.threads === this.#wanted) return undefined;
    return this.#refusal ?? 'the other workers have not started';
  }

  /** Starts the workers, once. Kernels do not wait for them: until they run, the calling thread does the work. */
  ensureStarted(): void {
    if (typeof this.#host === 'string') return;
    while (this.#stops.length + 1 < this.limit) {
      const thread = this.#stops.length + 1;
      this.#lastStart = performance.now();
      try {
        this.#stops.push(this.#host.start(this.#loaded, thread, (reason) => this.#stopAt(thread, reason)));
      } catch (error) {
        this.#stopAt(thread, (error as Error).message);
      }
    }
  }

  /** Removes thread number `thread` and all later ones, after it could not start or has ended. */
  #stopAt(thread: number, reason: string): void {
    if (thread >= this.#possible) return;
    const { kernels } = this.#loaded;
    this.#refusal = `${kernels.readyWorkers() < thread ? 'workers cannot start' : 'a worker stopped'}: ${reason}`;
    this.#possible = thread;
    kernels.setThreadLimit(this.limit);
  }

  /**
   * Called while a kernel waits for workers. @returns why it waits in vain, or undefined
   * @param polls - number of calls since the last progress, from 1
   */
  waiting(polls: number): string | undefined {
    const now = performance.now();
    this.#still = polls === 1 ? 0 : this.#still + Math.min(now - this.#polled, LONGEST_POLL);
    this.#polled = now;
    if (this.#loaded.kernels.failedWorkers() > 0) return 'a worker thread failed inside a kernel';
    if (this.#still > CHUNK_PATIENCE) {
      return `a worker thread finished nothing for ${CHUNK_PATIENCE / 1000} s inside a kernel, and counts as dead`;
    }
    return undefined;
  }

  /** Ends the workers. */
  close(): void {
    for (const stop of this.#stops) stop();
  }
}
