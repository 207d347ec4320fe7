/** Prints arrays as NumPy and PyTorch do: nested brackets, aligned columns, four decimals. */
import { type Shape } from './errors.js';
import { sizeOf } from './shape.js';

/** Decimals shown of numbers that are not whole. */
const PRECISION = 4;
/** Arrays with more elements than this show only the first and last items of each axis. */
const THRESHOLD = 1000;
const EDGE_ITEMS = 3;

/** The values of a row-major array as text. */
export function formatArray(values: ArrayLike<number>, shape: Shape): string {
  const shortened = sizeOf(shape) > THRESHOLD;
  const shown: number[] = [];
  visit(shape, shortened, (i) => shown.push(values[i] as number));
  const format = numberFormat(shown);
  const width = Math.max(0, ...shown.map((x) => format(x).length));
  return layOut(values, shape, shortened, (x) => format(x).padStart(width));
}

/** Which positions of an axis are printed; null stands for the gap. */
function positions(length: number, shortened: boolean): (number | null)[] {
  const all = Array.from({ length: shortened ? Math.min(length, 2 * EDGE_ITEMS) : length }, (_, i) => i);
  if (!shortened || length <= 2 * EDGE_ITEMS) return all;
  return [...all.slice(0, EDGE_ITEMS), null, ...all.slice(0, EDGE_ITEMS).map((i) => length - EDGE_ITEMS + i)];
}

function visit(shape: Shape, shortened: boolean, use: (index: number) => void, axis = 0, offset = 0): void {
  if (axis === shape.length) return use(offset);
  const step = sizeOf(shape.slice(axis + 1));
  for (const i of positions(shape[axis] as number, shortened)) {
    if (i !== null) visit(shape, shortened, use, axis + 1, offset + i * step);
  }
}

/** One format for all numbers: whole, with decimals, or scientific when their sizes differ too much. */
function numberFormat(shown: readonly number[]): (x: number) => string {
  const finite = shown.filter(Number.isFinite);
  const magnitudes = finite.filter((x) => x !== 0).map(Math.abs);
  const largest = Math.max(0, ...magnitudes);
  const smallest = Math.min(...magnitudes);
  if (finite.every(Number.isInteger) && largest < 1e8) return special((x) => `${x === 0 ? '0' : x}.`);
  if (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000 * 1e3) {
    return special((x) => scientific(x));
  }
  return special((x) => x.toFixed(PRECISION));
}

/** `1.2000e-05`: at least two digits of exponent, as C prints it. */
function scientific(x: number): string {
  const [digits, exponent] = x.toExponential(PRECISION).split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function special(format: (x: number) => string): (x: number) => string {
  return (x) => (Number.isNaN(x) ? 'nan' : x === Infinity ? 'inf' : x === -Infinity ? '-inf' : format(x));
}

function layOut(values: ArrayLike<number>, shape: Shape, shortened: boolean, format: (x: number) => string): string {
  const build = (axis: number, offset: number): string => {
    if (axis === shape.length) return format(values[offset] as number);
    const step = sizeOf(shape.slice(axis + 1));
    const items = positions(shape[axis] as number, shortened).map((i) =>
      i === null ? '...' : build(axis + 1, offset + i * step),
    );
    const depth = shape.length - axis - 1;
    const separator = depth === 0 ? ', ' : `,${'\n'.repeat(depth)}${' '.repeat(axis + 1)}`;
    return `[${items.join(separator)}]`;
  };
  return build(0, 0);
}
