/** The part of the tests' runner that is in the page: it runs named tests and tells each result to run.ts. */

/** What a page tells of one test. */
export interface PageReport {
  readonly name: string;
  readonly milliseconds: number;
  /** What went wrong; absent if nothing did. */
  readonly error?: string;
  /** Figures to show beside the name. */
  readonly note?: string;
}

/** A test passes unless it throws; a string that it returns (or promises) is shown beside its name. */
export type PageTest = () => unknown;

/** What run.ts puts into the page. */
export interface Runner {
  /** Told first: from here on the page says itself when it is over. */
  startTests(): Promise<void>;
  reportTest(report: PageReport): Promise<void>;
  /** Told at the end, with the number of tests that ran. */
  endTests(count: number): Promise<void>;
  /** Bytes of memory in which the browser's GPU process resides; with a software driver the device's are among them. */
  gpuProcessBytes(): Promise<number>;
}

/** Runs the tests one after the other, in a task of its own each. */
export async function runTests(tests: Readonly<Record<string, PageTest>>): Promise<void> {
  const runner = globalThis as unknown as Runner;
  let count = 0;
  await runner.startTests();
  for (const [name, test] of Object.entries(tests)) {
    const start = performance.now();
    const outcome: { error?: string; note?: string } = {};
    try {
      const note = await test();
      if (typeof note === 'string') outcome.note = note;
    } catch (error) {
      outcome.error = error instanceof Error ? (error.stack ?? String(error)) : String(error);
    }
    count++;
    await runner.reportTest({ name, milliseconds: performance.now() - start, ...outcome });
  }
  await runner.endTests(count);
}

/** @throws Error with `message` unless `condition` holds */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Waits until `holds` answers yes. @throws Error with `message` if it does not within 10 s */
export async function until(holds: () => boolean, message: () => string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    check(performance.now() < end, message());
    await new Promise((resume) => setTimeout(resume, 10));
  }
}
