/**
 * Elementwise operations that wait to be computed. A chain of them becomes one generated kernel, which reads each
 * operand once and writes no intermediate value: `exp(x * 0.5) * eps + mu` is one launch.
 */
import type { Shape } from '../../errors.js';
import { sizeOf } from '../../shape.js';
import type { Call, GpuArray, Read } from './handle.js';

/** Longer chains are cut: what they save no longer pays for what they take to compile. */
const MOST_CALLS = 24;
/** A value that so few calls on so few arrays make is computed again by each who wants it, rather than stored. */
const CHEAP_CALLS = 4;
const CHEAP_READS = 2;

/** How an array is read: element for element, one element for all, or through strides. */
export type Access = 'full' | 'scalar' | 'strided';

export function isCall(node: Read | Call): node is Call {
  return 'text' in node;
}

/** Drops axes of length 1 and merges neighbours that are passed through in one go. */
export function readOf(array: GpuArray, shape: Shape, steps: readonly number[], offset = 0): Read {
  const lengths: number[] = [];
  const strides: number[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const step = steps[axis] as number;
    if (lengths.length > 0 && strides.at(-1) === length * step) {
      lengths[lengths.length - 1] = (lengths.at(-1) as number) * length;
      strides[strides.length - 1] = step;
      return;
    }
    lengths.push(length);
    strides.push(step);
  });
  return { array, lengths, strides, offset };
}

/** Every element of a flat array. */
export function wholeOf(array: GpuArray): Read {
  return readOf(array, [array.length], [1]);
}

export function accessOf({ lengths, strides, offset }: Read): Access {
  if (offset !== 0) return 'strided';
  if (strides.every((step) => step === 0)) return 'scalar';
  return strides.length === 1 && strides[0] === 1 && lengths.length === 1 ? 'full' : 'strided';
}

/** The calls and the reads below some nodes, each once. */
export function census(nodes: readonly (Read | Call)[]): { calls: Set<Call>; reads: Map<string, Read> } {
  const calls = new Set<Call>();
  const reads = new Map<string, Read>();
  const numbers = new Map<GpuArray, number>();
  const visit = (node: Read | Call): void => {
    if (!isCall(node)) {
      if (!numbers.has(node.array)) numbers.set(node.array, numbers.size);
      reads.set(`${numbers.get(node.array)} ${node.lengths} ${node.strides} ${node.offset}`, node);
    } else if (!calls.has(node)) {
      for (const operand of node.operands) visit(operand);
      calls.add(node);
    }
  };
  nodes.forEach(visit);
  return { calls, reads };
}

/** Whether a call on these operands is short enough for one kernel. */
export function fits(nodes: readonly (Read | Call)[], mostArrays: number): boolean {
  const { calls, reads } = census(nodes);
  return worked(calls) < MOST_CALLS && reads.size <= mostArrays;
}

/** Whether to compute a value again for each who wants it. */
export function isCheap(call: Call): boolean {
  const { calls, reads } = census([call]);
  return worked(calls) <= CHEAP_CALLS && reads.size <= CHEAP_READS;
}

/** How many of the calls are not constants. */
function worked(calls: ReadonlySet<Call>): number {
  return [...calls].filter(({ operands }) => operands.length > 0).length;
}

/** A part of a program that computes one element, with what it reads. */
export interface Fused {
  /** Unique among all parts. */
  readonly name: string;
  readonly arrays: readonly GpuArray[];
  readonly names: readonly string[];
  readonly integers: readonly string[];
  readonly integerValues: readonly number[];
  readonly numbers: readonly string[];
  readonly numberValues: readonly number[];
  /** Statements that make the element at a place, and its name. */
  element(place: string): { readonly lines: readonly string[]; readonly result: string };
}

interface Source {
  readonly name: string;
  readonly read: Read;
  readonly integers: readonly string[];
  readonly values: readonly number[];
  readonly at: (place: string) => string;
}

/** Writes an expression as the text of a program. */
export function fuse(root: Read | Call): Fused {
  const { calls, reads } = census([root]);
  const sources = [...reads.values()].map((read, i) => sourceOf(read, i));
  const steps = [...calls];
  const numbered = steps.filter(({ number }) => number !== null);
  const nameOf = (node: Read | Call): string => {
    if (isCall(node)) return `t${steps.indexOf(node)}`;
    const same = sources.find(({ read }) => read === node || isSame(read, node)) as Source;
    return `v${sources.indexOf(same)}`;
  };
  const texts = steps.map((call) => {
    const names: Record<string, string> = { c: `c${numbered.indexOf(call)}` };
    call.operands.forEach((operand, i) => {
      names['xyz'[i] as string] = nameOf(operand);
    });
    return call.text.replace(/\b[xyzc]\b/g, (name) => names[name] as string);
  });
  const named = steps.map(({ name, operands }, i) => `t${i} = ${name}(${operands.map(nameOf).join(', ')})`);
  return {
    name: [...named, ...sources.map(({ read, integers }) => `${accessOf(read)}${integers.join('')}`)].join(
      '; ',
    ),
    arrays: sources.map(({ read }) => read.array),
    names: sources.map((source) => source.name),
    integers: sources.flatMap(({ integers }) => integers),
    integerValues: sources.flatMap(({ values }) => values),
    numbers: numbered.map((_, i) => `c${i}`),
    numberValues: numbered.map(({ number }) => number as number),
    element: (place) => ({
      lines: [
        ...sources.map((source, i) => `const v${i} = ${source.name}[${source.at(place)}];`),
        ...texts.map((text, i) => `const t${i} = ${text};`),
      ],
      result: texts.length > 0 ? `t${texts.length - 1}` : 'v0',
    }),
  };
}

function isSame(a: Read, b: Read): boolean {
  return (
    a.array === b.array &&
    a.offset === b.offset &&
    a.lengths.join() === b.lengths.join() &&
    a.strides.join() === b.strides.join()
  );
}

/** How one read is written. Axes along which it stands still are left out. */
function sourceOf(read: Read, i: number): Source {
  const name = `a${i}`;
  const access = accessOf(read);
  if (access !== 'strided') {
    return { name, read, integers: [], values: [], at: access === 'full' ? (place) => place : () => '0' };
  }
  const { lengths, strides, offset } = read;
  const integers = [`O${i}`];
  const values = [offset];
  const terms: ((place: string) => string)[] = [];
  const argument = (word: string, value: number): string => {
    integers.push(word);
    values.push(value);
    return word;
  };
  strides.forEach((step, axis) => {
    if (step === 0) return;
    const behind = sizeOf(lengths.slice(axis + 1));
    const P = axis === lengths.length - 1 ? null : argument(`P${i}_${axis}`, behind);
    const L = axis === 0 ? null : argument(`L${i}_${axis}`, lengths[axis] as number);
    const S = argument(`S${i}_${axis}`, step);
    terms.push((place) => `${coordinate(place, P, L)} * ${S}`);
  });
  return {
    name,
    read,
    integers,
    values,
    at: (place) => [`O${i}`, ...terms.map((t) => t(place))].join(' + '),
  };
}

/** The index of a place along an axis: P elements lie behind one step, L steps are its length; null where it is not needed. */
export function coordinate(place: string, P: string | null, L: string | null): string {
  const steps = P === null ? (L === null ? `(${place})` : place) : `div(${place}, ${P})`;
  return L === null ? steps : `remainder(${steps}, ${L})`;
}
