import { type Recorder, withRecorder } from '../recorder.js';

/** What one kind of operation cost in a profile. */
export interface ProfileEntry {
  op: string;
  phase: 'forward' | 'backward';
  calls: number;
  milliseconds: number;
  /** Bytes of results. */
  bytes: number;
}

/** Runs `f` and tells how often each operation ran and how long it took, the most expensive first. */
export function profile(f: () => unknown): ProfileEntry[] {
  const entries = new Map<string, ProfileEntry>();
  const add = (op: string, phase: ProfileEntry['phase'], milliseconds: number, bytes: number): void => {
    const key = `${phase} ${op}`;
    const entry = entries.get(key) ?? { op, phase, calls: 0, milliseconds: 0, bytes: 0 };
    entry.calls++;
    entry.milliseconds += milliseconds;
    entry.bytes += bytes;
    entries.set(key, entry);
  };
  const recorder: Recorder = {
    operation: ({ op, out, milliseconds }) => add(op, 'forward', milliseconds, 4 * out.size),
    gradient: ({ op, gradient, milliseconds }) => add(op, 'backward', milliseconds, 4 * gradient.size),
  };
  withRecorder(recorder, f);
  return [...entries.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

/** A profile as a table. */
export function formatProfile(entries: readonly ProfileEntry[]): string {
  const total = entries.reduce((sum, entry) => sum + entry.milliseconds, 0);
  const rows = entries.map(({ op, phase, calls, milliseconds, bytes }) => [
    op,
    phase,
    String(calls),
    milliseconds.toFixed(3),
    `${((100 * milliseconds) / (total || 1)).toFixed(1)}%`,
    (bytes / 2 ** 20).toFixed(2),
  ]);
  const table = [['operation', 'pass', 'calls', 'ms', 'share', 'MiB'], ...rows];
  const widths = (table[0] as string[]).map((_, c) =>
    Math.max(...table.map((row) => (row[c] as string).length)),
  );
  const line = (row: string[]) =>
    row.map((cell, c) => (c < 2 ? cell.padEnd(widths[c] as number) : cell.padStart(widths[c] as number)));
  return table.map((row) => line(row).join('  ')).join('\n');
}
