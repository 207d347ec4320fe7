/**
 * Threads: a job is a function and a number of chunks that any thread may claim. The caller takes part, so a worker that sleeps
 * or is busy never delays it. The ticket names the job's generation, so a worker that wakes late cannot claim a chunk of a job
 * that is over.
 */
import { DONE, JOB, LIMIT, READY, SLEEPERS, TICKET, WAKE } from './control';

/** Runs one chunk. Its parameters lie in the control block. */
type Job = (thread: i32, chunk: i32) => void;

/** Looks at the ticket (about 50 µs) before a worker goes to sleep. */
const SPINS: i32 = 20_000;

/** Claims and runs chunks until there are none. @returns whether it ran any */
function work(thread: i32): bool {
  let worked = false;
  while (thread < atomic.load<i32>(LIMIT)) {
    const ticket = atomic.load<u64>(TICKET);
    const next = <u32>(ticket & 0xfffff);
    const chunks = <u32>((ticket >> 20) & 0xfffff);
    if (next >= chunks) return worked;
    if (atomic.cmpxchg<u64>(TICKET, ticket, ticket + 1) != ticket) continue;
    // The claim is good: the job's parameters stay as they are until this chunk is done.
    call_indirect<void>(load<u32>(JOB), thread, <i32>next);
    atomic.add<i32>(DONE, 1);
    worked = true;
  }
  return worked;
}

/** A job of fewer nanoseconds is done by the caller alone. */
const SHARED_FROM: f64 = 4_000;
/** For less than this, workers that sleep are left asleep, because waking them takes about 20 µs. */
const WOKEN_FROM: f64 = 40_000;
/** The ticket has 20 bits for the number of chunks. */
const MOST_CHUNKS: i32 = 0xfffff;

/** Threads that may take part in a job now, the caller included. */
export function threads(): i32 {
  return min(atomic.load<i32>(READY) + 1, atomic.load<i32>(LIMIT));
}

/**
 * Runs all chunks of a job, together with the workers if that is worth it, and returns when they are done.
 * @param nanoseconds - about how long one thread needs, for this job and those that follow it at once
 */
export function dispatch(job: Job, chunks: i32, nanoseconds: f64): void {
  if (nanoseconds < SHARED_FROM || chunks < 2 || chunks > MOST_CHUNKS || threads() < 2) {
    for (let chunk = 0; chunk < chunks; chunk++) job(0, chunk);
    return;
  }
  store<u32>(JOB, job.index);
  atomic.store<i32>(DONE, 0);
  const generation = (atomic.load<u64>(TICKET) >> 40) + 1;
  atomic.store<u64>(TICKET, (generation << 40) | (<u64>chunks << 20));
  if (nanoseconds >= WOKEN_FROM) {
    atomic.add<i32>(WAKE, 1);
    if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(WAKE, -1);
  }
  work(0);
  while (atomic.load<i32>(DONE) < chunks) {} // others finish what they have claimed
}

/** What a worker thread runs, forever. */
export function workerLoop(thread: i32): void {
  atomic.add<i32>(READY, 1);
  while (true) {
    let spins = 0;
    while (spins < SPINS) spins = work(thread) ? 0 : spins + 1;
    atomic.add<i32>(SLEEPERS, 1);
    const seen = atomic.load<i32>(WAKE);
    const ticket = atomic.load<u64>(TICKET);
    const waiting = (ticket & 0xfffff) < ((ticket >> 20) & 0xfffff);
    if (!waiting) atomic.wait<i32>(WAKE, seen, -1);
    atomic.sub<i32>(SLEEPERS, 1);
  }
}

/** Lets at most `threads` threads take part from now on, the caller included. */
export function setThreadLimit(threads: i32): void {
  atomic.store<i32>(LIMIT, threads);
}

/** Workers that have started. */
export function readyWorkers(): i32 {
  return atomic.load<i32>(READY);
}
