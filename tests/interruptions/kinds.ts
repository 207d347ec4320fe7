/** The kinds of interruptions, and what a process must do about each. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended, TrainProcess } from './train-process.js';

export interface Kind {
  readonly name: string;
  /** The largest file in KiB that the process may write, if it is limited. */
  readonly fileLimit?: number;
  interrupt(process: TrainProcess): void;
  /** After the process has ended. */
  repair?(): void;
  /** Throws unless the process ended as documented. A process that had finished before counts as right. */
  check(ended: Ended): void;
}

function expect(ended: Ended, { code, text }: { code: number | null; text: RegExp }): void {
  // A signal may also find a process that has finished and is about to exit.
  if ((ended.code === 0 || ended.code === null) && ended.out.includes('Done.')) return;
  if (ended.code === code && text.test(ended.out + ended.err)) return;
  throw new Error(`exit code ${ended.code}, not ${code} with ${text}:\n${ended.out}${ended.err}`);
}

const signal = (name: NodeJS.Signals, code: number | null, text: RegExp): Kind => ({
  name,
  interrupt: ({ child }) => {
    child.kill(name);
  },
  check: (ended) => expect(ended, { code, text }),
});

const SAVED = /Stopped in epoch \d+ after step \d+\. The run is saved\./;

const closedOutput: Kind = {
  name: 'closed output',
  interrupt: ({ child }) => {
    child.stdout?.destroy();
  },
  check: ({ code, err }) => {
    if (code === 0 && err === '') return; // it had printed everything
    if (code !== 3 || !SAVED.test(err)) throw new Error(`exit code ${code}, not 3 with ${SAVED}:\n${err}`);
  },
};

/** One line, without a stack trace. */
const sentence = (code: string): RegExp => new RegExp(`^[^\\n]*\\(${code}\\)[^\\n]*\\n$`, 'm');

/** @param limit - KiB, less than the checkpoint */
const limitedFiles = (limit: number): Kind => ({
  name: 'file-size limit',
  fileLimit: limit,
  interrupt: () => {},
  check: (ended) => expect(ended, { code: 1, text: sentence('EFBIG') }),
});

/** A file fills the disk below `folder`. */
const fullDisk = (folder: string): Kind => ({
  name: 'full disk',
  interrupt: () => {
    try {
      for (let n = 0; ; n++) writeFileSync(join(folder, `filler-${n}`), new Uint8Array(1 << 16));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  },
  repair: () => {
    for (let n = 0; n < 1000; n++) rmSync(join(folder, `filler-${n}`), { force: true });
  },
  check: (ended) => expect(ended, { code: 1, text: sentence('ENOSPC') }),
});

/** Mounts a small file system on a new folder. @returns how to unmount it, or undefined where this is not permitted */
export function mountSmallDisk(folder: string): (() => void) | undefined {
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return () => {
    execFileSync('umount', ['-l', folder]);
  };
}

/** @param disk - a folder on a small file system, if there is one */
export function kindsOf(disk: string | undefined, limit: number): Kind[] {
  return [
    signal('SIGKILL', null, /^/),
    signal('SIGHUP', 3, SAVED),
    closedOutput,
    limitedFiles(limit),
    ...(disk === undefined ? [] : [fullDisk(disk)]),
    signal('SIGTERM', 3, SAVED),
    signal('SIGINT', 0, SAVED),
  ];
}
