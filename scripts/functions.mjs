/**
 * Generates TypeScript and AssemblyScript from the tables of elementwise functions (packages/core/src/functions). The number
 * of a function in the WebAssembly module is its index in the table.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const MADE = '// Made by scripts/build-wasm.mjs from the rows in packages/core/src/functions.\n';

/** The rows as [name, row] pairs, and the other kinds. They are bundled first, because Node 20 cannot import TypeScript. */
export async function readTables(root) {
  const load = async (file) => {
    const options = { bundle: true, write: false, format: 'esm', logLevel: 'silent' };
    const entryPoints = [join(root, 'packages/core/src/functions', file)];
    const { outputFiles } = await build({ ...options, entryPoints });
    return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
  };
  const [{ unaryRows, binaryRows }, kinds] = await Promise.all(['table.ts', 'kinds.ts'].map(load));
  return { unary: Object.entries(unaryRows), binary: Object.entries(binaryRows), kinds };
}

/** The text of a constant object with one line per pair. */
function object(name, type, pairs) {
  return `export const ${name}: ${type} = {\n${pairs.map(([key, value]) => `  ${key}: ${value},\n`).join('')}};\n`;
}

/** The names as types. */
export function namesText({ unary, binary }) {
  const union = (rows) => rows.map(([name]) => `\n  | '${name}'`).join('');
  return `${MADE}
/** Names of the elementwise functions of one argument. */
export type UnaryKind =${union(unary)};

/** Names of the elementwise functions of two arguments. Comparisons give 1 or 0. */
export type BinaryKind =${union(binary)};
`;
}

/** The text of the formulas as functions, for the reference backend. */
export function referenceText({ unary, binary }) {
  const of = (rows, names) => rows.map(([name, { reference }]) => [name, `(${names}) => ${reference}`]);
  return [
    `${MADE}import * as formulas from '../backend/reference/formulas.js';
import type { BinaryKind, UnaryKind } from './names.generated.js';\n`,
    '/** f(x) of each function of one argument. */',
    object('unaryFunctions', 'Readonly<Record<UnaryKind, (x: number) => number>>', of(unary, 'x')),
    '/** f(a, b) of each function of two arguments; comparisons give 1 or 0. */',
    object(
      'binaryFunctions',
      'Readonly<Record<BinaryKind, (a: number, b: number) => number>>',
      of(binary, 'a, b'),
    ),
  ].join('\n');
}

/** The text of the expressions of the GPU backend, in x and y. */
export function gpuText({ unary, binary }) {
  const xy = (text) => text.replace(/\b[ab]\b/g, (name) => (name === 'a' ? 'x' : 'y'));
  return [
    `${MADE}import type { BinaryKind, UnaryKind } from './names.generated.js';\n`,
    '/** The expression of each function of one argument, x. */',
    object(
      'unaryExpressions',
      'Readonly<Record<UnaryKind, string>>',
      unary.map(([name, { gpu }]) => [name, JSON.stringify(gpu)]),
    ),
    '/** The expression of each function of two arguments, x and y. */',
    object(
      'binaryExpressions',
      'Readonly<Record<BinaryKind, string>>',
      binary.map(([name, { gpu }]) => [name, JSON.stringify(xy(gpu))]),
    ),
  ].join('\n');
}

/** The text of the formulas of traces: operands, value and derivatives of each function. */
export function formulasText({ unary, binary }) {
  const formula = (operands, value, derivatives) =>
    JSON.stringify({ operands, value, derivatives, elementwise: true });
  const type = 'Readonly<Record<UnaryKind | BinaryKind, Formula>>';
  return [
    `${MADE}import type { BinaryKind, UnaryKind } from './names.generated.js';\nimport type { Formula } from './row.js';\n`,
    object('elementwiseFormulas', type, [
      ...unary.map(([name, row]) => [name, formula(['x'], row.value, [row.derivative])]),
      ...binary.map(([name, row]) => [name, formula(row.operands ?? ['a', 'b'], row.value, row.derivatives)]),
    ]),
  ].join('\n');
}

/** Parameters of the loops over vectors, for functions of one and of two arguments. */
const UNARY = {
  takes: 'x: v128',
  loop: 'x: usize',
  step: 'x += 16',
  many: 'x += 64',
  load: (at) => `v128.load(x${at})`,
};
const BINARY = {
  takes: 'a: v128, b: v128',
  loop: 'a: usize, stepA: usize, b: usize, stepB: usize',
  step: 'a += stepA, b += stepB',
  many: 'a += 64, b += 64',
  load: (at) => `v128.load(a${at}), v128.load(b${at})`,
};

/**
 * The text of the loop of one function, on vectors from `out` to `end`. Passing a function to a common loop would cost a call
 * per vector in AssemblyScript, so each function has its own loop. An unrolled loop processes four vectors at a time.
 */
function loopText([name, { wasm, unroll }], { takes, loop, step, many, load }) {
  const store = (offset) => {
    const at = offset === 0 ? '' : `, ${offset}`;
    return `v128.store(out, ${name}(${load(at)})${at});`;
  };
  const four = `for (; out + 64 <= end; out += 64, ${many}) { ${[0, 16, 32, 48].map(store).join(' ')} }`;
  const contiguous = takes === BINARY.takes ? `if (stepA == 16 && stepB == 16) { ${four} }` : four;
  return `
@inline
function ${name}(${takes}): v128 {
  return ${wasm};
}

function ${name}Loop(out: usize, end: usize, ${loop}): void {${unroll ? `\n  ${contiguous}` : ''}
  for (; out < end; out += 16, ${step}) ${store(0)}
}
`;
}

