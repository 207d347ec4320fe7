/** Names this process in files, so that other processes can find out whether it still runs. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The name of this machine, without dots and other separators. */
export const HOST: string = hostname().replace(/[^\w-]/g, '-') || 'unknown';

/** A process, as it is named in files. */
export interface ProcessName {
  readonly host: string;
  readonly pid: number;
  /** Start time in the units of the operating system; null where it is not known. It tells two processes with the same number apart. */
  readonly started: string | null;
}

export function thisProcess(): ProcessName {
  return { host: HOST, pid: process.pid, started: startOf(process.pid) };
}

/** Whether a process may still run. Processes of other machines count as running, because they cannot be asked. */
export function mayRun({ host, pid, started }: ProcessName): boolean {
  if (host !== HOST) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = startOf(pid);
  return started === null || start === null || start === started;
}

/** The start time of a process, field 22 of /proc/<pid>/stat; null if there is no such file. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
