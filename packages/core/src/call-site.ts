/** The source line from which the library was called. */

/** Matches stack frames of the library itself and of Node. */
const LIBRARY = /[/\\](?:core|nn|vae)[/\\](?:src|dist)[/\\]|node:internal/;

/** File and line of the innermost caller outside the library, `train.ts:12`; '' if the engine gives no stack trace. */
export function callSite(): string {
  return String(laterCallSite());
}

/** A place in the source, whose text is made when it is needed: with source maps, that takes longer than most kernels. */
export interface CallSite {
  toString(): string;
}

/** `callSite`, as text that is made later. @param otherwise - the place if there is none */
export function laterCallSite(otherwise: CallSite = ''): CallSite {
  const before = Error.stackTraceLimit;
  // V8 keeps ten frames by default; calls of nested modules are deeper.
  Error.stackTraceLimit = 64;
  let trace: Error | null = new Error();
  Error.stackTraceLimit = before;
  let place = '';
  return {
    toString() {
      if (trace !== null) place = placeOf(trace) || String(otherwise);
      trace = null;
      return place;
    },
  };
}

function placeOf({ stack }: Error): string {
  const frames = stack?.split('\n').slice(1) ?? [];
  const frame = frames.find((line) => /:\d+:\d+\)?$/.test(line) && !LIBRARY.test(line));
  const place = frame && /([^/\\(]+):(\d+):\d+\)?$/.exec(frame);
  return place ? `${place[1]}:${place[2]}` : '';
}
