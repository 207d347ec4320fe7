/** Argument checks for callers without a type checker. Messages show the value that was found. */
import type { HostArray, Values } from '../backend/backend.js';
import { activeRecording } from '../compile/active.js';
import { ArgumentError, formatShape } from '../errors.js';

const LONGEST_LIST = 6;
const LONGEST_TEXT = 40;

/** A value as an error message shows it: `'a'`, `[1, 2]`, `{ axis: 0 }`, `a tensor [2, 3]`. */
export function describeValue(value: unknown, depth = 0): string {
  if (typeof value === 'string')
    return `'${value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (isPromise(value)) return 'a promise';
  if (looksLikeTensor(value)) return `a tensor ${formatShape(value.shape)}`;
  if (ArrayBuffer.isView(value) && 'length' in value) return `${value.constructor.name}(${value.length})`;
  if (Array.isArray(value)) {
    if (depth === 2 && value.length > 0) return '[…]';
    return `[${listed(value, (item) => describeValue(item, depth + 1))}]`;
  }
  if (!isPlainObject(value)) return `an instance of ${value.constructor?.name ?? 'no class'}`;
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  if (depth === 2) return '{ … }';
  return `{ ${listed(entries, ([name, item]) => `${name}: ${describeValue(item, depth + 1)}`)} }`;
}

function listed<Item>(items: readonly Item[], describe: (item: Item) => string): string {
  const shown = items.slice(0, LONGEST_LIST).map(describe);
  return [...shown, ...(items.length > LONGEST_LIST ? ['…'] : [])].join(', ');
}

/** Whether the value is a plain object `{ … }`, from any realm. */
export function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Recognizes a tensor by its fields. An import of the class would be a cycle: the tensor module calls these checks. */
function looksLikeTensor(value: object): value is { readonly shape: readonly number[] } {
  return 'storage' in value && 'shape' in value && Array.isArray(value.shape);
}

/** @throws ArgumentError unless `f` is a function */
export function checkFunction(op: string, f: unknown, role = 'the first argument'): void {
  if (typeof f === 'function') return;
  throw new ArgumentError(op, `${role} must be a function, found ${describeValue(f)}`);
}

/**
 * Returns the value of a callback that must be synchronous.
 * @throws ArgumentError if the callback is asynchronous
 */
export function refusePromise<T>(op: string, value: T): T {
  if (!isPromise(value)) return value;
  value.then(undefined, () => {}); // an unhandled rejection must not hide this error
  throw new ArgumentError(op, `the function is asynchronous — await outside of ${op}`);
}

/** @throws ArgumentError unless `x` is a tensor; `role` names it in the message, and `kinds` lists what is accepted */
export function checkTensor(op: string, x: unknown, role: string, kinds = 'a tensor'): void {
  if (typeof x === 'object' && x !== null && looksLikeTensor(x)) return;
  const fix = isPromise(x)
    ? ' — await it first'
    : isLiteral(x, ['number'])
      ? ` — write tensor(${describeValue(x)})`
      : '';
  throw new ArgumentError(op, `${role} must be ${kinds}, found ${describeValue(x)}${fix}`);
}

/** Refuses options passed in place of the bias. @throws ArgumentError unless `bias` is a tensor or null */
export function checkBias(op: string, bias: unknown): void {
  if (isPlainObject(bias)) {
    const found = describeValue(bias);
    throw new ArgumentError(
      op,
      `options come after the bias, found ${found} — write ${op}(x, weight, null, ${found})`,
    );
  }
  if (bias !== null) checkTensor(op, bias, 'the bias', 'a tensor or null');
}

/**
 * Whether a message can show the value as code: one of the given types, or arrays of them. Only the first items of a few
 * levels are examined, because arrays may be huge or contain themselves.
 */
export function isLiteral(value: unknown, types: readonly string[], depth = 0): boolean {
  return Array.isArray(value)
    ? depth < 4 && value.slice(0, LONGEST_LIST).every((item) => isLiteral(item, types, depth + 1))
    : types.includes(typeof value);
}

/** @throws ArgumentError unless `value` is an array; `before` and `after` complete the example of a correct call */
export function checkArray(op: string, role: string, value: unknown, before = '', after = ''): void {
  if (Array.isArray(value)) return;
  const items = typeof value === 'number' ? `${value}, …` : '…';
  const call = `${callee(op)}(${before}[${items}]${after})`;
  throw new ArgumentError(op, `${role} must be an array, found ${describeValue(value)} — write ${call}`);
}

/** Whether `value` is an array whose items all pass `test`. The holes of a sparse array count as items that are undefined. */
export function isArrayOf(value: unknown, test: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.findIndex((item) => !test(item)) < 0;
}

/** A function or class as it stands in a call: `sum`, `new Adam`. */
export function callee(op: string): string {
  return /^[A-Z]/.test(op) ? `new ${op}` : op;
}

/**
 * The pairs of an iterable, which may be a generator: it can be read once.
 * @param kind - what has the names: 'a tensor'
 * @throws ArgumentError unless `value` can be iterated, and gives pairs of a name and an object
 */
export function pairsOf<Named extends object>(
  op: string,
  name: string,
  value: Iterable<readonly [string, Named]>,
  kind: string,
): readonly (readonly [string, Named])[] {
  if (typeof value?.[Symbol.iterator] !== 'function')
    throw new ArgumentError(op, `${name} must be iterable, found ${describeValue(value)}`);
  const pairs = [...value];
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'object' && pair[1] !== null;
  if (isArrayOf(pairs, isPair)) return pairs;
  throw new ArgumentError(op, `${name} must be pairs of a name and ${kind}, found ${describeValue(pairs)}`);
}

/**
 * @param holds - a further condition, such as `p < 1`; `words` state it: 'below 1'
 * @throws ArgumentError unless `value` is a number that meets it
 */
export function checkNumber(op: string, name: string, value: unknown, holds = true, words = ''): void {
  if (typeof value === 'number' && holds) return;
  const kind = words === '' ? 'a number' : `a number ${words}`;
  throw new ArgumentError(op, `${name} must be ${kind}, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` is a number other than NaN, Infinity and −Infinity */
export function checkFinite(op: string, name: string, value: unknown): void {
  checkNumber(op, name, value, Number.isFinite(value), typeof value === 'number' ? 'that is finite' : '');
}

/** @throws ArgumentError unless `value` is a finite number of at least 0 */
export function checkAmount(op: string, name: string, value: unknown): void {
  checkNumber(op, name, value, Number.isFinite(value) && (value as number) >= 0, 'of at least 0');
}

/** @throws ArgumentError unless `value` is true or false */
export function checkBoolean(op: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new ArgumentError(op, `${name} must be true or false, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` is a string */
export function checkText(op: string, name: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new ArgumentError(op, `${name} must be a string, found ${describeValue(value)}`);
}

/**
 * Checks the numbers of a tensor in host memory. Those on a device are not checked: reading them would stall it. A compiled function
 * checks the values of its arguments again at each call.
 * @param check - throws if a number is wrong
 */
export function checkValues(
  { values }: { readonly values: Values },
  check: (values: HostArray) => void,
): void {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  check(values);
  activeRecording()?.check(values, check);
}

/** @param name - the plural of what the values are. @throws ArgumentError unless all of them lie in [0, 1] */
export function checkUnitInterval(op: string, name: string, values: ArrayLike<number>, fix: string): void {
  let [low, high] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
    else if (Number.isNaN(value)) throw new ArgumentError(op, `${name} contain NaN — they lie in [0, 1]`);
  }
  if (low < 0 || high > 1)
    throw new ArgumentError(op, `${name} lie in [0, 1], but range from ${low} to ${high} — ${fix}`);
}

/** @throws ArgumentError unless `value` is a whole number of at least `least` */
export function checkWhole(op: string, name: string, value: unknown, least = 1): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  const kind = least === 1 ? 'a whole number above 0' : `a whole number of at least ${least}`;
  throw new ArgumentError(op, `${name} must be ${kind}, found ${describeValue(value)}`);
}

/** @throws ArgumentError unless `value` has the method; `kind` says what is expected: 'an optimizer, such as new Adam(…)' */
export function checkMethod(op: string, name: string, value: unknown, method: string, kind: string): void {
  if (typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function') return;
  throw new ArgumentError(op, `${name} must be ${kind}, found ${describeValue(value)}`);
}
