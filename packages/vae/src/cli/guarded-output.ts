import type { Output } from '../run/progress.js';

/** An output whose reader may end before the command: a closed pipe, a closed terminal, a full disk. */
export interface GuardedOutput {
  readonly out: Output;
  /** The code of the error after which nothing more is written: 'EPIPE'; undefined while the output works. */
  failure(): string | undefined;
  /** Stops listening for errors of the output. */
  release(): void;
}

type Listener = (error: NodeJS.ErrnoException) => void;

/** The part of a stream that reports errors. Other outputs have none. */
interface Emitter {
  on(event: 'error', listener: Listener): unknown;
  off(event: 'error', listener: Listener): unknown;
}

/** Errors that only mean that the reader has ended. */
const READER_ENDED: readonly string[] = ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

export const isReaderEnded = (code: string): boolean => READER_ENDED.includes(code);

/** @param onFailure - called at the first error */
export function guardOutput(out: Output, onFailure: () => void): GuardedOutput {
  let failure: string | undefined;
  const listener: Listener = (error) => {
    if (failure !== undefined) return;
    failure = error.code ?? error.message;
    onFailure();
  };
  const stream = 'on' in out ? (out as Output & Emitter) : undefined;
  stream?.on('error', listener);
  return {
    out: {
      write: (text) => {
        if (failure === undefined) out.write(text);
      },
      get isTTY() {
        return out.isTTY === true;
      },
      get columns() {
        return out.columns ?? 0;
      },
      getColorDepth: () => out.getColorDepth?.() ?? 1,
    },
    failure: () => failure,
    release: () => stream?.off('error', listener),
  };
}
