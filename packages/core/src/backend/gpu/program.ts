/**
 * Kernels as text. A program is one generic kernel in the JavaScript subset that gpu.js translates: it computes the
 * element `this.thread.x` of a flat result from flat operands.
 *
 * Rules of that subset, which every program here follows:
 * - A JavaScript variable becomes a float, which is exact only up to 2²⁴. Positions are therefore written in place, as
 *   expressions of `this.thread.x`, whole literals, loop counters and Integer arguments, or as functions of Integer arguments.
 * - `/` and `%` are float operations: positions are divided by `div` and `remainder` of functions.ts.
 * - Both sides of `?:` are evaluated.
 */
import { helpers } from './functions.js';
import type { KernelSettings } from './gpujs.js';
import { type Dialect, nativeText } from './natives.js';

/** A generic kernel. The names of its arguments are in the order in which they are passed. */
export interface Program {
  /** Unique among all programs: the key of the kernel cache. */
  readonly name: string;
  readonly arrays: readonly string[];
  /** Whole numbers up to 2³¹ − 1: lengths, strides, offsets. */
  readonly integers: readonly string[];
  readonly numbers: readonly string[];
  /** Arrays that hold four numbers per element, and whether the result does; for modes with `Driver.quads`. */
  readonly quads?: readonly string[];
  readonly givesQuads?: boolean;
  /** Statements that return the element. They may use any function of functions.ts, `inf` and `nan`. */
  readonly body: string;
}

/** Positions up to here are exact in a float variable. */
const EXACT = 2 ** 24;

/** Positions that a body uses repeatedly: text that prepares them, and the expression for each. */
export interface Places<Name extends string> {
  /** Marks the name of a program in the kernel cache. */
  readonly variant: string;
  readonly ready: string;
  readonly at: Readonly<Record<Name, string>>;
}

/**
 * Computes positions once, in float variables, for results of up to 2²⁴ elements. For larger results they are computed
 * at each use.
 * @param expressions - positions that are never larger than the number of elements of the result
 */
export function placesOf<Name extends string>(
  size: number,
  expressions: Readonly<Record<Name, string>>,
): Places<Name> {
  const entries = Object.entries<string>(expressions);
  const wide = size > EXACT;
  const written = entries.map(([name, expression]) => [name, wide ? `(${expression})` : `whole(${name})`]);
  return {
    variant: wide ? 'wide' : '',
    ready: wide ? '' : entries.map(([name, expression]) => `const ${name} = ${expression};\n`).join(''),
    at: Object.fromEntries(written) as Record<Name, string>,
  };
}

/** The gpu.js types of a function. */
type HelperTypes = {
  readonly argumentTypes: Readonly<Record<string, 'Integer' | 'Number'>>;
  readonly returnType: 'Integer' | 'Number';
};

/** A function that gpu.js translates. */
interface HelperFunction {
  readonly source: string;
  readonly settings: HelperTypes;
}

/** A function in the language of the mode. */
interface NativeFunction extends HelperTypes {
  readonly name: string;
  readonly source: string;
}

/** A program with the settings that gpu.js needs. */
export interface Source {
  readonly text: string;
  readonly argumentTypes: Readonly<Record<string, string>>;
  readonly functions: readonly HelperFunction[];
  readonly nativeFunctions: readonly NativeFunction[];
  readonly returnType: 'Number' | 'Array(4)';
  /** Infinity and NaN are arguments of the program, because no mode has literals for both. */
  readonly specials: readonly number[];
}

const SPECIALS: Readonly<Record<string, number>> = { inf: Number.POSITIVE_INFINITY, nan: Number.NaN };

/** gpu.js silently ends loops after this many iterations; its default is 1000. */
const LONGEST_LOOP = 1 << 30;

/** Settings of every kernel: float32, results that stay on the device, and one kernel for all sizes. */
export function kernelSettings(
  output: readonly number[],
  {
    argumentTypes,
    functions,
    nativeFunctions,
    returnType,
  }: Pick<Source, 'argumentTypes' | 'functions' | 'nativeFunctions' | 'returnType'>,
): KernelSettings {
  return {
    output,
    argumentTypes,
    functions,
    nativeFunctions,
    returnType,
    loopMaxIterations: LONGEST_LOOP,
    precision: 'single',
    tactic: 'precision', // otherwise WebGL kernels are recompiled when results become large, and that call uses the old size
    pipeline: true,
    immutable: true,
    dynamicOutput: true,
    dynamicArguments: true,
  };
}

/**
 * @param arrayType - the gpu.js type of array operands in this mode
 * @param dialect - the language of the mode's native functions, if it has any
 */
export function sourceOf(program: Program, arrayType: string, dialect: Dialect | null): Source {
  const specials = Object.keys(SPECIALS).filter((name) => mentions(program.body, name));
  const types = [
    ...program.arrays.map((name) => [name, program.quads?.includes(name) ? 'ArrayTexture(4)' : arrayType]),
    ...program.integers.map((name) => [name, 'Integer']),
    ...[...program.numbers, ...specials].map((name) => [name, 'Float']),
  ];
  const { functions, nativeFunctions } = helpersOf(program.body, dialect);
  const names = types.map(([name]) => name).join(', ');
  return {
    text: `function (${names}) {\n${program.body}\n}`,
    argumentTypes: Object.fromEntries(types),
    functions,
    nativeFunctions,
    returnType: program.givesQuads ? 'Array(4)' : 'Number',
    specials: specials.map((name) => SPECIALS[name]!),
  };
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(text);
}

/** The helpers that a text calls, directly or through other helpers. */
function helpersOf(text: string, dialect: Dialect | null): Pick<Source, 'functions' | 'nativeFunctions'> {
  const found = new Map<string, string | null>();
  const visit = (body: string): void => {
    for (const [name, helper] of Object.entries(helpers)) {
      if (found.has(name) || !new RegExp(`(?<![.\\w])${name}\\(`).test(body)) continue;
      const native = nativeText(name, dialect);
      found.set(name, native);
      if (native === null) visit(helper.body);
    }
  };
  visit(text);
  const functions: HelperFunction[] = [];
  const nativeFunctions: NativeFunction[] = [];
  for (const [name, native] of found) {
    const { takes, gives, body } = helpers[name] as (typeof helpers)[string];
    const settings: HelperTypes = { argumentTypes: takes, returnType: gives };
    if (native !== null) nativeFunctions.push({ name, source: native, ...settings });
    else
      functions.push({
        source: `function ${name}(${Object.keys(takes).join(', ')}) {\n${body}\n}`,
        settings,
      });
  }
  return { functions, nativeFunctions };
}
