/**
 * Elementwise operations that wait to be computed. A chain of them becomes one generated kernel, which reads each
 * operand once and writes no intermediate value: `exp(x * 0.5) * eps + mu` is one launch.
 */
import type { Shape } from '../../errors.js';
import { sizeOf } from '../../shape.js';
import type { Call, GpuArray, Read } from './handle.js';
import type { Program } from './program.js';

/** Longer chains are cut: what they save no longer pays for what they take to compile. */
const MOST_CALLS = 24;
/** A value that so few calls on so few arrays make is computed again by each who wants it, rather than stored. */
const CHEAP_CALLS = 4;
const CHEAP_READS = 2;

/** How an array is read: element for element, one element for all, or through strides. */
export type Access = 'full' | 'scalar' | 'strided';

function isCall(node: Read | Call): node is Call {
  return 'text' in node;
}

/** Drops axes of length 1 and merges neighbours that are passed through in one go. */
export function readOf(array: GpuArray, shape: Shape, steps: readonly number[], offset = 0): Read {
  const lengths: number[] = [];
  const strides: number[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const step = steps[axis]!;
    if (lengths.length > 0 && strides.at(-1) === length * step) {
      lengths[lengths.length - 1] = lengths.at(-1)! * length;
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

/** What lies below some nodes. */
interface Census {
  /** Each once, operands before those that use them. */
  readonly calls: ReadonlySet<Call>;
  /** Each once; equal ones have the same key. */
  readonly reads: ReadonlyMap<string, Read>;
  readonly keys: ReadonlyMap<Read, string>;
}

export function census(nodes: readonly (Read | Call)[]): Census {
  const calls = new Set<Call>();
  const reads = new Map<string, Read>();
  const keys = new Map<Read, string>();
  const arrays = new Map<GpuArray, number>();
  const visit = (node: Read | Call): void => {
    if (isCall(node)) {
      if (calls.has(node)) return;
      for (const operand of node.operands) visit(operand);
      calls.add(node);
    } else if (!keys.has(node)) {
      if (!arrays.has(node.array)) arrays.set(node.array, arrays.size);
      const key = `${arrays.get(node.array)} ${node.lengths} ${node.strides} ${node.offset}`;
      keys.set(node, key);
      if (!reads.has(key)) reads.set(key, node);
    }
  };
  nodes.forEach(visit);
  return { calls, reads, keys };
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

/** The text of a part of a program that computes one element. */
interface Template {
  /** Unique among all templates. */
  readonly name: string;
  readonly names: readonly string[];
  readonly integers: readonly string[];
  readonly numbers: readonly string[];
  /** Statements that make the element at a place, and its name. */
  element(place: string): { readonly lines: readonly string[]; readonly result: string };
}

/** A template with what it reads. */
export interface Fused extends Template {
  readonly arrays: readonly GpuArray[];
  readonly integerValues: readonly number[];
  readonly numberValues: readonly number[];
}

/** Templates that were written before: a training step asks for the same again and again. */
const templates: Map<string, Template> = new Map();

/** Writes an expression as the text of a program. */
export function fuse(root: Read | Call): Fused {
  const { calls, reads, keys } = census([root]);
  const steps = [...calls];
  const sources = [...reads.values()];
  const places = new Map([...reads.keys()].map((key, i) => [key, `v${i}`]));
  const results = new Map(steps.map((call, i) => [call, `t${i}`]));
  const nameOf = (node: Read | Call): string =>
    (isCall(node) ? results.get(node) : places.get(keys.get(node) as string)) as string;
  const named = steps.map(({ name, operands }, i) => `t${i} = ${name}(${operands.map(nameOf).join(', ')})`);
  const name = [...named, ...sources.map(signatureOf)].join('; ');
  let template = templates.get(name);
  if (template === undefined) {
    template = templateOf(name, steps, sources, nameOf);
    templates.set(name, template);
  }
  return {
    ...template,
    arrays: sources.map(({ array }) => array),
    integerValues: sources.flatMap(valuesOf),
    numberValues: steps.flatMap(({ number }) => number ?? []),
  };
}

/** The program that computes every element of an expression. */
export function elementProgram({ name, names, integers, numbers, element }: Fused): Program {
  return {
    name,
    arrays: names,
    integers,
    numbers,
    get body() {
      const { lines, result } = element('this.thread.x');
      return [...lines, `return ${result};`].join('\n');
    },
  };
}

function templateOf(
  name: string,
  steps: readonly Call[],
  reads: readonly Read[],
  nameOf: (node: Read | Call) => string,
): Template {
  const sources = reads.map(sourceOf);
  const numbered = steps.filter(({ number }) => number !== null);
  const texts = steps.map((call) => {
    const names: Record<string, string> = { c: `c${numbered.indexOf(call)}` };
    call.operands.forEach((operand, i) => {
      names['xyz'[i] as string] = nameOf(operand);
    });
    return call.text.replace(/\b[xyzc]\b/g, (word) => names[word] as string);
  });
  return {
    name,
    names: sources.map((source) => source.name),
    integers: sources.flatMap(({ integers }) => integers),
    numbers: numbered.map((_, i) => `c${i}`),
    element: (place) => ({
      lines: [
        ...sources.map((source, i) => `const v${i} = ${source.name}[${source.at(place)}];`),
        ...texts.map((text, i) => `const t${i} = ${text};`),
      ],
      result: texts.length > 0 ? `t${texts.length - 1}` : 'v0',
    }),
  };
}

/** All that the text of a read depends on: of strides, which are 0. */
function signatureOf(read: Read): string {
  const access = accessOf(read);
  return access === 'strided'
    ? `strided ${read.strides.map((step) => (step === 0 ? '0' : 's')).join('')}`
    : access;
}

/** How one read is written: the name of its array, its integers, and the position of an element. */
interface Source {
  readonly name: string;
  readonly integers: readonly string[];
  readonly at: (place: string) => string;
}

/** Axes along which a read stands still are left out; those that are left have their place in `valuesOf` too. */
function sourceOf(read: Read, i: number): Source {
  const name = `a${i}`;
  const access = accessOf(read);
  if (access === 'full') return { name, integers: [], at: (place) => place };
  if (access === 'scalar') return { name, integers: [], at: () => '0' };
  const axes = movingAxes(read).map(({ axis, isFirst, isLast }) => ({
    P: isLast ? null : `P${i}_${axis}`,
    L: isFirst ? null : `L${i}_${axis}`,
    S: `S${i}_${axis}`,
  }));
  return {
    name,
    integers: [`O${i}`, ...axes.flatMap(({ P, L, S }) => [P, L, S].filter((word) => word !== null))],
    at: (place) => [`O${i}`, ...axes.map(({ P, L, S }) => `${coordinate(place, P, L)} * ${S}`)].join(' + '),
  };
}

/** The integers of a read, in the order of `sourceOf`. */
function valuesOf(read: Read): number[] {
  if (accessOf(read) !== 'strided') return [];
  const { lengths, strides, offset } = read;
  const values = movingAxes(read).flatMap(({ axis, isFirst, isLast }) => [
    ...(isLast ? [] : [sizeOf(lengths.slice(axis + 1))]),
    ...(isFirst ? [] : [lengths[axis]!]),
    strides[axis]!,
  ]);
  return [offset, ...values];
}

function movingAxes({ strides }: Read): { axis: number; isFirst: boolean; isLast: boolean }[] {
  return strides.flatMap((step, axis) =>
    step === 0 ? [] : [{ axis, isFirst: axis === 0, isLast: axis === strides.length - 1 }],
  );
}

/** The index of a place along an axis: P elements lie behind one step, L steps are its length; null where it is not needed. */
export function coordinate(place: string, P: string | null, L: string | null): string {
  const steps = P === null ? (L === null ? `(${place})` : place) : `div(${place}, ${P})`;
  return L === null ? steps : `remainder(${steps}, ${L})`;
}
