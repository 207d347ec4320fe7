/** The source line from which the library was called. */

/** Matches stack frames of the library itself and of Node. */
const LIBRARY = /[/\\](?:core|nn|vae)[/\\](?:src|dist)[/\\]|node:internal/;

/** File and line of the innermost caller outside the library, `train.ts:12`; '' if the engine gives no stack trace. */
export function callSite(): string {
  const before = Error.stackTraceLimit;
  // V8 keeps ten frames by default; calls of nested modules are deeper.
  Error.stackTraceLimit = 64;
  const frames = new Error().stack?.split('\n').slice(1) ?? [];
  Error.stackTraceLimit = before;
  const frame = frames.find((line) => /:\d+:\d+\)?$/.test(line) && !LIBRARY.test(line));
  const place = frame && /([^/\\(]+):(\d+):\d+\)?$/.exec(frame);
  return place ? `${place[1]}:${place[2]}` : '';
}
