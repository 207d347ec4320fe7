/**
 * Deferred elementwise operations. A chain of them becomes one generated kernel, which reads each operand once and writes
 * no intermediate value: `exp(x * 0.5) * eps + mu` is one launch.
 */
import type { Shape } from '../../errors.js';
import { sizeOf } from '../../shape.js';
import type { Call, GpuArray, Read } from './handle.js';
import type { Program } from './program.js';

/** Longer chains are cut: they would take longer to compile than they save. */
const MOST_CALLS = 24;
/** A value of at most this many calls on few arrays is recomputed in each kernel that reads it, instead of stored. */
const CHEAP_CALLS = 4;
const CHEAP_READS = 2;

/** How an array is read: element for element, one element for all, or through strides. */
export type Access = 'full' | 'scalar' | 'strided';

export function isCall(node: Read | Call): node is Call {
  return 'text' in node;
}

/** Drops axes of length 1 and merges neighbouring axes that one stride covers. */
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

/** The calls and reads of an expression. */
interface Census {
  /** Each call once, operands before the calls that use them. */
  readonly calls: ReadonlySet<Call>;
  /** Each read once; equal reads have the same key. */
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

/** Whether to recompute a value in each kernel that reads it. */
export function isCheap(call: Call): boolean {
  const { calls, reads } = census([call]);
  return worked(calls) <= CHEAP_CALLS && reads.size <= CHEAP_READS;
}

/** Number of calls that are not constants. */
function worked(calls: ReadonlySet<Call>): number {
  return [...calls].filter(({ operands }) => operands.length > 0).length;
}

/** The deferred operation of an array, if it reads no memory: a number, or a function of numbers. Else null. */
export function formulaOf({ cell: { pending } }: GpuArray): Call | null {
  return pending !== null && census([pending]).reads.size === 0 ? pending : null;
}

/** The number of a deferred fill; null for all other arrays. */
export function fillOf({ cell: { pending } }: GpuArray): number | null {
  return pending !== null && pending.operands.length === 0 ? pending.number : null;
}

/** The text of a part of a program that computes one element. */
interface Template {
  /** Unique among all templates. */
  readonly name: string;
  readonly names: readonly string[];
  readonly integers: readonly string[];
  readonly numbers: readonly string[];
  /** Statements that compute the element at a position, and the name of the result. */
  element(place: string): { readonly lines: readonly string[]; readonly result: string };
}

/** A template with the arrays, integers and numbers that it reads. */
export interface Fused extends Template {
  readonly arrays: readonly GpuArray[];
  readonly integerValues: readonly number[];
  readonly numberValues: readonly number[];
}

/** Cache of templates: training steps use the same ones repeatedly. */
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

/** The properties of a read that its text depends on. Of the strides, only which ones are 0. */
function signatureOf(read: Read): string {
  const access = accessOf(read);
  return access === 'strided'
    ? `strided ${read.strides.map((step) => (step === 0 ? '0' : 's')).join('')}`
    : access;
}

/** The text of one read: the name of its array, its integers, and the position of an element. */
interface Source {
  readonly name: string;
  readonly integers: readonly string[];
  readonly at: (place: string) => string;
}

/** Axes of stride 0 are left out. The integers are in the order of `valuesOf`. */
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

/** The index along an axis of the element at a position: ⌊position / P⌋ mod L, with P the axis's stride and L its length; null where not needed. */
export function coordinate(place: string, P: string | null, L: string | null): string {
  const steps = P === null ? (L === null ? `(${place})` : place) : `div(${place}, ${P})`;
  return L === null ? steps : `remainder(${steps}, ${L})`;
}
