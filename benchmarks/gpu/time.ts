/** Timing of work that may run asynchronously. */

/** Work that can be run repeatedly. */
export interface Runner {
  /** Copies the operands to the device again, and frees the copies. */
  upload?(): void;
  /** Starts one run and frees its result. */
  launch(): void;
  /** Waits until all started runs are done. */
  finish(): Promise<void>;
  /** Copies one existing result to the host. @returns milliseconds */
  readback?(): Promise<number>;
  /** Frees the memory of the runner. */
  close(): Promise<void>;
}

/** Milliseconds; null for a part that does not exist. */
export interface Times {
  /** Extra time of the first run over a later one: mostly compilation. */
  readonly compile: number;
  readonly upload: number | null;
  /** Time of one of many consecutive runs, with resident operands and results. */
  readonly kernel: number;
  /** The part of `kernel` in which the host is busy starting the run. */
  readonly submit: number;
  readonly readback: number | null;
}

/** Limits on the time of measurements. */
export interface Patience {
  /** Duration of one round. */
  readonly roundMs: number;
  /** Duration of the runs before a round that are not measured: a card that was idle raises its clock. */
  readonly leadMs: number;
  readonly rounds: number;
  /** A case is skipped if one run would take longer. */
  readonly longestRunMs: number;
}

export const PATIENT: Patience = { roundMs: 150, leadMs: 50, rounds: 5, longestRunMs: 1500 };
export const QUICK: Patience = { roundMs: 25, leadMs: 0, rounds: 3, longestRunMs: 500 };
/** All sizes in a few minutes. */
export const BRIEF: Patience = { roundMs: 25, leadMs: 25, rounds: 3, longestRunMs: 100 };

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export async function timed(f: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await f();
  return performance.now() - start;
}

/** Median of three. */
async function often(f: () => Promise<number>): Promise<number> {
  return median([await f(), await f(), await f()]);
}

/** A runner after its first run. */
interface Warm {
  readonly runner: Runner;
  readonly first: number;
  /** Milliseconds that `finish` takes when no work is pending. */
  readonly waiting: number;
  /** Runs per round, enough for the resolution of the clock. */
  readonly repeat: number;
  readonly kernels: number[];
  readonly submits: number[];
}

async function warmUp(runner: Runner, roundMs: number): Promise<Warm> {
  const first = await timed(async () => {
    runner.launch();
    await runner.finish();
  });
  // The minimum of several: a pause of the machine in this measurement must not be subtracted from every run.
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) waits.push(await timed(() => runner.finish()));
  const waiting = Math.min(...waits);
  let repeat = 1;
  for (;;) {
    const { total } = await oneRound(runner, repeat);
    if (total >= roundMs || repeat >= MOST_RUNS) break;
    repeat = Math.min(MOST_RUNS, Math.ceil(repeat * Math.min(8, Math.max(2, roundMs / total))));
  }
  return { runner, first, waiting, repeat, kernels: [], submits: [] };
}

const MOST_RUNS = 4096;

async function oneRound(runner: Runner, repeat: number): Promise<{ total: number; submitted: number }> {
  const start = performance.now();
  for (let i = 0; i < repeat; i++) runner.launch();
  const submitted = performance.now() - start;
  await runner.finish();
  return { total: performance.now() - start, submitted };
}

async function timesOf({ runner, first, waiting, kernels, submits }: Warm): Promise<Times> {
  const { upload, readback } = runner;
  const kernel = median(kernels);
  const sending = async () => {
    const ms = await timed(async () => {
      upload?.();
      await runner.finish();
    });
    return Math.max(0, ms - waiting);
  };
  return {
    compile: Math.max(0, first - waiting - kernel),
    upload: upload ? await often(sending) : null,
    kernel,
    submit: Math.min(kernel, median(submits)),
    readback: readback ? await often(readback) : null,
  };
}

/** Times the runners alternately, round by round, so that other load on the machine affects all of them equally. An error fails only its runner. */
export async function time(
  runners: readonly Runner[],
  { roundMs, leadMs, rounds }: Patience,
): Promise<(Times | Error)[]> {
  const warm: (Warm | Error)[] = [];
  for (const runner of runners) warm.push(await warmUp(runner, roundMs).catch(asError));
  const end = performance.now() + 2 * rounds * (leadMs + roundMs) * runners.length;
  for (let round = 0; round < 2 || (round < rounds && performance.now() < end); round++) {
    for (const [i, each] of warm.entries()) {
      if (each instanceof Error) continue;
      const { runner, repeat, waiting, kernels, submits } = each;
      const lead = Math.ceil((repeat * leadMs) / roundMs);
      const measured = await oneRound(runner, lead)
        .then(() => oneRound(runner, repeat))
        .catch(asError);
      if (measured instanceof Error) warm[i] = measured;
      else {
        kernels.push(Math.max(0, measured.total - waiting) / repeat);
        submits.push(measured.submitted / repeat);
      }
    }
  }
  const times: (Times | Error)[] = [];
  for (const each of warm) times.push(each instanceof Error ? each : await timesOf(each).catch(asError));
  return times;
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
