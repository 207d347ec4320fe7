/** The part of the test runner inside the page. It runs named tests and reports each result to run.ts. */

/** The report of one test. */
export interface PageReport {
  readonly name: string;
  readonly milliseconds: number;
  /** The error; absent if the test passed. */
  readonly error?: string;
  /** Figures to show next to the name. */
  readonly note?: string;
}

/** A test passes unless it throws. A string that it returns (or resolves to) is shown next to its name. */
export type PageTest = () => unknown;

/** The functions that run.ts adds to the page. */
export interface Runner {
  /** Called first. From then on, the page reports its end with `endTests`. */
  startTests(): Promise<void>;
  reportTest(report: PageReport): Promise<void>;
  /** Called at the end, with the number of tests that ran. */
  endTests(count: number): Promise<void>;
  /** Resident memory of the browser's GPU process in bytes. With a software driver it includes the device memory. */
  gpuProcessBytes(): Promise<number>;
}

/** Runs the tests one after the other, each in its own task. */
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

/** Waits until `holds` returns true. @throws Error with `message` if that takes more than 10 s */
export async function until(holds: () => boolean, message: () => string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    check(performance.now() < end, message());
    await new Promise((resume) => setTimeout(resume, 10));
  }
}