/** The text of the loops of one table, their dispatch by number, and the test whether a function is cheap. */
function tableText(kind, rows, signature) {
  const title = kind[0].toUpperCase() + kind.slice(1);
  const passed = signature.loop.replaceAll(': usize', '');
  const cheap = rows.flatMap(([, { cost }], i) => (cost === 'memory' ? [i] : []));
  return `${rows.map((row) => loopText(row, signature)).join('')}
/** Runs the loop of function number \`kind\` over whole vectors. Any other number traps. */
export function ${kind}Vectors(kind: i32, out: usize, end: usize, ${signature.loop}): void {
  switch (kind) {
${rows.map(([name], i) => `    case ${i}: ${name}Loop(out, end, ${passed}); break;\n`).join('')}    default: unreachable();
  }
}

/** Whether memory bandwidth, not arithmetic, limits the speed. */
export function isCheap${title}(kind: i32): bool {
  switch (kind) {
${cheap.map((i) => `    case ${i}:\n`).join('')}      return true;
    default:
      return false;
  }
}
`;
}

/** The text of the AssemblyScript module with all loops and the numbers of the other kinds. */
export function assemblyText({ unary, binary, kinds }) {
  const constants = (prefix, names) =>
    names.map((name, i) => {
      const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
      return `export const ${prefix}_${words}: i32 = ${i};\n`;
    });
  return `${MADE}import * as math from './math';

${constants('REDUCE', kinds.reduceKinds).join('')}
${constants('ACTIVATION', kinds.activations).join('')}
${constants('MODE', kinds.operandModes).join('')}
${constants('CHAIN', kinds.chainKinds).join('')}
${constants('PLACE', kinds.chainPlaces).join('')}
${constants('SWEEP', kinds.sweepKinds).join('')}${tableText('unary', unary, UNARY)}${tableText('binary', binary, BINARY)}`;
}

/** The text of the numbers by which TypeScript calls the functions. */
export function numbersText({ unary, binary, kinds }) {
  const numbers = (name, type, names) =>
    object(
      name,
      `Readonly<Record<${type}, number>>`,
      names.map((key, i) => [key, i]),
    );
  const first = ([name]) => name;
  return [
    numbers('unaryNumber', 'UnaryKind', unary.map(first)),
    numbers('binaryNumber', 'BinaryKind', binary.map(first)),
    numbers('reduceNumber', 'ReduceKind', kinds.reduceKinds),
    numbers('activationNumber', 'Activation', kinds.activations),
    numbers('modeNumber', 'OperandMode', kinds.operandModes),
    numbers('chainNumber', 'ChainKind', kinds.chainKinds),
    numbers('placeNumber', 'ChainPlace', kinds.chainPlaces),
    numbers('sweepNumber', 'SweepKind', kinds.sweepKinds),
  ].join('\n');
}

/** Exports of assembly/index.ts from these files control threads, programs and products; all others without a result are instructions. */
const CONTROLS = ['pool', 'program', 'gemm-native', 'gemm-wide'];

/** The functions that a program in memory can call: name, file and [name, type] of the parameters. */
export async function readInstructions(folder) {
  const index = await readFile(join(folder, 'index.ts'), 'utf8');
  const found = [];
  for (const [, names, file] of index.matchAll(/export \{([^}]*)\} from '\.\/([\w-]+)'/g)) {
    if (CONTROLS.includes(file)) continue;
    const source = await readFile(join(folder, `${file}.ts`), 'utf8');
    for (const name of names.match(/\w+/g)) {
      const parameters = source.match(new RegExp(`export function ${name}\\(([^)]*)\\): void`))?.[1];
      if (parameters === undefined) continue;
      const pairs = [...parameters.matchAll(/\w+: (\w+)/g)];
      found.push({ name, file, types: pairs.map(([, type]) => type) });
    }
  }
  return found;
}

/** The text of the AssemblyScript function that executes one instruction of a program. */
export function instructionsText(instructions) {
  const argument = (type, i) => {
    const at = `(at, ${4 * (i + 1)})`;
    if (type === 'bool') return `load<u32>${at} != 0`;
    return type === 'f32' ? `load<f32>${at}` : `<${type}>load<u32>${at}`;
  };
  const cases = instructions.map(
    ({ name, types }, i) =>
      `    case ${i}: ${name}(${types.map(argument).join(', ')}); return at + ${4 * (types.length + 1)};\n`,
  );
  return `${MADE}${instructions.map(({ name, file }) => `import { ${name} } from './${file}';\n`).join('')}
/** Executes the instruction at an address. @returns the address of the next one */
export function execute(at: usize): usize {
  switch (load<u32>(at)) {
${cases.join('')}    default: unreachable();
  }
  return at;
}
`;
}

/** The text of the numbers of the instructions, and of which of their arguments are float32 numbers. */
export function instructionNumbersText(instructions) {
  const pairs = instructions.map(({ name }, i) => [name, i]);
  const union = instructions.map(({ name }) => `\n  | '${name}'`).join('');
  const floats = instructions.flatMap(({ name, types }) => {
    const places = types.flatMap((type, i) => (type === 'f32' ? [i] : []));
    return places.length > 0 ? [[name, JSON.stringify(places)]] : [];
  });
  return [
    `/** Names of the functions that a program in memory can call. */\nexport type Instruction =${union};\n`,
    object('instructionNumber', 'Readonly<Record<Instruction, number>>', pairs),
    '/** The places of arguments that are float32 numbers; all others are 32-bit integers. */',
    object('floatArguments', 'Readonly<Partial<Record<Instruction, readonly number[]>>>', floats),
  ].join('\n');
}
