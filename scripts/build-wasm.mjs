/**
 * Generates the sources that are derived from the tables of elementwise functions, and compiles the kernels of the wasm backend
 * in two flavours (plain SIMD; SIMD with relaxed multiply-add). The modules are written as hexadecimal digits into one
 * TypeScript file, so that neither Node nor a bundler has to find an asset. Digits gzip better than base64, which hides
 * repeated bytes. The types of the exports come from the compiler.
 */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import * as texts from './functions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const functions = join(root, 'packages/core/src/functions');
const wasm = join(root, 'packages/core/src/backend/wasm');

/** Writes a file atomically: it never exists incompletely. */
async function write(path, text) {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

/** The bytes of one flavour, and the TypeScript signatures of its exported functions. */
async function compile(folder, relaxed) {
  const file = join(folder, relaxed ? 'relaxed.wasm' : 'plain.wasm');
  const source = join(wasm, 'assembly/index.ts');
  const options = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--bindings',
    'raw',
    '--importMemory',
    '--sharedMemory',
  ];
  const memory = ['--initialMemory', '16', '--maximumMemory', '65536', '--memoryBase', '1024'];
  const features = ['simd', 'threads', ...(relaxed ? ['relaxed-simd'] : [])].flatMap((name) => [
    '--enable',
    name,
  ]);
  const { error, stderr } = await asc.main([source, '-o', file, ...options, ...memory, ...features]);
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const declarations = await readFile(file.replace(/\.wasm$/, '.d.ts'), 'utf8');
  const signatures = [...declarations.matchAll(/export function (.*);/g)].map(
    ([, signature]) => `  ${signature};\n`,
  );
  return { bytes: await readFile(file), signatures: signatures.join('') };
}

function moduleText(tables, plain, relaxed) {
  return [
    `// Made by scripts/build-wasm.mjs from the AssemblyScript sources beside this file and the tables of elementwise functions.
import type { Activation, OperandMode, ReduceKind } from '../../functions/kinds.js';
import type { BinaryKind, UnaryKind } from '../../functions/names.generated.js';\n`,
    `/** The functions of assembly/index.ts; addresses and sizes are byte offsets and counts. */
export interface KernelExports {\n${plain.signatures}}\n`,
    texts.numbersText(tables),
    `export const plain: string = '${plain.bytes.toString('hex')}';`,
    `export const relaxed: string = '${relaxed.bytes.toString('hex')}';\n`,
  ].join('\n');
}

const folder = await mkdtemp(join(tmpdir(), 'varigrad-'));
try {
  const tables = await texts.readTables(root);
  await write(join(functions, 'names.generated.ts'), texts.namesText(tables));
  await write(join(functions, 'reference.generated.ts'), texts.referenceText(tables));
  await write(join(functions, 'gpu.generated.ts'), texts.gpuText(tables));
  await write(join(functions, 'formulas.generated.ts'), texts.formulasText(tables));
  await write(join(wasm, 'assembly/functions.generated.ts'), texts.assemblyText(tables));
  const plain = await compile(folder, false);
  const relaxed = await compile(folder, true);
  // Written last: scripts/ensure.mjs compares its age with that of the sources.
  await write(join(wasm, 'module.generated.ts'), moduleText(tables, plain, relaxed));
  console.log(`wasm kernels: plain ${plain.bytes.length} bytes, relaxed ${relaxed.bytes.length} bytes`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
