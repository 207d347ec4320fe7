/**
 * Runs one uvu test file and reports its results to the parent process over the IPC channel.
 * uvu reports success for a file without `test.run()`, so the suites that a file has queued are counted here.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The result of a test file; `failures` are messages about the file as a whole. */
export interface FileReport {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
}

/** A queued suite: its formatted errors (or `true`), tests passed, tests skipped, tests tried. */
type QueuedSuite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

declare global {
  var UVU_DEFER: number;
  var UVU_QUEUE: QueuedSuite[][];
  var UVU_INDEX: number;
}

/** Suites in `source` that are never run, or that get a test after their last `run()`: uvu would drop those silently. */
function findUnrunSuites(source: string): string[] {
  const names = [...source.matchAll(/\bconst (\w+)(?:: [^=]+)? = suite\b/g)].map((match) => match[1] ?? '');
  if (/import \{[^}]*\btest\b[^}]*\} from ['"]uvu['"]/.test(source)) names.push('test');
  return names.filter((name) => {
    const lastTest = [...source.matchAll(new RegExp(`(?<![.\\w])${name}(?:\\.only)?\\(`, 'g'))].at(-1);
    return lastTest !== undefined && source.lastIndexOf(`${name}.run()`) < lastTest.index;
  });
}

async function runFile(path: string): Promise<FileReport> {
  const report: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const source = readFileSync(path, 'utf8');
  for (const name of findUnrunSuites(source)) {
    report.failures.push(`${name}.run() is missing after the last ${name}(…): tests would be left out`);
  }
  if (process.env.CI && /^\s*\w+\.only\(/m.test(source)) {
    report.failures.push('a test is marked .only: the others would be left out');
  }

  globalThis.UVU_DEFER = 1; // uvu then only queues suites; they are run below
  globalThis.UVU_INDEX = 0;
  const suites: QueuedSuite[] = [];
  globalThis.UVU_QUEUE = [suites];
  await import(pathToFileURL(path).href);
  for (const suite of suites) {
    const [errors, passed, skipped, total] = await suite();
    report.passed += passed;
    report.failed += total - passed;
    report.skipped += skipped;
    if (errors !== true) process.stdout.write(`\n${errors}\n`);
  }
  if (report.passed + report.failed + report.skipped === 0)
    report.failures.push('no test ran — check that the file has tests and calls test.run()');
  return report;
}

const path = process.argv[2];
if (path === undefined || process.send === undefined)
  throw new Error('run-file: started by tests/run.ts only');
process.send(await runFile(path));
