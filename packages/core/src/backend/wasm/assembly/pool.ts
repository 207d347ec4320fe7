/**
 * Threads: a job is a function and a number of chunks that any thread may claim. The calling thread also claims chunks, so a
 * sleeping or busy worker never delays it. The ticket contains the generation of the job, so a worker that wakes late cannot
 * claim a chunk of a finished job.
 */
import { DONE, FAILED, HOT, JOB, LIMIT, READY, SLEEPERS, TICKET, WAKE } from './control';

/**
 * Called while a kernel waits for other threads, about a thousand times per second. It throws if they will never finish.
 * @param polls - number of calls since the last chunk was finished, from 1
 */
// @ts-ignore: decorator
@external('env', 'waiting')
declare function waiting(polls: i32): void;

/** Runs one chunk. Its parameters are in the control block. */
type Job = (thread: i32, chunk: i32) => void;

/** Number of times that a waiting caller polls between two calls of `waiting`. */
const WAITING_POLLS: i32 = 1 << 18;
/** Number of times that a worker polls the ticket before it sleeps (about 50 µs), and while a program runs. */
const SPINS: i32 = 20_000;
const SPINS_HOT: i32 = 100_000;

/** Claims and runs chunks until there are none. @returns whether it ran any */
function work(thread: i32): bool {
  let worked = false;
  while (thread < atomic.load<i32>(LIMIT)) {
    const ticket = atomic.load<u64>(TICKET);
    const next = <u32>(ticket & 0xfffff);
    const chunks = <u32>((ticket >> 20) & 0xfffff);
    if (next >= chunks) return worked;
    if (atomic.cmpxchg<u64>(TICKET, ticket, ticket + 1) != ticket) continue;
    // The chunk is claimed: the job's parameters do not change until it is done.
    call_indirect<void>(load<u32>(JOB), thread, <i32>next);
    atomic.add<i32>(DONE, 1);
    worked = true;
  }
  return worked;
}

/** Jobs estimated below this many nanoseconds run on the calling thread alone. */
const SHARED_FROM: f64 = 4_000;
/** The same while a program runs and the workers are awake. */
const SHARED_FROM_HOT: f64 = 2_000;
/** Below this many nanoseconds, sleeping workers are not woken, because waking them takes about 20 µs. */
const WOKEN_FROM: f64 = 40_000;
/** Maximum number of chunks; the ticket has 20 bits for it. */
const MOST_CHUNKS: i32 = 0xfffff;

/** Number of threads that may take part in a job, the caller included. */
export function threads(): i32 {
  return min(atomic.load<i32>(READY) + 1, atomic.load<i32>(LIMIT));
}

/**
 * Runs all chunks of a job, with the workers if that is faster, and returns when they are done.
 * @param nanoseconds - estimated time on one thread, for this job and those that follow it immediately
 */
export function dispatch(job: Job, chunks: i32, nanoseconds: f64): void {
  const sharedFrom = load<i32>(HOT) != 0 ? SHARED_FROM_HOT : SHARED_FROM;
  if (nanoseconds < sharedFrom || chunks < 2 || chunks > MOST_CHUNKS || threads() < 2) {
    for (let chunk = 0; chunk < chunks; chunk++) job(0, chunk);
    return;
  }
  store<u32>(JOB, job.index);
  atomic.store<i32>(DONE, 0);
  const generation = (atomic.load<u64>(TICKET) >> 40) + 1;
  atomic.store<u64>(TICKET, (generation << 40) | (<u64>chunks << 20));
  if (nanoseconds >= WOKEN_FROM) wake();
  work(0);
  awaitCount(DONE, chunks);
}

function wake(): void {
  atomic.add<i32>(WAKE, 1);
  if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(WAKE, -1);
}

/** Wakes the workers, which then wait longer for work before they sleep, until `endProgram`. */
export function startProgram(): void {
  if (threads() < 2) return;
  atomic.store<i32>(HOT, 1);
  wake();
}

/** Lets the workers sleep. */
export function endProgram(): void {
  atomic.store<i32>(HOT, 0);
}

/** Waits until the i32 at `address`, which counts what threads have finished, is `count`. */
export function awaitCount(address: usize, count: i32): void {
  let finished = 0;
  let spins = 0;
  let polls = 0;
  while (true) {
    const done = atomic.load<i32>(address);
    if (done >= count) return;
    if (done != finished) {
      finished = done;
      spins = 0;
      polls = 0;
    } else if (++spins == WAITING_POLLS) {
      spins = 0;
      waiting(++polls);
    }
  }
}

/** Whether a program runs that the thread takes part in. */
@inline
function isHot(thread: i32): bool {
  return atomic.load<i32>(HOT) != 0 && thread < atomic.load<i32>(LIMIT);
}

/** The main loop of a worker thread; it never returns. */
export function workerLoop(thread: i32): void {
  atomic.add<i32>(READY, 1);
  while (true) {
    let spins = 0;
    while (spins < (isHot(thread) ? SPINS_HOT : SPINS)) spins = work(thread) ? 0 : spins + 1;
    atomic.add<i32>(SLEEPERS, 1);
    const seen = atomic.load<i32>(WAKE);
    const ticket = atomic.load<u64>(TICKET);
    const waiting = (ticket & 0xfffff) < ((ticket >> 20) & 0xfffff);
    if (!waiting) atomic.wait<i32>(WAKE, seen, -1);
    atomic.sub<i32>(SLEEPERS, 1);
  }
}

/** Limits the number of threads that take part in later jobs, the caller included. */
export function setThreadLimit(threads: i32): void {
  atomic.store<i32>(LIMIT, threads);
}

/** Number of workers that have started. */
export function readyWorkers(): i32 {
  return atomic.load<i32>(READY);
}

/** Tells the caller that this worker has ended with an error. */
export function failWorker(): void {
  atomic.add<i32>(FAILED, 1);
}

/** Number of workers that ended with an error. */
export function failedWorkers(): i32 {
  return atomic.load<i32>(FAILED);
}
