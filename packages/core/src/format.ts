/**
 * Prints arrays as PyTorch does: nested brackets, aligned columns, four decimals (NumPy shows eight), and
 * scientific notation where the magnitudes differ too much. One rule differs from PyTorch: whole numbers below 10⁸
 * always keep their digits, because class numbers and indices are float tensors here.
 */

import { checkOptions, type OptionNames } from './checks/options.js';
import type { Shape } from './errors.js';
import { checkFilled, sizeOf } from './shape.js';

/** How `formatArray` prints; the defaults are PyTorch's. */
export interface FormatOptions {
  /** Decimals of numbers that are not whole; default 4. */
  readonly precision?: number;
  /** Arrays with more elements than this are abbreviated; default 1000. */
  readonly threshold?: number;
  /** Items shown at each end of an abbreviated axis; default 3. */
  readonly edgeItems?: number;
  /** Columns per line; longer rows continue on the next line; default 80. */
  readonly lineWidth?: number;
  /** Columns before the first bracket; later lines are indented by as many; default 0. */
  readonly indent?: number;
}

const FORMAT_OPTIONS: OptionNames<FormatOptions> = {
  precision: true,
  threshold: true,
  edgeItems: true,
  lineWidth: true,
  indent: true,
};

/** Numbers are printed with exponents if a magnitude reaches `LARGE` or, unless all are whole, is below `SMALL` (zeros aside) … */
const LARGE = 1e8;
const SMALL = 1e-4;
/** … or exceeds the smallest by this factor. */
const RANGE = 1000;

/** The values of a row-major array as text: `[[1., 2.],\n [3., 4.]]`; `[]` if there are none. @throws ShapeError unless they fill the shape */
export function formatArray(values: ArrayLike<number>, shape: Shape, options: FormatOptions = {}): string {
  checkFilled('formatArray', values.length, shape);
  checkOptions('formatArray', options, FORMAT_OPTIONS, 'values, shape, ');
  const { precision = 4, threshold = 1000, edgeItems = 3, lineWidth = 80, indent = 0 } = options;
  const size = sizeOf(shape);
  if (size === 0) return '[]';
  const edge = size > threshold ? edgeItems : Number.POSITIVE_INFINITY;
  const shown = shownPlaces(shape, edge).map((place) => values[place]!);
  const format = numberFormat(shown, precision);
  const texts = shown.map(format);
  const width = texts.reduce((widest, text) => Math.max(widest, text.length), 0);
  const cells = texts.map((text) => text.padStart(width));
  return layOut(cells, shape, { edge, lineWidth, indent, width });
}

/** Row-major indices of the elements that are printed, in order. */
function shownPlaces(shape: Shape, edge: number): number[] {
  let places = [0];
  for (const length of shape) {
    const kept = Math.min(length, 2 * edge);
    const indices = Array.from({ length: kept }, (_, i) => (i < edge ? i : length - kept + i));
    places = places.flatMap((place) => indices.map((i) => place * length + i));
  }
  return places;
}

/** One format for all numbers: whole, with decimals, or scientific. */
function numberFormat(shown: readonly number[], precision: number): (x: number) => string {
  const finite = shown.filter(Number.isFinite);
  const magnitudes = finite.filter((x) => x !== 0).map(Math.abs);
  const largest = magnitudes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = magnitudes.reduce((a, b) => Math.min(a, b), largest);
  if (largest < LARGE && finite.every(Number.isInteger)) return special((x) => `${x}.`);
  if (largest >= LARGE || smallest < SMALL || largest > RANGE * smallest) {
    return special((x) => scientific(x, precision));
  }
  return special((x) => x.toFixed(precision));
}

/** `1.2000e-05`: at least two digits of exponent, as C prints it. */
function scientific(x: number, precision: number): string {
  const [digits, exponent] = x.toExponential(precision).split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function special(format: (x: number) => string): (x: number) => string {
  return (x) => {
    if (Number.isNaN(x)) return 'nan';
    if (Number.isFinite(x)) return Object.is(x, -0) ? `-${format(0)}` : format(x);
    return x > 0 ? 'inf' : '-inf';
  };
}

interface Layout {
  /** Items shown at each end of an axis; those between become `...`. */
  readonly edge: number;
  readonly lineWidth: number;
  readonly indent: number;
  /** Characters per cell. */
  readonly width: number;
}

/** Puts brackets around the cells. Blocks along an outer axis are separated by `rank − axis − 1` line breaks. */
function layOut(cells: readonly string[], shape: Shape, layout: Layout): string {
  const { edge, lineWidth, indent, width } = layout;
  let next = 0;
  const build = (axis: number): string => {
    const length = shape[axis];
    if (length === undefined) return cells[next++] as string;
    const margin = ' '.repeat(indent + axis + 1);
    const items = Array.from({ length: Math.min(length, 2 * edge) }, () => build(axis + 1));
    if (length > 2 * edge) items.splice(edge, 0, '...');
    const depth = shape.length - axis - 1;
    if (depth > 0) return `[${items.join(`,${'\n'.repeat(depth)}${margin}`)}]`;
    const perLine = Math.max(1, Math.floor((lineWidth - indent - axis) / (width + ', '.length)));
    return `[${wrap(items, perLine).join(`,\n${margin}`)}]`;
  };
  return build(0);
}

/** Joins the items into lines of at most `perLine`. */
function wrap(items: readonly string[], perLine: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
  return lines;
}
