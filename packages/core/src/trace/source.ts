/** Parts of a path that belong to the library itself: their frames are not where the user called. */
const LIBRARY = /[/\\](?:core|nn|vae)[/\\](?:src|dist)[/\\]|node:internal/;

/** File and line of the innermost call from outside the library, `train.ts:12`; '' if the engine keeps no stack. */
export function callSite(): string {
  const before = Error.stackTraceLimit;
  // V8 keeps ten frames unless told otherwise, and modules call each other deeper than that.
  Error.stackTraceLimit = 64;
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  Error.stackTraceLimit = before;
  const frame = frames.find((line) => /:\d+:\d+\)?$/.test(line) && !LIBRARY.test(line));
  const place = frame && /([^/\\(]+):(\d+):\d+\)?$/.exec(frame);
  return place ? `${place[1]}:${place[2]}` : '';
}
