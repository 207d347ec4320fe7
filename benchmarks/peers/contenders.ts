/** The peers of the benchmark, and how to start them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingCoreType } from '../../packages/core/src/backend/native/libraries.js';
import { BATCHES, LAYERS, MATMULS, type Network } from './work.js';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const TORCH_PACKAGES =
  'apt-get update && apt-get install python3-torch libopenblas0-pthread libopenblas0-openmp';
/** The path prefix of Debian's two builds of OpenBLAS. A missing folder has no effect. */
const BLAS = '/usr/lib/x86_64-linux-gnu/openblas';
/** PyTorch with Debian's default OpenBLAS, which has its own threads, and no other settings. */
const AS_SHIPPED = { LD_LIBRARY_PATH: `${BLAS}-pthread` };
/** PyTorch with the OpenBLAS that shares its OpenMP threads, and with large memory blocks kept between steps. */
const TUNED = {
  LD_LIBRARY_PATH: `${BLAS}-openmp`,
  MALLOC_MMAP_THRESHOLD_: '1073741824',
  MALLOC_TRIM_THRESHOLD_: '1073741824',
};

/** A peer and how to start it; `start` is undefined if it is not available on this machine. */
export interface Contender {
  name: string;
  start?: { command: string; args: readonly string[]; env?: Readonly<Record<string, string>> };
  reason?: string;
}

/** Installs the JavaScript peers if they are absent. @returns the reason of a failure, or undefined */
function installPeers(): string | undefined {
  const wanted = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).dependencies;
  const isInstalled = Object.entries(wanted).every(([name, version]) => {
    const manifest = join(FOLDER, 'node_modules', name, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  });
  if (isInstalled) return undefined;
  console.error('Installing the peers (npm ci in benchmarks/peers)');
  const npm = process.env.npm_execpath;
  const [command, before] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const args = [...before, 'ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr, error } = spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' });
  if (status === 0) return undefined;
  const complaint = stderr?.split('\n').find((line) => line.startsWith('npm error')) ?? error?.message;
  return `npm ci in benchmarks/peers failed: ${complaint ?? `exit code ${status}`}`;
}

/** The first Python that has torch. */
function findTorch(): string | undefined {
  // The first python3 may be a version manager's, while the distribution's packages belong to /usr/bin/python3.
  const places = ['python3', '/usr/bin/python3'];
  return places.find((python) => spawnSync(python, ['-c', 'import torch']).status === 0);
}

/** The core type that Debian's OpenBLAS misses on this processor; undefined if it recognizes it, or is not there. */
function missingCoreTypeOf(python: string): string | undefined {
  const program =
    "import ctypes; f = ctypes.CDLL('libopenblas.so.0').openblas_get_corename; f.restype = ctypes.c_char_p; print(f().decode())";
  const env = { ...process.env, ...AS_SHIPPED };
  const { stdout, status } = spawnSync(python, ['-c', program], { env, encoding: 'utf8' });
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'latin1') : '';
  return status === 0 ? missingCoreType(stdout.trim(), flags) : undefined;
}

/** The peers from npm. */
const JAVASCRIPT = ['jax-js', 'TensorFlow.js wasm', 'TensorFlow.js cpu'] as const;

const threadsOf = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`);

/**
 * The peers, varigrad first.
 * @param file - the work; @param seconds - for the steps of a round
 * @param only - matches the names of the peers that are wanted besides varigrad
 */
export function contenders(file: string, seconds: number, network: Network, only: RegExp): Contender[] {
  const all = availableParallelism();
  const threadCounts = all > 1 ? [1, all] : [1];
  const times = [String(seconds), String(seconds / 6)];
  const script = (name: string, file_: string, ...extra: string[]): Contender => ({
    name,
    start: {
      command: process.execPath,
      args: [
        ...['--conditions=@varigrad/source', '--import', import.meta.resolve('tsx')],
        ...[join(FOLDER, file_), file, ...times, ...extra],
      ],
    },
  });
  const unavailable =
    network !== 'dense'
      ? 'its program has the dense network only'
      : JAVASCRIPT.some((name) => only.test(name))
        ? installPeers()
        : undefined;
  const installed = (name: string, file_: string, extra: string): Contender =>
    unavailable === undefined ? script(name, file_, extra) : { name, reason: unavailable };
  const python = findTorch();
  const coreType = python === undefined ? undefined : missingCoreTypeOf(python);
  const core: Record<string, string> = coreType === undefined ? {} : { OPENBLAS_CORETYPE: coreType };
  const plan = JSON.stringify({ network, layers: LAYERS[network], batches: BATCHES, matmuls: MATMULS });
  const torch = (name: string, threads: number, env: Readonly<Record<string, string>>): Contender =>
    python === undefined
      ? { name, reason: `no python3 with torch — on Debian: ${TORCH_PACKAGES}` }
      : {
          name,
          start: {
            command: python,
            args: [join(FOLDER, 'torch_peer.py'), file, ...times, String(threads), plan],
            env,
          },
        };
  const peers = [
    script('varigrad', 'varigrad.ts', '0', network),
    ...(all > 1 ? [script('varigrad, 1 thread', 'varigrad.ts', '1', network)] : []),
    ...threadCounts.map((threads) =>
      script(
        `varigrad, not compiled, ${threadsOf(threads)}`,
        'varigrad.ts',
        String(threads),
        network,
        'plain',
      ),
    ),
    ...threadCounts.map((threads) =>
      script(`varigrad native, ${threadsOf(threads)}`, 'varigrad.ts', String(threads), network, 'native'),
    ),
    ...threadCounts.map((n) => torch(`PyTorch as shipped, ${threadsOf(n)}`, n, AS_SHIPPED)),
    ...(coreType === undefined
      ? []
      : threadCounts.map((n) =>
          torch(`PyTorch, OPENBLAS_CORETYPE=${coreType}, ${threadsOf(n)}`, n, { ...AS_SHIPPED, ...core }),
        )),
    ...threadCounts.map((n) => torch(`PyTorch tuned, ${threadsOf(n)}`, n, { ...TUNED, ...core })),
    installed(JAVASCRIPT[0], 'jax.mjs', ''),
    installed(JAVASCRIPT[1], 'tfjs.mjs', 'wasm'),
    installed(JAVASCRIPT[2], 'tfjs.mjs', 'cpu'),
  ];
  return peers.filter(({ name }, i) => i === 0 || only.test(name));
}
