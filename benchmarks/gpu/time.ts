/** Timing of what may run asynchronously. */

/** Something that can be run again and again. */
export interface Runner {
  /** Copies the operands to the device anew, and gives them back. */
  upload?(): void;
  /** Starts one run; its result is given back. */
  launch(): void;
  /** Waits until all that was started is done. */
  finish(): Promise<void>;
  /** Copies one result, which is there already, to the host. @returns milliseconds */
  readback?(): Promise<number>;
  /** Gives back what the runner holds. */
  close(): Promise<void>;
}

/** Milliseconds; null where a part does not exist. */
export interface Times {
  /** The first run, less what a later one takes: mostly compilation. */
  readonly compile: number;
  readonly upload: number | null;
  /** One run of many in a row, operands and results staying where they are. */
  readonly kernel: number;
  /** Of which the host is busy with starting it. */
  readonly submit: number;
  readonly readback: number | null;
}

/** How long to measure. */
export interface Patience {
  /** Of one round. */
  readonly roundMs: number;
  readonly rounds: number;
  /** A case is left out if one run of it would take longer. */
  readonly longestRunMs: number;
}

export const PATIENT: Patience = { roundMs: 150, rounds: 5, longestRunMs: 1500 };
export const QUICK: Patience = { roundMs: 25, rounds: 3, longestRunMs: 500 };

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

/** A runner whose first run is over. */
interface Warm {
  readonly runner: Runner;
  readonly first: number;
  /** Waiting for nothing. */
  readonly waiting: number;
  /** Runs of one round, so that the clock can see them. */
  readonly repeat: number;
  readonly kernels: number[];
  readonly submits: number[];
}

async function warmUp(runner: Runner, roundMs: number): Promise<Warm> {
  const first = await timed(async () => {
    runner.launch();
    await runner.finish();
  });
  // The least of several: a pause of the machine while nothing is waited for must not be taken off every run.
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

/** Times runners in turn, round by round, so that a busy moment of the machine hits all of them alike; an error stays his who made it. */
export async function time(
  runners: readonly Runner[],
  { roundMs, rounds }: Patience,
): Promise<(Times | Error)[]> {
  const warm: (Warm | Error)[] = [];
  for (const runner of runners) warm.push(await warmUp(runner, roundMs).catch(asError));
  const end = performance.now() + 2 * rounds * roundMs * runners.length;
  for (let round = 0; round < 2 || (round < rounds && performance.now() < end); round++) {
    for (const [i, each] of warm.entries()) {
      if (each instanceof Error) continue;
      const { runner, repeat, waiting, kernels, submits } = each;
      const measured = await oneRound(runner, repeat).catch(asError);
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
