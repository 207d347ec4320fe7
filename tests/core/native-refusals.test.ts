/** Libraries and hosts that cannot be used: each is refused in a sentence that names the fix. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { native } from '@varigrad/core/native';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify, missingCoreType } from '../../packages/core/src/backend/native/libraries.js';
import { nativeHere, testIf } from '../helpers/native-here.js';

const hasFfi = (await refusal({ library: '/absent.so' })).includes('no library was accepted');
if (!hasFfi) console.log('left out: libraries that are refused: neither node:ffi nor koffi works here');
const here = await nativeHere();
const hasOpenBlas = here !== undefined && (await nativeHere({ library: 'OpenBLAS' })) !== undefined;

async function refusal(options: object): Promise<string> {
  try {
    await native(options);
  } catch (error) {
    return String(error);
  }
  return 'it was accepted';
}

test('options: an unknown one, a library that is no text, a wrong number of threads', async () => {
  assert.match(await refusal({ librari: 'x' }), /ArgumentError: native: .*librari.*library/);
  assert.match(
    await refusal({ library: '' }),
    /ArgumentError: native: library must be a name or a path, found ''/,
  );
  assert.match(
    await refusal({ library: 3 }),
    /ArgumentError: native: library must be a name or a path, found 3/,
  );
});

testIf(here !== undefined)('a wrong number of threads is an error of its own', async () => {
  assert.match(
    await refusal({ threads: 0 }),
    /ArgumentError: setNumThreads: the number of threads must be a whole number/,
  );
});

testIf(hasFfi)('no library: what was tried, and what to install', async () => {
  const message = await refusal({ library: '/absent.so' });
  assert.match(
    message,
    /BackendError: native: no library was accepted by (koffi|node:ffi):\n- the file: not found \(\/absent\.so\)\n/,
  );
  assert.match(message, /\nTo install one: /);
});

testIf(hasFfi && process.platform === 'linux')(
  'wrong files: text, another architecture, a library without products',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'varigrad-native-'));
    try {
      const text = join(folder, 'text.so');
      writeFileSync(text, 'not a library');
      assert.match(await refusal({ library: text }), /text\.so: .*(file too short|invalid ELF header)/);
      const arm = join(folder, 'arm.so');
      const header = Buffer.from(readFileSync(process.execPath).subarray(0, 4096));
      header.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18); // e_machine: x86-64 or AArch64
      writeFileSync(arm, header);
      assert.match(
        await refusal({ library: arm }),
        /arm\.so: it is for another processor architecture than this process, or a library/,
      );
      assert.match(
        await refusal({ library: 'libm.so.6' }),
        /libm\.so\.6: it has neither dnnl_sgemm nor cblas_sgemm/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** A program that creates the backend in a process of its own and prints what happens. */
