/**
 * Compiles the kernels of the wasm backend, in two flavours of one source (plain SIMD; SIMD with relaxed multiply-add), and
 * writes them as base64 into one TypeScript module, so that neither Node nor a bundler has an asset to find.
 */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'packages/core/src/backend/wasm/assembly/index.ts');
const target = join(root, 'packages/core/src/backend/wasm/module.generated.ts');

/** The bytes of one flavour. */
async function compile(folder, relaxed) {
  const file = join(folder, relaxed ? 'relaxed.wasm' : 'plain.wasm');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--sharedMemory'];
  const memory = ['--initialMemory', '16', '--maximumMemory', '65536', '--memoryBase', '1024'];
  const features = [
    '--enable',
    'simd',
    '--enable',
    'threads',
    ...(relaxed ? ['--enable', 'relaxed-simd'] : []),
  ];
  const { error, stderr } = await asc.main([source, '-o', file, ...options, ...memory, ...features]);
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return readFile(file);
}

const folder = await mkdtemp(join(tmpdir(), 'varigrad-'));
try {
  const plain = await compile(folder, false);
  const relaxed = await compile(folder, true);
  const text = [
    '// Made by scripts/build-wasm.mjs from the AssemblyScript sources beside this file.',
    `export const plain: string = '${plain.toString('base64')}';`,
    `export const relaxed: string = '${relaxed.toString('base64')}';`,
    '',
  ].join('\n');
  await writeFile(`${target}.tmp`, text);
  await rename(`${target}.tmp`, target);
  console.log(`wasm kernels: plain ${plain.length} bytes, relaxed ${relaxed.length} bytes`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
