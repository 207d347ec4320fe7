/** Measurement: variants alternate in one run, and medians with quartiles are reported. */
import { cpus } from 'node:os';

/** Times of one variant, in milliseconds. */
export interface Timing {
  median: number;
  /** First and third quartile. */
  low: number;
  high: number;
  rounds: number;
}

/** Median and quartiles of a list of times. */
export function summarize(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))]!;
  return { median: at(0.5), low: at(0.25), high: at(0.75), rounds: sorted.length };
}

/** One variant. `repeat` calls are timed together, and the time is divided by their number. */
export interface Variant {
  name: string;
  run: () => unknown;
  repeat?: number;
}

/**
 * Runs all variants alternately in rounds, so that other load on the machine affects all of them equally.
 * @param seconds - approximate duration, after one warm-up round of each
 * @param clock - milliseconds; `cpuTime` for variants on one thread, which other load disturbs least
 */
export async function interleave(
  variants: readonly Variant[],
  seconds: number,
  clock: () => number = () => performance.now(),
): Promise<Map<string, Timing>> {
  const times = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  for (const { run } of variants) run();
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < 3 || performance.now() < end; round++) {
    for (const { name, run, repeat = 1 } of variants) {
      const start = clock();
      for (let i = 0; i < repeat; i++) run();
      times.get(name)?.push((clock() - start) / repeat);
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Map([...times].map(([name, list]) => [name, summarize(list)]));
}

/** Milliseconds of processor time that all threads of this process have taken. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** `5.91 ms (5.80–6.12)` */
export function formatTiming({ median, low, high }: Timing): string {
  const digits = median < 0.1 ? 4 : median < 10 ? 2 : 1;
  return `${median.toFixed(digits)} ms (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

/** A description of this machine. */
export function machine(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? 'unknown CPU'}, ${cores.length} cores, Node ${process.version}`;
}

/** Formats rows as a table with aligned columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, c) => cell.padEnd(widths[c]!))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows.map(line);
  return [head, widths.map((w) => '─'.repeat(w)).join('  '), ...body].join('\n');
}