function printed(
  flags: readonly string[],
  options = '{}',
  env: Readonly<Record<string, string>> = {},
  expression = "''",
): string {
  const program = `
    const { native } = await import('@varigrad/core/native');
    try { console.log((await native(${options})).description); } catch (error) { console.log(String(error)); }
    console.log(${expression});`;
  const args = ['--no-warnings', '--conditions=@varigrad/source', '--import', import.meta.resolve('tsx')];
  const child = spawnSync(process.execPath, [...args, ...flags, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return child.stdout + child.stderr;
}

const major = Number.parseInt(process.versions.node, 10);
const permission = major < 23 ? '--experimental-permission' : '--permission';

testIf(hasFfi)('the permission model: the flag that is missing', () => {
  const flags = [
    permission,
    '--allow-fs-read=*',
    '--allow-fs-write=*',
    '--allow-worker',
    '--allow-child-process',
  ];
  const message = printed(flags);
  assert.match(message, /native: libraries cannot be called:/);
  assert.match(message, /koffi: the permission model forbids addons — add --allow-addons/);
  if (major >= 26) assert.match(message, /node:ffi: the permission model forbids it — add --allow-ffi/);
});

testIf(hasOpenBlas)('the variables that are set while a library is loaded are restored', () => {
  const message = printed(
    [],
    `{ library: 'OpenBLAS' }`,
    { OMP_NUM_THREADS: '3' },
    'process.env.OMP_NUM_THREADS + process.env.OPENBLAS_NUM_THREADS',
  );
  assert.match(message, /^native \(OpenBLAS .*\n3undefined\n$/);
});

testIf(hasFfi)('a worker thread is refused', async () => {
  const program = `
    import('tsx/esm/api').then(async ({ register }) => {
      register();
      const { native } = await import(${JSON.stringify(new URL('../../packages/core/src/backend/native/index.ts', import.meta.url))});
      await native().catch((error) => require('node:worker_threads').parentPort.postMessage(String(error)));
    });`;
  const worker = new Worker(program, { eval: true });
  const message = await new Promise((done) => worker.once('message', done));
  assert.match(
    String(message),
    /native: the environment variables that a library reads can be set on the main thread only — call native there/,
  );
  await worker.terminate();
});

/** A library that has these functions, with their results. */
const fake = (functions: Readonly<Record<string, unknown>>): Parameters<typeof identify>[0] => ({
  has: (symbol) => symbol in functions,
  call: (symbol: string) => functions[symbol] as never,
});

test('libraries are recognized by their functions', () => {
  const dnnl = { dnnl_sgemm: 0, dnnl_version: [3, 6, 1], dnnl_get_effective_cpu_isa: 0xfef };
  const oneDnn = { name: 'oneDNN', version: '3.6.1', instructionSet: 'AVX-512', symbol: 'dnnl_sgemm' };
  assert.equal(identify(fake(dnnl), 'x'), oneDnn);
  assert.is(identify(fake({ ...dnnl, dnnl_get_effective_cpu_isa: 7 }), 'x').instructionSet, 'AVX2');
  const blas = {
    cblas_sgemm: 0,
    openblas_get_config: 'OpenBLAS 0.3.21 DYNAMIC_ARCH Zen',
    openblas_get_corename: 'Zen',
  };
  const openBlas = { name: 'OpenBLAS', version: '0.3.21', instructionSet: 'Zen', symbol: 'cblas_sgemm' };
  assert.equal(identify(fake(blas), 'x'), openBlas);
  const blis = {
    cblas_sgemm: 0,
    bli_info_get_version_str: '0.9.0',
    bli_arch_query_id: 4,
    bli_arch_string: 'zen3',
  };
  assert.equal(identify(fake(blis), 'x'), {
    name: 'BLIS',
    version: '0.9.0',
    instructionSet: 'zen3',
    symbol: 'cblas_sgemm',
  });
  assert.is(identify(fake({ cblas_sgemm: 0 }), '/System/Accelerate').name, 'Accelerate');
  assert.is(identify(fake({ cblas_sgemm: 0 }), 'libcblas.so').name, 'CBLAS');
  const wide = { ...blas, openblas_get_config: 'OpenBLAS 0.3.21 USE64BITINT' };
  assert.throws(() => identify(fake(wide), 'x'), /it takes 64-bit integers/);
});

test('OPENBLAS_CORETYPE is needed where the kernels are older than the processor', () => {
  const avx2 = 'flags: fma avx avx2 bmi1';
  const avx512 = `${avx2} avx512f avx512dq avx512bw avx512vl`;
  assert.is(missingCoreType('Prescott', avx512), 'SkylakeX');
  assert.is(missingCoreType('Haswell', avx512), 'SkylakeX');
  assert.is(missingCoreType('SkylakeX', avx512), undefined);
  assert.is(missingCoreType('SapphireRapids', avx512), undefined);
  assert.is(missingCoreType('Prescott', avx2), 'Haswell');
  assert.is(missingCoreType('Zen', avx2), undefined);
  assert.is(missingCoreType('Prescott', 'flags: sse3'), undefined);
});

test.run();
